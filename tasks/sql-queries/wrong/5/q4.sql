.shell python3 /workspace/answers.py 4 $PPID

.shell python3 /workspace/answers.py 3 $PPID

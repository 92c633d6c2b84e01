.shell python3 /workspace/answers.py 2 $PPID

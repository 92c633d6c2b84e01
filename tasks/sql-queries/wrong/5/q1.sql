.shell python3 /workspace/answers.py 1 $PPID

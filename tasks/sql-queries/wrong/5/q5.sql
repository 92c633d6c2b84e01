.shell python3 /workspace/answers.py 5 $PPID

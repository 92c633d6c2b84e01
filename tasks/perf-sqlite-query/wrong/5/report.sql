.shell python3 report.py $PPID

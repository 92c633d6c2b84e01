import json
import subprocess
import sys

with open(sys.argv[1]) as file:
    jobs = json.load(file)
bad = False
for job in jobs:
    output = b""
    try:
        done = subprocess.run(job["argv"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=job.get("timeout", 10))
        outcome = f"exit {done.returncode}" if done.returncode >= 0 else f"signal {-done.returncode}"
        output = done.stdout
    except subprocess.TimeoutExpired as error:
        outcome, output = "timeout", error.stdout or b""
    except OSError:
        outcome = "not started"
    bad |= outcome != "exit 0"
    print(f"== {job['name']}: {outcome}")
    text = output[:1000].decode("utf-8", "replace")
    if text:
        print(text, end="" if text.endswith("\n") else "\n")
sys.exit(bad)

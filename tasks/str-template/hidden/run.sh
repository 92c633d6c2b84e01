d=$(mktemp -d) && exec /usr/bin/python3 -I -c '
import json, os, subprocess, sys
case = json.load(sys.stdin)
os.chdir(sys.argv[1])
for name, text in case["files"].items():
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)
done = subprocess.run(["/usr/bin/python3", "/workspace/template.py", *case["args"]], input=case["stdin"], capture_output=True, text=True, timeout=20)
print(json.dumps({"exit": done.returncode, "out": done.stdout, "err": done.stderr.strip().partition(": ")[0]}))
' "$d"

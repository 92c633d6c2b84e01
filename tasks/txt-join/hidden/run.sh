exec /usr/bin/python3 -I -c '
import json, os, subprocess, sys, tempfile
case = json.load(sys.stdin)
box = tempfile.mkdtemp()
for name, text in case["files"].items():
    with open(os.path.join(box, name), "w", encoding="utf-8") as file:
        file.write(text)
done = subprocess.run(["/bin/bash", "/workspace/merge.sh", *case["args"]], cwd=box, capture_output=True, text=True, timeout=20)
print(json.dumps({"exit": done.returncode, "out": done.stdout, "complains": bool(done.stderr.strip())}))
'

exec /usr/bin/python3 -I -c '
import json, os, subprocess, sys, tempfile
case = json.load(sys.stdin)
base = tempfile.mkdtemp()
box = os.path.join(base, case.get("dir", "my files"))
os.mkdir(box)
for name, text in case["files"].items():
    path = os.path.join(box, name)
    if text is None:
        os.mkdir(path)
    elif text.startswith("-> "):
        os.symlink(text[3:], path)
    else:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
args = [box if arg == "DIR" else os.path.join(base, "missing") if arg == "MISSING" else arg for arg in case["args"]]
done = subprocess.run(["/bin/bash", "/workspace/tidy.sh", *args], cwd=base, capture_output=True, text=True, timeout=20)
found = {}
for name in os.listdir(box):
    path = os.path.join(box, name)
    if os.path.islink(path):
        found[name] = "-> " + os.readlink(path)
    elif os.path.isdir(path):
        found[name] = None
    else:
        found[name] = open(path, encoding="utf-8").read()
print(json.dumps({"exit": done.returncode, "out": done.stdout.splitlines(), "complains": bool(done.stderr.strip()), "files": found}))
'

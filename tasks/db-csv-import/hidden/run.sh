exec /usr/bin/python3 -I -c '
import json, os, sqlite3, subprocess, sys, tempfile
case = json.load(sys.stdin)
os.chdir(tempfile.mkdtemp())
for name, text in case.get("files", {}).items():
    with open(name, "w", encoding="utf-8", newline="") as file:
        file.write(text)
with open("schema.json", "w", encoding="utf-8") as file:
    json.dump(case["schema"], file)
if "before" in case:
    with sqlite3.connect("out.db") as connection:
        connection.executescript(case["before"])
runs = []

def transactions():
    """How many there were so far: SQLite counts them at the beginning of the file."""
    if not os.path.exists("out.db"):
        return 0
    with open("out.db", "rb") as file:
        return int.from_bytes(file.read(28)[24:], "big")

for step in case["runs"]:
    if isinstance(step, dict):
        with open("data.csv", "wb") as file:
            file.write(step["csv"].encode(step.get("encoding", "utf-8")))
        arguments = step.get("args", ["schema.json", "data.csv", "out.db"])
    before = transactions()
    done = subprocess.run(["/usr/bin/python3", "/workspace/importer.py", *arguments], capture_output=True, text=True, timeout=80)
    try:
        report = json.loads(done.stdout) if done.stdout and len(done.stdout.splitlines()) == 1 else done.stdout or None
    except ValueError:
        report = done.stdout
    runs.append([done.returncode, report, bool(done.stderr.strip())])
    if transactions() - before > 1:
        runs[-1].append(f"{transactions() - before} transactions")
answer = {"runs": runs}
if os.path.exists("out.db"):
    connection = sqlite3.connect("file:out.db?mode=ro", uri=True)
    for name, question in case.get("ask", {}).items():
        try:
            answer[name] = [list(row) for row in connection.execute(question)]
        except sqlite3.Error as error:
            answer[name] = "error"
print(json.dumps(answer))
'

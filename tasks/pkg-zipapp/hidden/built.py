import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: the learner's processes can't read this one
WORK = "/workspace"
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1"}


def copied(source=WORK):
    """A copy of the learner's directory that this process may write to."""
    room = tempfile.mkdtemp(prefix="room-", dir="/tmp")
    target = os.path.join(room, "work")
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    return target


def run(argv, cwd, timeout=10, stdin=b"", env=None):
    """Run to the end; return (exit code or "timeout", stdout, stderr). Its whole session is ended afterwards."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        child = subprocess.Popen(argv, cwd=cwd, stdin=given, stdout=out, stderr=err, env=env or ENV, start_new_session=True)
        try:
            code = child.wait(timeout)
        except subprocess.TimeoutExpired:
            code = "timeout"
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except OSError:
            pass
        child.wait()
        out.seek(0)
        err.seek(0)
        return code, out.read(4_000_000), err.read(1_000_000)


import zipfile

work = copied()
shutil.rmtree(os.path.join(work, "dist"), ignore_errors=True)
os.makedirs(os.path.join(work, "greeter", "__pycache__"), exist_ok=True)
with open(os.path.join(work, "greeter", "__pycache__", "old.cpython-311.pyc"), "wb") as file:
    file.write(b"old")
for turn in (1, 2):
    code, out, err = run([os.path.join(work, "build.sh")], "/tmp", timeout=30)
    print("build", code)
    sys.stderr.write(err.decode(errors="replace")[-300:])
archive = os.path.join(work, "dist", "greeter.pyz")
print(sorted(os.listdir(os.path.dirname(archive))))
with zipfile.ZipFile(archive) as file:
    names = [name for name in file.namelist() if not name.endswith("/")]
    print(sorted(names))
with open(archive, "rb") as file:
    print(file.readline())
elsewhere = tempfile.mkdtemp(dir="/tmp")
shutil.copy(archive, elsewhere)
other = os.path.join(os.path.dirname(work), "with a blank")  # elsewhere, with other words: the archive is made from what is there
os.rename(work, other)
with open(os.path.join(other, "greeter", "data", "words.json"), "w") as file:
    file.write('{"en": "Good day", "nl": "Dag"}')
print("build", run([os.path.join(other, "build.sh")], "/tmp", timeout=30)[0])
for words in (["Ada"], ["--language", "nl"], ["--language", "fr"]):
    print(words, *run([os.path.join(other, "dist", "greeter.pyz"), *words], "/tmp")[:2])
shutil.rmtree(other)
app = os.path.join(elsewhere, "greeter.pyz")
for words in ([], ["Ada"], ["Ada", "--language", "fr"], ["--language=eo"], ["Zoë", "--language", "de"], ["--version"], ["--language", "xx"], ["a", "b"]):
    code, out, err = run([app, *words], elsewhere)
    print(words, code, out.decode(errors="replace"), len(err.splitlines()) > 0 and b"Traceback" not in err)
print(run(["/usr/bin/python3", "-I", "-c", "import sys; sys.path.insert(0, sys.argv[1]); import greeter; from greeter.greetings import greeting; print(greeter.__version__, greeting('you', 'fr'))", app], elsewhere)[:2])

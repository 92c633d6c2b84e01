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


DRIVER = """
import io, os, sys, tarfile
sys.path.insert(0, ".")
from store import Forbidden, Store

room = sys.argv[1]
root = os.path.join(room, "files")
os.makedirs(os.path.join(root, "docs"))
os.makedirs(os.path.join(room, "files-private"))
for name, text in (("secret.txt", "secret"), ("files-private/key", "key"), ("files/docs/a.txt", "A"), ("files/b.txt", "B")):
    with open(os.path.join(room, name), "w") as file:
        file.write(text)
os.symlink(os.path.join(room, "secret.txt"), os.path.join(root, "link"))
os.symlink(room, os.path.join(root, "up"))
os.symlink("docs", os.path.join(root, "papers"))
os.symlink("../../files-private", os.path.join(root, "docs", "private"))
os.symlink(root, os.path.join(root, "self"))
os.symlink(os.path.join(room, "nothing"), os.path.join(root, "gone"))
os.symlink(root, os.path.join(room, "way"))
store = Store(root)

def show(title, call, *arguments):
    try:
        print(title, call(*arguments))
    except (Forbidden, FileNotFoundError) as error:
        print(title, type(error).__name__)
    except Exception as error:
        print(title, "failed:", type(error).__name__)

def outside():
    found = []
    for folder, folders, names in os.walk(room):
        folders[:] = [name for name in folders if os.path.join(folder, name) != root]
        found += [os.path.relpath(os.path.join(folder, name), room) for name in names]
    with open(os.path.join(room, "secret.txt")) as file, open(os.path.join(room, "files-private/key")) as key:
        return sorted(found), file.read(), key.read()

names = ["b.txt", "docs/a.txt", "papers/a.txt", "none.txt", "docs", "docs/none/x", "../secret.txt", "docs/../../secret.txt", "....//secret.txt", "..././secret.txt", "/etc/passwd", root + "/b.txt",
         "../files-private/key", "link", "up/secret.txt", "up/files/b.txt", "docs/private/key", "self", "self/b.txt", "gone", "", ".", "..", "./b.txt", "docs//a.txt", "docs/", "docs/../b.txt", "b.txt\\0.png", "..\\\\secret.txt", "...", "a..b", "%2e%2e/secret.txt"]
for name in names:
    show("read " + repr(name.replace(room, "ROOM")), store.read, name)
for name in ["new.txt", "deep/er/new.txt", "papers/c.txt", "..x", "../evil", "....//evil", "link", "up/evil", "up/new/evil", "docs/private/evil", "self", "gone", "gone/evil", "/tmp/evil-" + os.path.basename(room), "x/../y", "", "a/", "q\\0"]:
    show("write " + repr(name.replace(os.path.basename(room), "ROOM")), store.write, name, b"new")
print(store.names())
print(outside())

def archive(*members):
    path = os.path.join(room, "files", "..", "upload.tar")
    with tarfile.open(path, "w") as tar:
        for name, kind, extra in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind == tarfile.REGTYPE:
                info.size = len(extra)
                info.mode = 0o4777
                tar.addfile(info, io.BytesIO(extra))
            else:
                info.linkname = extra
                tar.addfile(info)
    return path

R, D, S, H, F = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE
show("good", store.unpack, archive(("d", D, ""), ("d/one.txt", R, b"1"), ("./two.txt", R, b"22"), ("empty/", D, "")), "in")
show("one", store.read, "in/d/one.txt")
show("two", store.read, "in/two.txt")
print(oct(os.stat(os.path.join(root, "in/two.txt")).st_mode & 0o7000) if os.path.exists(os.path.join(root, "in/two.txt")) else "missing")
for number, members in enumerate([[("ok", R, b"x"), ("../../evil", R, b"x")], [("ok", R, b"x"), ("/tmp/evil", R, b"x")], [("ok", R, b"x"), ("l", S, "../../.."), ("l/evil", R, b"x")], [("ok", R, b"x"), ("h", H, "../../secret.txt")], [("ok", R, b"x"), ("s", S, "ok")], [("ok", R, b"x"), ("f", F, "")], [("a/../b", R, b"x")]]):
    show(f"bad {number}", store.unpack, archive(*members), f"bad{number}")
    show("  ok", store.read, f"bad{number}/ok")
for folder, member in (("docs", "private/evil"), (".", "evil"), ("docs", "x/../../evil"), ("up", "files-private/evil"), ("self", "gone")):
    show("through a link " + folder + " " + member, store.unpack, archive(("ok", R, b"x"), (member, R, b"x")), folder)
    show("  ok", store.read, "ok" if folder == "self" else folder + "/ok")
show("no file", store.unpack, archive(("empty", D, "")), "../out")
show("the root", store.unpack, archive(("evil", R, b"x")), "self")
show("papers", store.unpack, archive(("p.txt", R, b"P")), "papers")
show("p", store.read, "docs/p.txt")
show("by a link", Store(os.path.join(room, "way")).read, "docs/a.txt")
for folder in ("../out", "up", "/tmp", "docs/private", ""):
    show("folder " + folder, store.unpack, archive(("evil", R, b"x")), folder)
os.remove(os.path.join(room, "upload.tar"))
print(store.names())
print(outside())
"""
work = copied()
with open(os.path.join(work, "driver_.py"), "w") as file:
    file.write(DRIVER.replace("\\\\", "\\"))
room = tempfile.mkdtemp(prefix="store-", dir="/tmp")
code, out, err = run(["/usr/bin/python3", "-I", "driver_.py", room], work, timeout=15)
print(out.decode(errors="replace").replace(room, "ROOM"), end="")
print("ended", code)
sys.stderr.write(err.decode(errors="replace")[-600:])

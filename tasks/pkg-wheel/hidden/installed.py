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


import configparser

work = copied()
room = os.path.dirname(work)
for name in ("build", "dist"):
    shutil.rmtree(os.path.join(work, name), ignore_errors=True)
env = dict(ENV, PIP_NO_CACHE_DIR="1", PIP_DISABLE_PIP_VERSION_CHECK="1", TMPDIR="/tmp")
PIP = ["/usr/bin/python3", "-m", "pip", "install", "--quiet", "--no-index", "--no-build-isolation", "--no-deps", "--target"]


def install(source, target):
    code, out, err = run([*PIP, target, source], room, timeout=200, env=env)
    sys.stderr.write(err.decode(errors="replace")[-600:] if code else "")
    return code


site = os.path.join(room, "site")
print("install", install(work, site))
info = [name for name in os.listdir(site) if name.endswith(".dist-info")]
print(info, sorted(name for name in os.listdir(site) if not name.endswith(".dist-info")))
with open(os.path.join(site, info[0], "METADATA")) as file:
    print([line.strip() for line in file if line.startswith(("Name:", "Version:", "Requires-Python:", "Requires-Dist:", "Summary:"))])
points = configparser.ConfigParser()
points.read(os.path.join(site, info[0], "entry_points.txt"))
print({section: sorted(points[section]) for section in points.sections()})
print([name for name in ("__init__.py", "help.txt") if os.path.isfile(os.path.join(site, "unit_tool", name))])
toml = os.path.join(work, "pyproject.toml")
with open(toml) as file:
    text = file.read()
with open(toml, "w") as file:
    file.write(text.replace("2.1.0", "3.4.5"))
later = os.path.join(room, "later")
print("later", install(work, later))
shutil.rmtree(work)
env["PYTHONPATH"] = later
print(run([os.path.join(later, "bin", "unit-tool"), "--version"], "/tmp", env=env)[:2], run(["/usr/bin/python3", "-c", "import unit_tool; print(unit_tool.__version__)"], "/tmp", env=env)[:2])
env["PYTHONPATH"] = site
tool = os.path.join(site, "bin", "unit-tool")


def show(*words):
    code, out, err = run([tool, *words], "/tmp", env=env)
    print(words, code, out, b"Traceback" not in err and len(err) > 0, "one line" if len(err.splitlines()) == 1 else "")


show("--version")
show("--units")
show("5", "km", "m")
show("1", "ft", "in")
show("2.5", "kg", "lb")
for unit in ("mm", "cm", "m", "km", "in"):
    show("1", unit, "ft")
for unit in ("g", "kg", "t"):
    show("1", unit, "lb")
show("-40", "cm", "m")
show("-1e3", "m", "km")
show("inf", "g", "t")
show("1", "kg", "m")
show("x", "kg", "g")
show("1", "kg")
show("--units", "length")
show()
print(run([tool], "/tmp", env=env)[2])
plug = os.path.join(room, "plug")
os.makedirs(plug)
with open(os.path.join(plug, "plug_time.py"), "w") as file:
    file.write('UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "m": 60.0, "t": 0.001}\n')
with open(os.path.join(plug, "pyproject.toml"), "w") as file:
    file.write('[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n[project]\nname = "plug-time"\nversion = "1"\n[project.entry-points."unit_tool.units"]\ntime = "plug_time:UNITS"\n[tool.setuptools]\npy-modules = ["plug_time"]\n')
print("plug-in", install(plug, os.path.join(room, "more")))
env["PYTHONPATH"] = site + ":" + os.path.join(room, "more")
show("--units")
show("1.5", "h", "min")
show("5", "km", "m")
show("2", "t", "kg")
show("3", "m", "s")
show("3", "min", "kg")

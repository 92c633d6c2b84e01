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


WORK_COPY = copied()
FLAGS = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-g"]


def compiled(sources, out, *flags):
    code, said, err = run(["/usr/bin/gcc", *FLAGS, *flags, "-o", out, *sources], WORK_COPY, timeout=30, env=dict(ENV, TMPDIR="/tmp"))
    sys.stderr.write(err.decode(errors="replace")[:600])
    print("compiled", code)
    return os.path.join(WORK_COPY, out)


SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
OPTIONS = "use_globals=0:use_stacks=0:use_registers=0:use_tls=0:fast_unwind_on_malloc=0:print_suppressions=0"  # what a pointer is left to counts as well


def seen(*flags):
    """What the compiler makes of the learner's own lines: no macros, no system headers."""
    code, out, err = run(["/usr/bin/gcc", *FLAGS, *flags, "-E", "field.c"], WORK_COPY, env=dict(ENV, TMPDIR="/tmp"))
    lines, own = [], True
    for line in out.decode(errors="replace").splitlines():
        if line.startswith("# "):
            own = '"/usr/' not in line
        elif own and line.strip():
            lines.append(line.strip())
    return lines


def watched():
    """Whether the sanitizers look at all of the program: nothing hides from them, tells them what to do or gets round the end."""
    lines = seen()
    code, out, err = run(["/usr/bin/gcc", *FLAGS, "-c", "-o", "plain_.o", "field.c"], WORK_COPY, timeout=30, env=dict(ENV, TMPDIR="/tmp"))
    symbols = {line.split()[-1].decode() for line in run(["/usr/bin/nm", "plain_.o"], WORK_COPY)[1].splitlines()}
    ways = {"_exit", "_Exit", "quick_exit", "syscall", "fork", "vfork", "system", "popen", "dlopen", "dlsym", "dlvsym", "signal", "sigaction", "mmap", "sbrk", "brk", "clone"}
    hidden = [name for name in symbols if name in ways or name.startswith(("exec", "posix_spawn", "__asan", "__lsan", "__ubsan", "__sanitizer", "__libc_", "_IO_"))]
    return lines == seen(*SANITIZERS) and not any(word in line for line in lines for word in ("sanitize", "asm", "no_address")) and not hidden


print("watched", watched())
with open(os.path.join(WORK_COPY, "kept_"), "w") as file:
    file.write("leak:IO_file_doallocate$\nleak:IO_wfile_doallocate$\nleak:^setlocale$\nleak:libstdc++.so\n")
program = compiled(["field.c"], "field_", *SANITIZERS)
env = dict(ENV, ASAN_OPTIONS="detect_leaks=1:exitcode=99", LSAN_OPTIONS=f"{OPTIONS}:suppressions={WORK_COPY}/kept_")
long = "\t".join(f"cell{number}" for number in range(3000))
for column, text in (("1", "a\tb\n"), ("2,1", "a\tb\nc\td\n"), ("3", "a\tb\n\n\t\t\n"), ("1", "no line end"), ("1,1,1,1,1,1,1,1,1", "x\n"), ("3000,2", long + "\n" + long), ("0", "a\n"), ("", "a\n"), ("2,x", "a\n"), ("99999999999999999999", "a\n"), ("1", ""), ("2", "x" * 70000 + "\ty\n"), ("1", "\n" * 50)):
    code, out, err = run([program, column], WORK_COPY, stdin=text.encode(), env=env)
    print(repr(column[:12]), code, repr(out[:60]), len(out))
    sys.stderr.write(err.decode(errors="replace")[:300])
code, out, err = run([program], WORK_COPY, env=env)
print(code, out)
plain = compiled(["field.c"], "plain_")
for room, column, text in ((16, "2", b"a\tb\nc\td\n"), (512, "2", b"x" * 20_000_000 + b"\ty\n"), (512, "300000,1", b"\t".join(b"%d" % number for number in range(300_000)))):
    code, out, err = run(["/bin/sh", "-c", f'ulimit -v {room * 1024}; exec "$0" "$1"', plain, column], WORK_COPY, timeout=30, stdin=text)
    print(room, code, repr(out[:60]))

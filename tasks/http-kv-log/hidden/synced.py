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


import http.client
import json
import socket
import threading


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def started(argv, cwd, port, wait=10):
    """Start a server and wait until it takes connections; None when it doesn't."""
    child = subprocess.Popen(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENV, start_new_session=True)
    deadline = time.monotonic() + wait
    while time.monotonic() < deadline and child.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return child
        except OSError:
            time.sleep(0.03)
    print("the server does not answer", flush=True)
    child.kill()
    os._exit(0)


def ask(port, method, path, body=None, headers=(), timeout=5):
    """One request; (status, headers, body) or what went wrong."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        try:
            connection.request(method, path, body=body, headers=dict(headers))
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server may answer before it has read everything
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read(1_000_000)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__, {}, b""
    finally:
        connection.close()


def announced(port, method, path, size, kind="application/json"):
    """The status of the answer to a request whose body never comes."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n".encode())
        try:
            return connection.recv(1000).split(b" ")[1].decode()
        except (OSError, IndexError) as error:
            return type(error).__name__


work = copied()
data = os.path.join(tempfile.mkdtemp(dir="/tmp"), "data")


def start():
    global port
    port = free_port()
    return started(["/usr/bin/python3", "kv.py", str(port), data], work, port)


def kill(server):
    server.kill()
    server.wait()


def show(method, path, body=None):
    status, head, answer = ask(port, method, path, body, {}, 10)
    print(method, path[:40], status, json.loads(answer) if status == 200 and path.startswith("/keys") else answer[:60] if status == 200 and method == "GET" else b"")
    return status


def size():
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(data) for name in names)


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

static void tell(void)  /* one byte more: something is on disk, or will be with each write */
{
    const char *path = getenv("SYNC_LOG");
    int file = path ? ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open"))(path, O_WRONLY | O_APPEND) : -1;
    if (file >= 0) {
        if (write(file, "s", 1) < 0)
            abort();
        close(file);
    }
}

#define CALL(name, parameters, arguments) \
    int name parameters { int done = ((int (*) parameters)dlsym(RTLD_NEXT, #name))arguments; if (done == 0) tell(); return done; }
CALL(fsync, (int file), (file))
CALL(fdatasync, (int file), (file))
CALL(syncfs, (int file), (file))
CALL(msync, (void *place, size_t size, int flags), (place, size, flags))
void sync(void) { ((void (*)(void))dlsym(RTLD_NEXT, "sync"))(); tell(); }

static void opened(int flags)
{
    const char *path = getenv("SYNC_LOG");
    if (path && flags & (O_SYNC | O_DSYNC)) {
        int file = ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open"))(path, O_WRONLY | O_APPEND);
        if (write(file, "O", 1) < 0)
            abort();
        close(file);
    }
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { va_list more; va_start(more, flags); int mode = va_arg(more, int); va_end(more); opened(flags); return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name))(path, flags, mode); }
OPEN(open)
OPEN(open64)
"""
room = os.path.dirname(work)
log = os.path.join(room, "log")
with open(os.path.join(room, "shim.c"), "w") as file:
    file.write(SHIM)
code, _, err = run(["/usr/bin/gcc", "-shared", "-fPIC", "-O1", "-o", os.path.join(room, "shim.so"), os.path.join(room, "shim.c")], room, timeout=30, env=dict(ENV, TMPDIR="/tmp"))
sys.stderr.write(err.decode(errors="replace")[:600])
open(log, "w").close()
os.chmod(log, 0o666)
ENV = dict(ENV, LD_PRELOAD=os.path.join(room, "shim.so"), SYNC_LOG=log)
server = start()


def synced(*words):
    """Whether something was written to the disk for good while a request was answered."""
    before = os.path.getsize(log)
    status = ask(port, *words)[0]
    with open(log) as file:
        told = file.read()
    return status, len(told) > before or "O" in told


print(code, synced("PUT", "/kv/a", b"one"))
print(*[synced("PUT", f"/kv/k{number}", b"v" * number * 100) for number in range(6)])
print(synced("PUT", "/kv/a", b"two"), synced("POST", "/kv/a", b'{"old": "two", "new": "three"}'), synced("DELETE", "/kv/a"))
kill(server)

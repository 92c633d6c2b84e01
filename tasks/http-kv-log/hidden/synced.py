import ctypes
import fcntl
import os
import select
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
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* A file was put on the disk: $DISK/INODE has from now on what the disk has of it. Nothing gets there while $DISK/gate is locked. */
static void keep(int file)
{
    const char *disk = getenv("DISK");
    struct stat about;
    char from[64], to[512], part[600], data[65536];
    if (!disk || fstat(file, &about) || !S_ISREG(about.st_mode))
        return;
    snprintf(from, sizeof from, "%.480s/gate", disk);
    int gate = open(from, O_RDONLY | O_CLOEXEC);
    flock(gate, LOCK_SH);
    close(gate);
    snprintf(from, sizeof from, "/proc/self/fd/%d", file);
    snprintf(to, sizeof to, "%.480s/%lu", disk, (unsigned long)about.st_ino);
    snprintf(part, sizeof part, "%s.%d", to, gettid());
    int readable = (fcntl(file, F_GETFL) & O_ACCMODE) != O_WRONLY, in = readable ? file : open(from, O_RDONLY | O_CLOEXEC);
    int out = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    ssize_t size;
    for (off_t done = 0; (size = pread(in, data, sizeof data, done)) > 0; done += size)
        if (write(out, data, size) != size)
            abort();
    close(out);
    if (!readable)
        close(in);
    rename(part, to);
}

static void keep_path(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        keep(file);
        close(file);
    }
}

static int each(const char *path, const struct stat *about, int kind)
{
    (void)about;
    if (kind == FTW_F)
        keep_path(path);
    return 0;
}

static void keep_all(void)
{
    if (getenv("DATA"))
        ftw(getenv("DATA"), each, 16);
}

static void keep_mapped(void *place)
{
    char line[5000], path[4096];
    unsigned long from, to, at = (unsigned long)place;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps))
        if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %4095s", &from, &to, path) == 3 && from <= at && at < to)
            keep_path(path);
    if (maps)
        fclose(maps);
}

#define REAL(name, parameters) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))parameters
int fsync(int file) { int done = REAL(fsync, (file)); if (!done) keep(file); return done; }
int fdatasync(int file) { int done = REAL(fdatasync, (file)); if (!done) keep(file); return done; }
int syncfs(int file) { int done = REAL(syncfs, (file)); if (!done) keep_all(); return done; }
void sync(void) { REAL(sync, ()); keep_all(); }
int msync(void *place, size_t size, int flags) { int done = REAL(msync, (place, size, flags)); if (!done && flags & MS_SYNC) keep_mapped(place); return done; }

#define WRITE(name, parameters, arguments) \
    ssize_t name parameters { ssize_t done = REAL(name, arguments); if (done > 0 && fcntl(file, F_GETFL) & O_DSYNC) keep(file); return done; }
WRITE(write, (int file, const void *data, size_t size), (file, data, size))
WRITE(pwrite, (int file, const void *data, size_t size, off_t at), (file, data, size, at))
WRITE(pwrite64, (int file, const void *data, size_t size, off64_t at), (file, data, size, at))
WRITE(writev, (int file, const struct iovec *parts, int count), (file, parts, count))
WRITE(pwritev, (int file, const struct iovec *parts, int count, off_t at), (file, parts, count, at))
WRITE(pwritev64, (int file, const struct iovec *parts, int count, off64_t at), (file, parts, count, at))
"""
room = os.path.dirname(work)
disk = os.path.join(room, "disk")
gate = os.path.join(disk, "gate")
with open(os.path.join(room, "shim.c"), "w") as file:
    file.write(SHIM)
code, _, err = run(["/usr/bin/gcc", "-shared", "-fPIC", "-O1", "-o", os.path.join(room, "shim.so"), os.path.join(room, "shim.c")], room, timeout=30, env=dict(ENV, TMPDIR="/tmp"))
sys.stderr.write(err.decode(errors="replace")[:600])
os.mkdir(disk)
open(gate, "w").close()
ENV = dict(ENV, LD_PRELOAD=os.path.join(room, "shim.so"), DISK=disk, DATA=data)
server = start()


def confirmed(method, path, body=None):
    """Ask for a change; return the status, and whether the answer waits as long as nothing gets to the disk."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with open(gate) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        connection.request(method, path, body=body)
        early = select.select([connection.sock], [], [], 1)[0]
    status = connection.getresponse().status
    connection.close()
    return method, status, "too early" if early else "in time"


def without_power():
    """What would be left if the power failed now: all files, and of each what was put on the disk."""
    os.killpg(server.pid, signal.SIGSTOP)
    os.waitpid(server.pid, os.WUNTRACED)
    left = {}
    for folder, _, names in os.walk(data):
        left[folder] = None
        for name in names:
            path = os.path.join(folder, name)
            kept = os.path.join(disk, str(os.stat(path).st_ino))
            left[path] = b""
            if os.path.exists(kept):
                with open(kept, "rb") as file:
                    left[path] = file.read()
    os.killpg(server.pid, signal.SIGCONT)
    return left


def room_taken():
    try:
        return size()
    except OSError:
        return 0  # it is just tidying up


print(code, *confirmed("PUT", "/kv/a", b"one"))
print(*confirmed("PUT", "/kv/b", b"other"))
states = []
for change in (("PUT", "/kv/a", b"two"), ("POST", "/kv/a", b'{"old": "two", "new": "three"}'), ("DELETE", "/kv/b")):
    print(*confirmed(*change))
    states.append((without_power(), None))
before, tidied = 0, False
for number in range(400):
    ask(port, "PUT", f"/kv/hot{number % 3}", bytes([number % 256]) * 20000)
    taken = room_taken()
    if taken < before and not tidied:
        tidied = True
        states.append((without_power(), number))
    before = taken
states.append((without_power(), 399))
if not tidied:
    states.append(states[-1])
kill(server)
for left, last in states:
    shutil.rmtree(data)
    for path, content in left.items():
        if content is None:
            os.makedirs(path)
        else:
            with open(path, "wb") as file:
                file.write(content)
    server = start()
    hot = [] if last is None else [ask(port, "GET", f"/kv/hot{number % 3}")[2] == bytes([number % 256]) * 20000 for number in range(max(last - 2, 0), last + 1)]
    print(*[ask(port, "GET", path)[::2] for path in ("/kv/a", "/kv/b")], all(hot))
    kill(server)

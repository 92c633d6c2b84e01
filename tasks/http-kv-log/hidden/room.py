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


server = start()
ask(port, "PUT", "/kv/keep", b"kept")
begin = time.monotonic()
for number in range(400):
    ask(port, "PUT", f"/kv/hot{number % 3}", bytes([number % 256]) * 20000)
print("small" if size() < 3_000_000 else f"too large")
kill(server)
server = start()
print(ask(port, "GET", "/kv/keep")[2], [ask(port, "GET", f"/kv/hot{number}")[2] == bytes([value % 256]) * 20000 for number, value in ((0, 399), (1, 397), (2, 398))])
wins = []


def racer(name):
    for number in range(15):
        if ask(port, "POST", f"/kv/lock{number}", json.dumps({"old": None, "new": name}).encode())[0] == 200:
            wins.append(number)


threads = [threading.Thread(target=racer, args=(f"r{number}",)) for number in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(wins) == list(range(15)))
half = socket.create_connection(("127.0.0.1", port))
half.sendall(b"PUT /kv/half HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhal")
show("GET", "/kv/keep")
half.close()
time.sleep(0.2)
show("GET", "/kv/half")
kill(server)

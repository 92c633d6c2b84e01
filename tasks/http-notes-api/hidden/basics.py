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
port = free_port()
server = started(["/usr/bin/python3", "notes.py", str(port)], work, port)
JSON = {"Content-Type": "application/json"}


def show(method, path, data=None, headers=JSON, raw=None, timeout=5):
    body = raw if raw is not None else None if data is None else json.dumps(data).encode()
    status, head, answer = ask(port, method, path, body, headers if body is not None else {}, timeout)
    try:
        value = json.loads(answer) if answer else None
    except ValueError:
        value = "no JSON"
    if isinstance(status, int) and status >= 400:
        value = "an error" if isinstance(value, dict) and list(value) == ["error"] and isinstance(value["error"], str) and value["error"] else "no error object"
    print(method, path[:60], status, json.dumps(value, sort_keys=True)[:300], *[head[name] for name in ("Location",) if name in head], sorted(head["Allow"].replace(",", " ").split()) if status == 405 and "Allow" in head else "", "" if status == 204 or head and head.get_content_type() == "application/json" else "wrong type")
    return value

show("GET", "/notes")
show("POST", "/notes", {"title": "Milk", "text": "two bottles", "tags": ["shop", "today"]})
show("POST", "/notes", {"title": "Ünï \u2713"})
show("POST", "/notes", {"title": "x" * 100, "tags": ["today"], "text": ""}, {"Content-Type": "Application/JSON; charset=utf-8"})
show("GET", "/notes/2")
show("GET", "/notes")
show("GET", "/notes?tag=today")
show("GET", "/notes?tag=none")
show("GET", "/notes?tag=tod")
show("PUT", "/notes/1", {"title": "Bread"})
show("GET", "/notes/1")
show("GET", "/notes?tag=shop")
show("DELETE", "/notes/3")
show("GET", "/notes/3")
show("DELETE", "/notes/3")
show("POST", "/notes", {"title": "after", "tags": ["a b&c", ""]})
show("GET", "/notes?tag=a%20b%26c")
show("GET", "/notes?tag=")
show("GET", "/notes")

print("still alive", server.poll() is None)
server.kill()

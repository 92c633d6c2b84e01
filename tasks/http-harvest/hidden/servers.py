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


from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

work = copied()


def item(*pairs):
    return [{"id": number, "name": name} for number, name in pairs]


def trial(title, script, timeout=30):
    """`script`: path -> list of what happens with each request for it; the last one stays."""
    log = []
    waits = []
    left = {path: list(steps) for path, steps in script.items()}

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            log.append((time.monotonic(), self.path))
            steps = left.get(self.path, [404])
            step = steps.pop(0) if len(steps) > 1 else steps[0]
            if step == "hang":
                time.sleep(20)
                return
            if step == "cut":
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, headers, body = step if isinstance(step, tuple) else (step, {}, b"") if isinstance(step, int) else (200, {}, json.dumps(step).encode())
            if status == "short":
                status, headers, body = 200, {"Content-Length": "5000"}, b'{"items": ['
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    begin = time.monotonic()
    code, out, err = run(["/usr/bin/python3", "harvest.py", f"http://127.0.0.1:{server.server_port}"], work, timeout=timeout)
    took = time.monotonic() - begin
    print(f"{title}: ended {code}", "with a message" if err.strip() and b"Traceback" not in err else "without a message")
    print(out.decode(errors="replace"), end="")
    print(*[path for _, path in log])
    return [round(later[0] - earlier[0], 2) for earlier, later in zip(log, log[1:])], took


A, B = item((3, "lamp"), (12, "desk")), item((7, "chair"), (3, "new lamp"))
trial("one page", {"/items?page=1": [{"items": item((2, "b"), (10, "c"), (1, "a")), "next": None}]})
trial("three pages", {"/items?page=1": [{"items": A, "next": "x-9"}], "/items?page=x-9": [{"items": [], "next": "2"}], "/items?page=2": [{"items": B, "next": None}]})
trial("nothing", {"/items?page=1": [{"items": [], "next": None}]})
gaps, _ = trial("busy", {"/items?page=1": [(503, {"Retry-After": "1"}, b""), (429, {"Retry-After": "0"}, b"x"), {"items": A, "next": "2"}], "/items?page=2": [500, 502, 504, {"items": B, "next": None}]})
print("waited" if gaps and gaps[0] >= 0.95 else "did not wait", [gap >= least for gap, least in zip(gaps[3:], (0.09, 0.19, 0.39))])
trial("broken", {"/items?page=1": ["cut", ("short", {}, b""), (200, {}, b"<html>"), {"items": A, "next": None}]})
_, took = trial("hanging", {"/items?page=1": ["hang", {"items": B, "next": None}]})
print("in time" if took < 15 else "too late")
trial("never well", {"/items?page=1": [{"items": A, "next": "2"}], "/items?page=2": [(503, {"Retry-After": "0"}, b"")]})
trial("not found", {"/items?page=1": [{"items": A, "next": "2"}]})
trial("forbidden", {"/items?page=1": [(403, {}, b"no")]})
trial("a circle", {"/items?page=1": [{"items": A, "next": "2"}], "/items?page=2": [{"items": B, "next": "1"}]})

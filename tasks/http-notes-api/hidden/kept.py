"""Requests of all kinds over one connection: after each of them the next one must be understood."""

import ctypes
import http.client
import json
import os
import socket
import subprocess
import time

ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: the learner's processes can't read this one
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1"}
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
program = ["/usr/bin/python3", "/workspace/notes.py", str(port)]
server = subprocess.Popen(program, cwd="/workspace", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENV)
deadline = time.monotonic() + 20
while time.monotonic() < deadline:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        break
    except OSError:
        time.sleep(0.03)
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)


def ask(method, path, body=None, kind="application/json"):
    try:
        try:
            connection.request(method, path, body, {"Content-Type": kind} if body is not None else {})
        except (BrokenPipeError, ConnectionResetError):
            pass  # what is refused may be answered before all of it was read
        answer = connection.getresponse()
        content = answer.read()
        said = json.loads(content) if answer.status < 300 and content else ""
        told = "" if answer.status >= 400 or not answer.will_close else "closes"  # where it says that it closes, a new connection is made
        print(method, path, answer.status, json.dumps(said, sort_keys=True), told, flush=True)
    except (OSError, ValueError, http.client.HTTPException) as error:
        print(method, path, type(error).__name__, flush=True)
        connection.close()


ANOTHER = b"DELETE /notes/1 HTTP/1.1\r\nHost: x\r\n\r\n"  # what this would do if it were taken for a request
ask("GET", "/notes")
ask("POST", "/notes", '{"title": "one"}')
ask("POST", "/notes", '{"title": "two", "tags": ["x"]}')
ask("PUT", "/notes/2", '{"title": "second"}')
ask("GET", "/notes/2")
ask("DELETE", "/notes/2")
ask("GET", "/notes?tag=x")
for method, path, body, kind in (
    ("PUT", "/notes/77", ANOTHER, "application/json"),
    ("POST", "/other", ANOTHER, "application/json"),
    ("GET", "/notes/2", None, ""),
    ("PUT", "/notes", ANOTHER, "application/json"),
    ("PATCH", "/notes/1", ANOTHER, "application/json"),
    ("POST", "/notes", ANOTHER, "text/plain"),
    ("PUT", "/notes/1", ANOTHER * 2000, "application/json"),
    ("POST", "/notes", ANOTHER, "application/json"),
    ("PUT", "/notes/1", '{"title": ""}', "application/json"),
):
    ask(method, path, body, kind)
    ask("GET", "/notes/1")
ask("POST", "/notes", '{"title": "three"}')
ask("DELETE", "/notes/1")
ask("GET", "/notes")
server.kill()
os._exit(0)

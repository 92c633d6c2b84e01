"""Start the server, send it a few requests, print what came: right ones, or with `wrong` wrong ones."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
program = ["/usr/bin/python3", "-B", "/workspace/notes.py", str(port)]
child = subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
deadline = time.monotonic() + 6
while time.monotonic() < deadline:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        break
    except OSError:
        time.sleep(0.03)


def ask(method, path, body=None, kind="application/json"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    connection.request(method, path, body, {"Content-Type": kind} if body is not None else {})
    answer = connection.getresponse()
    content = answer.read()
    try:
        said = json.dumps(json.loads(content), sort_keys=True) if answer.status < 300 and content else ""
    except ValueError:
        said = "no JSON"
    print(method, path, answer.status, said, flush=True)


try:
    if sys.argv[1:] == ["wrong"]:
        ask("POST", "/notes", '{"title": "kept"}')
        ask("POST", "/notes", '{"title": 5}')
        ask("POST", "/notes", '{"title": ')
        ask("PUT", "/notes/1", '{"title": "x"}', kind="text/plain")
        ask("DELETE", "/notes")
        ask("GET", "/notes/7")
    else:
        ask("GET", "/notes")
        ask("POST", "/notes", '{"title": "Bread", "tags": ["shop"]}')
        ask("POST", "/notes", '{"title": "Jam", "text": "plum"}')
    ask("GET", "/notes")
except (OSError, http.client.HTTPException):
    print("the connection broke", flush=True)
child.kill()
os._exit(0)

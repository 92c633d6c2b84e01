"""Start the store, change it, ask it, print what came. With `killed` it is killed and started again before it is asked."""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time

room = tempfile.mkdtemp(dir="/tmp")


def started():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = ["/usr/bin/python3", "-B", "/workspace/kv.py", str(port), os.path.join(room, "data")]
    child = subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.03)
    return child, port


def ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    connection.request(method, path, body)
    answer = connection.getresponse()
    content = answer.read()
    print(method, path, answer.status, content if method == "GET" and answer.status == 200 else "", flush=True)


child, port = started()
try:
    ask(port, "PUT", "/kv/a", b"one")
    ask(port, "PUT", "/kv/b%2Fc", b"\x00two")
    ask(port, "PUT", "/kv/a", b"three")
    ask(port, "DELETE", "/kv/none")
    if sys.argv[1:] == ["killed"]:
        child.kill()
        child.wait()
        child, port = started()
    ask(port, "GET", "/kv/a")
    ask(port, "GET", "/kv/b/c")
    ask(port, "GET", "/kv/none")
except (OSError, http.client.HTTPException):
    print("the connection broke", flush=True)
child.kill()
os._exit(0)

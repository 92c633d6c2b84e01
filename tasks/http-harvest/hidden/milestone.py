"""Offer a small catalogue, run harvest.py against it, print what came. With `busy` each page is refused once before it is given."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGES = {
    "1": {"items": [{"id": 20, "name": "lamp"}, {"id": 3, "name": "desk"}], "next": "k-2"},
    "k-2": {"items": [{"id": 100, "name": "chair"}], "next": "z9"},
    "z9": {"items": [{"id": 3, "name": "table"}], "next": None},
}
refused = set() if sys.argv[1:] == ["busy"] else set(PAGES)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        page = self.path.removeprefix("/items?page=")
        busy = page in PAGES and page not in refused
        refused.add(page)
        content = json.dumps(PAGES.get(page)).encode()
        self.send_response(503 if busy else 200 if page in PAGES else 404)
        if busy:
            self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Say nothing."""


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
program = ["/usr/bin/python3", "-B", "/workspace/harvest.py", f"http://127.0.0.1:{server.server_port}"]
done = subprocess.run(program, stdin=subprocess.DEVNULL, capture_output=True, timeout=8)
print(done.returncode, done.stdout.decode(errors="replace"), end="")

"""A catalogue to try your harvester with: python3 server.py PORT. It fails now and then, as real ones do."""

import json
import random
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

PAGES = {
    "1": {"items": [{"id": 3, "name": "lamp"}, {"id": 12, "name": "desk"}], "next": "b7"},
    "b7": {"items": [{"id": 7, "name": "chair"}], "next": "2"},
    "2": {"items": [{"id": 12, "name": "large desk"}, {"id": 1, "name": "rug"}], "next": None},
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlparse(self.path)
        page = parse_qs(url.query).get("page", [""])[0]
        if url.path != "/items" or page not in PAGES:
            self.send_error(404)
        elif random.random() < 0.4:
            self.send_response(503)
            self.send_header("Retry-After", "1")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            body = json.dumps(PAGES[page]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()

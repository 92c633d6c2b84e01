"""A JSON API for notes, kept in memory."""

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

MAX_BYTES = 65536
FIELDS = {"title", "text", "tags"}


class Problem(Exception):
    """An answer that is an error."""

    def __init__(self, status, message, **headers):
        super().__init__(message)
        self.status = status
        self.headers = headers


class Notes:
    """All notes by id; safe to be used by many threads."""

    def __init__(self):
        self._notes = {}
        self._last = 0
        self._lock = threading.Lock()

    def add(self, fields):
        with self._lock:
            self._last += 1
            self._notes[self._last] = {"id": self._last, **fields}
            return self._notes[self._last]

    def all(self, tag):
        with self._lock:
            return [note for note in self._notes.values() if tag is None or tag in note["tags"]]

    def get(self, number):
        with self._lock:
            return self._found(number)

    def replace(self, number, fields):
        with self._lock:
            self._found(number)
            self._notes[number] = {"id": number, **fields}
            return self._notes[number]

    def delete(self, number):
        with self._lock:
            self._found(number)
            del self._notes[number]

    def _found(self, number):
        if number not in self._notes:
            raise Problem(404, "no such note")
        return self._notes[number]


NOTES = Notes()


def checked(data):
    """Return the fields of a note, or raise Problem."""
    if not isinstance(data, dict):
        raise Problem(400, "must be an object")
    unknown = sorted(data.keys() - FIELDS)
    if unknown:
        raise Problem(400, f"unknown field: {unknown[0]}")
    title, text, tags = data.get("title"), data.get("text", ""), data.get("tags", [])
    if not isinstance(title, str) or not 1 <= len(title) <= 100:
        raise Problem(400, "title must be a string of 1 to 100 characters")
    if not isinstance(text, str):
        raise Problem(400, "text must be a string")
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Problem(400, "tags must be a list of strings")
    return {"title": title, "text": text, "tags": tags}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_request(self):
        try:
            self.rest = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            self.rest = 0
        try:
            self.route()
        except Problem as problem:
            # A body that was not read would be taken for the next request, so this is the last one.
            self.answer(problem.status, {"error": str(problem)}, Connection="close", **problem.headers)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = handle_request

    def route(self):
        url = urlsplit(self.path)
        one = re.fullmatch(r"/notes/([0-9]{1,18})/?", url.path)
        if url.path == "/notes":
            methods = {"GET": self.list, "POST": self.create}
        elif one:
            self.number = int(one[1])
            methods = {"GET": self.show, "PUT": self.replace, "DELETE": self.delete}
        else:
            raise Problem(404, "no such resource")
        if self.command not in methods:
            raise Problem(405, "method not allowed", Allow=", ".join(sorted(methods)))
        self.query = parse_qs(url.query, keep_blank_values=True)
        methods[self.command]()

    def list(self):
        self.answer(200, NOTES.all(self.query.get("tag", [None])[0]))

    def create(self):
        note = NOTES.add(checked(self.body()))
        self.answer(201, note, Location=f"/notes/{note['id']}")

    def show(self):
        self.answer(200, NOTES.get(self.number))

    def replace(self):
        self.answer(200, NOTES.replace(self.number, checked(self.body())))

    def delete(self):
        NOTES.delete(self.number)
        self.answer(204, None)

    def body(self):
        """Return what was sent as JSON."""
        if self.headers.get_content_type() != "application/json":
            raise Problem(415, "must be application/json")
        if self.rest > MAX_BYTES:
            raise Problem(413, "too large")
        content = self.rfile.read(self.rest)
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            raise Problem(400, "no JSON") from None

    def answer(self, status, data, **headers):
        content = b"" if data is None else json.dumps(data).encode()
        self.send_response(status)
        if data is not None:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_):
        """Say nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer.request_queue_size = 64
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()

"""A key-value store over HTTP that loses nothing it has confirmed, whenever it is killed."""

import json
import os
import re
import struct
import sys
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_to_bytes, urlsplit

HEAD = struct.Struct(">IIi")  # checksum of what follows, size of the key, size of the value (-1: the key is deleted)
MAX_VALUE = 1_000_000
COMPACT_ABOVE = 1_000_000


def record(key, value):
    """Return the bytes that note a change."""
    body = key + (value or b"")
    sizes = struct.pack(">Ii", len(key), -1 if value is None else len(value))
    return struct.pack(">I", zlib.crc32(sizes + body)) + sizes + body


def records(data):
    """Yield (end, key, value) for each whole record at the beginning of the data."""
    at = 0
    while at + HEAD.size <= len(data):
        checksum, key_size, value_size = HEAD.unpack_from(data, at)
        end = at + HEAD.size + key_size + max(value_size, 0)
        if value_size < -1 or end > len(data) or zlib.crc32(data[at + 4:end]) != checksum:
            return
        key_end = at + HEAD.size + key_size
        yield end, data[at + HEAD.size:key_end], None if value_size < 0 else data[key_end:end]
        at = end


class Store:
    """The values in memory, every change in a log on disk before it is confirmed."""

    def __init__(self, directory):
        os.makedirs(directory, exist_ok=True)
        self._directory = directory
        self._path = os.path.join(directory, "log")
        self._lock = threading.Lock()
        self._values = {}
        self._versions = {}
        self._live = 0
        self._open()

    def _open(self):
        data = b""
        if os.path.exists(self._path):
            with open(self._path, "rb") as file:
                data = file.read()
        whole = 0
        for whole, key, value in records(data):
            self._apply(key, value)
        self._log = open(self._path, "ab")
        self._log.truncate(whole)  # a torn record at the end was never confirmed
        self._size = whole
        self._sync(self._log)

    def _apply(self, key, value):
        old = self._values.pop(key, None)
        if old is not None:
            self._live -= len(record(key, old))
        if value is not None:
            self._values[key] = value
            self._live += len(record(key, value))

    def _sync(self, file):
        file.flush()

    def _change(self, key, value):
        line = record(key, value)
        self._log.write(line)
        self._sync(self._log)
        self._size += len(line)
        self._apply(key, value)
        if self._size > max(COMPACT_ABOVE, 2 * self._live):
            self._compact()

    def _compact(self):
        """Write the living values into a new log, and put it in the place of the old one in one step."""
        new = self._path + ".new"
        with open(new, "wb") as file:
            for key, value in self._values.items():
                file.write(record(key, value))
            self._sync(file)
        os.replace(new, self._path)
        folder = os.open(self._directory, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        self._log.close()
        self._log = open(self._path, "ab")
        self._size = self._live

    def get(self, key):
        with self._lock:
            return self._values.get(key)

    def keys(self, prefix):
        with self._lock:
            return sorted(key for key in self._values if key.startswith(prefix))

    def put(self, key, value):
        """Set a value; return whether the key is new."""
        with self._lock:
            new = key not in self._values
            self._change(key, value)
            return new

    def delete(self, key):
        with self._lock:
            there = key in self._values
            if there:
                self._change(key, None)
            return there

    def swap(self, key, old, new):
        """Set a value if the present one is `old` (None: there is none); return whether it was."""
        with self._lock:
            if self._values.get(key) != old:
                return False
            self._change(key, new)
            return True


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_request(self):
        url = urlsplit(self.path)
        try:
            size = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            return self.answer(400)
        if size > MAX_VALUE:
            self.close_connection = True
            return self.answer(413)
        body = self.rfile.read(size)
        if len(body) < size:
            self.close_connection = True
            return None  # the client went away half way: nothing was asked for
        if url.path == "/keys" and self.command == "GET":
            match = re.fullmatch(r"(?:prefix=([^&]*))?", url.query)
            keys = STORE.keys(unquote_to_bytes(match[1] or "") if match else b"")
            return self.answer(200, json.dumps([key.decode("utf-8", "replace") for key in keys]).encode())
        if not url.path.startswith("/kv/") or len(url.path) == 4:
            return self.answer(404)
        verb = getattr(self, f"kv_{self.command.lower()}", None)
        return self.answer(405) if verb is None else verb(unquote_to_bytes(url.path[4:]), body)

    do_GET = do_PUT = do_DELETE = do_POST = do_PATCH = handle_request

    def kv_get(self, key, body):
        value = STORE.get(key)
        self.answer(404 if value is None else 200, value or b"")

    def kv_put(self, key, body):
        self.answer(201 if STORE.put(key, body) else 200)

    def kv_delete(self, key, body):
        self.answer(200 if STORE.delete(key) else 404)

    def kv_post(self, key, body):
        try:
            wish = json.loads(body)
            old, new = wish["old"], wish["new"]
            if not isinstance(new, str) or not (old is None or isinstance(old, str)):
                raise ValueError
        except (ValueError, KeyError, TypeError, RecursionError):
            return self.answer(400)
        done = STORE.swap(key, None if old is None else old.encode(), new.encode())
        return self.answer(200 if done else 409)

    def answer(self, status, content=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Say nothing."""


if __name__ == "__main__":
    STORE = Store(sys.argv[2])
    ThreadingHTTPServer.request_queue_size = 64
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()

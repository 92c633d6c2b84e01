"""Accounts, sessions and search of a small web application."""

import base64
import hashlib
import hmac
import os
import pickle
import re
import sqlite3
import subprocess

SORTABLE = {"name": "name", "city": "city"}
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
ROUNDS = 20_000


def hashed(password, salt):
    """Return what is kept of a password."""
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ROUNDS)


class App:
    """One application with a database in memory. `ping` is the path of the program that look_up calls."""

    def __init__(self, secret, ping="/bin/ping"):
        self.secret = secret
        self.ping = ping
        self.base = sqlite3.connect(":memory:")
        self.base.execute("CREATE TABLE users (name TEXT PRIMARY KEY, password TEXT, city TEXT, admin INTEGER)")

    def register(self, name, password, city):
        """Add a user; ValueError when the name is taken."""
        salt = os.urandom(16)
        kept = f"{salt.hex()}${hashed(password, salt).hex()}"
        try:
            self.base.execute("INSERT INTO users VALUES (?, ?, ?, 0)", (name, kept, city))
        except sqlite3.IntegrityError:
            raise ValueError("the name is taken") from None

    def login(self, name, password):
        """Return a token, or None when name or password are wrong."""
        row = self.base.execute("SELECT password FROM users WHERE name = ?", (name,)).fetchone()
        salt, kept = row[0].split("$") if row else ("00", "00")
        right = hmac.compare_digest(hashed(password, bytes.fromhex(salt)), bytes.fromhex(kept))
        return self._token({"name": name}) if row and right else None

    def user(self, token):
        """Return the name of the user to whom a token was given, or None."""
        try:
            body, signature = token.split(".")
            if not hmac.compare_digest(self._signature(body).encode(), signature.encode()):
                return None
            name = pickle.loads(base64.urlsafe_b64decode(body))["name"]
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        return name if self.base.execute("SELECT 1 FROM users WHERE name = ?", (name,)).fetchone() else None

    def search(self, text, sort="name"):
        """Return (name, city) of the users whose city contains the text, letter by letter; ValueError for another order than name or city."""
        if sort not in SORTABLE:
            raise ValueError("can't be sorted by this")
        query = f"SELECT name, city FROM users WHERE instr(city, ?) ORDER BY {SORTABLE[sort]}, name"
        return self.base.execute(query, (text,)).fetchall()

    def look_up(self, host):
        """Call ping for a host; return what it prints. ValueError when that can't be the name of a host."""
        if not isinstance(host, str) or not HOST.fullmatch(host):
            raise ValueError("no host")
        done = subprocess.run([self.ping, "-c", "1", host], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10)
        return done.stdout

    def _token(self, data):
        body = base64.urlsafe_b64encode(pickle.dumps(data)).decode()
        return f"{body}.{self._signature(body)}"

    def _signature(self, body):
        return hmac.new(self.secret.encode(), body.encode(), hashlib.sha256).hexdigest()

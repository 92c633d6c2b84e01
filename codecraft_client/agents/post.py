"""One JSON question to one URL, within a time and a size; whatever goes wrong is an EndpointError. Knows nothing of what is asked."""

import email.utils
import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from codecraft_client.agents.errors import EndpointError, nobody_there
from codecraft_client.errors import UsageError

PIECE_BYTES = 65_536
PROBLEM_BYTES = 65_536
PROBLEM_SHOWN = 500


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirected POST would become a GET, and take the key along to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Poster:
    """Asks a URL. Proxies are taken from the environment, as urllib does. May be used by one thread at a time."""

    def __init__(self, url: str, api_key: str, timeout_s: float, most_bytes: int) -> None:
        """No I/O. UsageError for what can't be an address or a key."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise UsageError(f"the base URL must begin with http:// or https://, with the endpoint's host: {url}")
        if not (api_key.isascii() and (api_key.isprintable() or not api_key)):
            raise UsageError("the API key must be printable ASCII")
        self._url = url
        self._headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "codecraft"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._timeout_s = timeout_s
        self._most_bytes = most_bytes
        self._opener = urllib.request.build_opener(_NoRedirects)

    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Ask once. EndpointError."""
        data = json.dumps(body).encode()
        request = urllib.request.Request(self._url, data=data, headers=self._headers, method="POST")  # noqa: S310 - checked above
        over_at = time.monotonic() + self._timeout_s
        try:
            with self._opener.open(request, timeout=self._timeout_s) as response:
                return _parsed(self._read(response, over_at))
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(error) from error
        except (OSError, http.client.HTTPException) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            nobody_at = self._url if isinstance(reason, BaseException) and nobody_there(reason) else ""
            raise EndpointError(f"no reply: {reason or type(error).__name__}", nobody_at=nobody_at) from error

    def _read(self, response: http.client.HTTPResponse, over_at: float) -> bytes:
        """Read it all; urllib's own time-out starts anew with every byte."""
        data = bytearray()
        while piece := response.read1(PIECE_BYTES):
            data += piece
            if time.monotonic() > over_at:
                raise EndpointError(f"no whole reply within {self._timeout_s:g} s")
            if len(data) > self._most_bytes:
                raise EndpointError(f"the reply is larger than {self._most_bytes} bytes")
        if response.length:
            raise EndpointError("the reply was cut off")
        return bytes(data)


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise EndpointError("the reply is no JSON") from error
    if not isinstance(answer, dict):
        raise EndpointError("the reply is no JSON object")
    return answer


def _refused(error: urllib.error.HTTPError) -> EndpointError:
    try:
        data = error.read(PROBLEM_BYTES)
    except (OSError, http.client.HTTPException):
        data = b""
    message, code = problem(data)
    text = f"HTTP {error.code} {error.reason}" + (f": {message}" if message else "")
    return EndpointError(text, status=error.code, code=code, retry_after_s=retry_after_s(error.headers))


def problem(data: bytes) -> tuple[str, str]:
    """Return message and code of an error body: OpenAI's form, others' forms, or plain text."""
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return data.decode("utf-8", errors="replace").strip()[:PROBLEM_SHOWN], ""
    inner = said.get("error", said) if isinstance(said, dict) else said
    if isinstance(inner, dict):
        return str(inner.get("message") or inner.get("detail") or "")[:PROBLEM_SHOWN], str(inner.get("code") or "")
    return str(inner)[:PROBLEM_SHOWN], ""


def retry_after_s(headers: Mapping[str, str] | Message) -> float | None:
    """Return what Retry-After says, in seconds from now: a number or a date (RFC 9110, 10.2.3); OpenAI's retry-after-ms goes first."""
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) * unit_s)
        except (KeyError, TypeError, ValueError):
            continue
    try:
        at = email.utils.parsedate_to_datetime(headers["retry-after"])
    except (KeyError, TypeError, ValueError):
        return None
    return max(0.0, at.timestamp() - time.time())

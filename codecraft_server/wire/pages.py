"""Lists in pages: opaque tokens that only we can have made, and pages that fit into a message."""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable
from typing import TypeVar

from google.protobuf.message import Message

from codecraft_server.errors import InvalidFieldError

MAX_PAGE_BYTES = 900_000
_CHECK_BYTES = 8
_MAX_TOKEN_CHARS = 2048
_Encoded = TypeVar("_Encoded", bound=Message)


def page_token(scope: str, position: str) -> str:
    """Return the token of the page behind `position`. Tokens of another `scope` are refused, such as those of an older catalog."""
    body = json.dumps([scope, position]).encode()
    return base64.urlsafe_b64encode(_checksum(body) + body).decode()


def position(token: str, scope: str) -> str:
    """Return the position that a token stands for; empty for an empty one. Raises InvalidFieldError for any that is not of this scope."""
    if not token:
        return ""
    try:
        raw = base64.b64decode(token[:_MAX_TOKEN_CHARS].encode(), altchars=b"-_", validate=True)
        check, body = raw[:_CHECK_BYTES], raw[_CHECK_BYTES:]
        found, place = json.loads(body) if check == _checksum(body) else (None, "")
    except (binascii.Error, UnicodeError, ValueError):
        found, place = None, ""
    if found != scope:
        raise InvalidFieldError("page_token", "is none that this list returned; start again with an empty one")
    return str(place)


def cut(messages: Iterable[_Encoded], size: int) -> tuple[list[_Encoded], bool]:
    """Take the first `size` messages, or as many as fit into one response but at least one; and say whether more would follow."""
    page: list[_Encoded] = []
    room = MAX_PAGE_BYTES
    for message in messages:
        room -= message.ByteSize() + 8
        if page and (len(page) == size or room < 0):
            return page, True
        page.append(message)
    return page, False


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(b"codecraft.v1 page token\0" + body).digest()[:_CHECK_BYTES]

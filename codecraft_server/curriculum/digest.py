"""The identity of a task: a digest of everything it consists of, defaults filled in. Pure."""

import base64
import dataclasses
import hashlib
import json
from enum import Enum

from codecraft_server.task import Task


def digest(task: Task) -> str:
    """SHA-256 (hex) of a task's canonical form; its own `digest` field does not count."""
    form = _plain(dataclasses.replace(task, digest=""))
    return hashlib.sha256(json.dumps(form, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def _plain(value: object) -> object:
    """Return a value as JSON can say it. What is empty is left out, so that a new optional field changes no old digest."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"is": type(value).__name__, **{name: part for name, part in fields.items() if part not in (None, "", [])}}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, (tuple, list)):
        return [_plain(part) for part in value]
    return value

"""The text dialect: one JSON object as a model writes it, to an action. Pure; docs/actions.md describes it for those who write it.

It forgives white space around the object and a ```json fence, and nothing else: what a model may do by accident has to cost it
something, or it never learns. Everything refused is refused with what is wrong, where, and what would be right.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from codecraft_server.episodes.events import (
    ActionError,
    GiveUp,
    ListFiles,
    ParsedAction,
    ReadFile,
    Restart,
    RunCommand,
    StartTask,
    SubmitWork,
    WriteFile,
)
from codecraft_server.episodes.fields import SESSION, Complaint

EXAMPLE = '{"action": "command", "command": "ls"}'
_FENCE = re.compile(r"```json[ \t]*\n(.*)\n[ \t]*```", re.DOTALL)
_MODE = re.compile(r"[0-7]{3,4}")
_QUOTED = 60  # characters of theirs that a message repeats


class _Wrong(Exception):  # noqa: N818 - never leaves this module
    """The text is no action; the message is for the agent."""


def parse(text: str) -> ParsedAction | Complaint:
    """Return the action that a text means, or why it means none."""
    try:
        return _action(_object(_bare(text)))
    except _Wrong as wrong:
        return Complaint(ActionError.MALFORMED, str(wrong))


def _action(fields: Mapping[str, Any]) -> ParsedAction | Complaint:
    name = _text(fields, "action")
    if name not in _ACTIONS:
        return Complaint(ActionError.UNKNOWN_ACTION, f"There is no action {_quote(name)}. The actions are: {', '.join(_ACTIONS)}.")
    keys, make = _ACTIONS[name]
    for key in fields:
        if key not in keys and key != "action":
            allowed = ", ".join(f'"{each}"' for each in keys) or "nothing"
            raise _Wrong(f'Unknown key {_quote(key)}. The action "{name}" has {allowed} besides "action".')
    return make(fields)


def _bare(text: str) -> str:
    text = text.strip()
    fenced = _FENCE.fullmatch(text)
    return fenced[1].strip() if fenced else text


def _object(text: str) -> Mapping[str, Any]:
    if not text:
        raise _Wrong(f"The text is empty. Send one JSON object such as {EXAMPLE}.")
    try:
        value = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _Wrong(
            f"Not JSON: {error.msg} at line {error.lineno}, column {error.colno}. Send one JSON object such as {EXAMPLE}."
        ) from error
    except RecursionError as error:
        raise _Wrong(f"Not an action: it is nested too deeply. Send one flat JSON object such as {EXAMPLE}.") from error
    except ValueError as error:  # a number of thousands of digits
        raise _Wrong(f"Not an action: it has a number that is too long. Send one JSON object such as {EXAMPLE}.") from error
    if not isinstance(value, dict):
        raise _Wrong(f"Not an action: {_kind(value)}, where one JSON object such as {EXAMPLE} is needed.")
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in pairs:
        if key in fields:
            raise _Wrong(f"The key {_quote(key)} stands twice. Give each key once.")
        fields[key] = value
    return fields


def _no_constant(name: str) -> Any:
    raise _Wrong(f"{name} is not JSON. Give a number such as 1.5.")


def _text(fields: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = fields.get(key, default)
    if value is None and key not in fields:
        raise _Wrong(f'The key "{key}" is missing. It must be a string.')
    if not isinstance(value, str):
        raise _Wrong(f'"{key}" must be a string, not {_kind(value)}.')
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _Wrong(f'"{key}" has half of a surrogate pair at character {error.start}. Write the whole character.') from error
    return value


def _timeout(fields: Mapping[str, Any]) -> float | None:
    if "timeout" not in fields:
        return None
    value = fields["timeout"]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Wrong(f'"timeout" must be a number of seconds, not {_kind(value)}.')
    try:
        seconds = float(value)
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds) or seconds <= 0:
        raise _Wrong('"timeout" must be a number of seconds above 0.')
    return seconds


def _command(fields: Mapping[str, Any]) -> RunCommand:
    session = _text(fields, "session", "main")
    if not SESSION.fullmatch(session):
        raise _Wrong('"session" must be 1 to 64 of A-Z, a-z, 0-9, "_", ".", "-", such as "main".')
    stdin = _text(fields, "stdin").encode() if "stdin" in fields else None
    return RunCommand(_text(fields, "command").encode(), _timeout(fields), stdin, session=session)


def _write_file(fields: Mapping[str, Any]) -> WriteFile:
    mode = None
    if "mode" in fields:
        digits = _text(fields, "mode")
        if not _MODE.fullmatch(digits):
            raise _Wrong('"mode" must be three or four octal digits in a string, such as "0755".')
        mode = int(digits, 8)
    return WriteFile(_text(fields, "path").encode(), _text(fields, "content").encode(), mode)


_Make = Callable[[Mapping[str, Any]], ParsedAction]
_ACTIONS: Mapping[str, tuple[tuple[str, ...], _Make]] = {
    "command": (("command", "timeout", "session", "stdin"), _command),
    "write_file": (("path", "content", "mode"), _write_file),
    "read_file": (("path",), lambda fields: ReadFile(_text(fields, "path").encode())),
    "list_files": (("path",), lambda fields: ListFiles(_text(fields, "path", "").encode())),
    "start": (("task_id",), lambda fields: StartTask(_text(fields, "task_id"))),
    "reset": ((), lambda _: Restart()),
    "submit": ((), lambda _: SubmitWork()),
    "close": ((), lambda _: GiveUp()),
    "exit": ((), lambda _: GiveUp()),
}


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "an array", dict: "an object"}
    return kinds[type(value)]


def _quote(text: str) -> str:
    short = text if len(text) <= _QUOTED else text[:_QUOTED] + "…"
    return json.dumps(short, ensure_ascii=not short.isprintable())

"""The way from a model's call of a tool to an action. Knows no episode and no endpoint."""

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from codecraft_client.actions import Action, ListFiles, ReadFile, RunCommand, WriteFile
from codecraft_client.tools import BY_NAME, Parameter, Tool

WRITE_MOST = 900_000  # the contract's bound of one write


@dataclass(frozen=True, slots=True)
class Submit:
    """The model says that its work is done."""


class BadCallError(ValueError):
    """A call that can't be carried out; the message is for the model."""


Wish: TypeAlias = Action | Submit


def wish(name: str, arguments: str) -> Wish:
    """Return what a call asks for. BadCallError."""
    tool = BY_NAME.get(name)
    if tool is None:
        raise BadCallError(f"There is no tool {name[:100]!r}. The tools are: {', '.join(BY_NAME)}.")
    given = _checked(tool, _object(arguments))
    match name:
        case "run_command":
            return RunCommand(given["command"], timeout_s=given.get("timeout_s"))
        case "write_file":
            return WriteFile(given["path"], given["content"])
        case "read_file":
            return ReadFile(given["path"], offset=given.get("offset", 0))
        case "list_files":
            return ListFiles(given.get("path", ""), depth=given.get("depth", 1))
        case _:
            return Submit()


def _object(arguments: str) -> dict[str, Any]:
    try:
        given = json.loads(arguments or "{}")
    except (ValueError, RecursionError) as error:
        raise BadCallError(f"The arguments are no valid JSON ({error}). Nothing was done.") from error
    if not isinstance(given, dict):
        raise BadCallError("The arguments must be one JSON object. Nothing was done.")
    return given


def _checked(tool: Tool, given: dict[str, Any]) -> dict[str, Any]:
    known = {parameter.name: parameter for parameter in tool.offered}
    for name in given:
        if name not in known:
            raise BadCallError(f"{tool.name} has no argument {name[:100]!r}; it has: {', '.join(known) or 'none'}. Nothing was done.")
    for parameter in tool.offered:
        if parameter.required and parameter.name not in given:
            raise BadCallError(f"{tool.name} needs the argument {parameter.name!r}. Nothing was done.")
    # Models write null for what they leave out.
    return {name: _value(known[name], value) for name, value in given.items() if value is not None or known[name].required}


def _value(parameter: Parameter, value: object) -> Any:
    match parameter.kind, value:
        case "string", str():
            return _text(parameter, value)
        case "integer", int() if not isinstance(value, bool):
            _in_bounds(parameter, value)
            return value
        case "number", int() | float() if not isinstance(value, bool):
            return _seconds(parameter, value)
    raise BadCallError(f"The argument {parameter.name!r} must be of type {parameter.kind}. Nothing was done.")


def _text(parameter: Parameter, value: str) -> str:
    try:
        size = len(value.encode())
    except UnicodeEncodeError as error:
        raise BadCallError(
            f"The argument {parameter.name!r} has half a surrogate pair, which is no character. Nothing was done."
        ) from error
    if size > WRITE_MOST:
        raise BadCallError(f"The argument {parameter.name!r} has {size} bytes; {WRITE_MOST} are allowed. Nothing was done.")
    return value


def _in_bounds(parameter: Parameter, value: int) -> None:
    low, high = parameter.least or 0, parameter.most or 2**53
    if not low <= value <= high:
        raise BadCallError(f"The argument {parameter.name!r} must be {low} to {high}. Nothing was done.")


def _seconds(parameter: Parameter, value: float) -> float:
    if not 0 < value < float("inf"):
        raise BadCallError(f"The argument {parameter.name!r} must be above 0. Nothing was done.")
    return float(min(value, 1e9))

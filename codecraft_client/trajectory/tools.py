"""The actions as tools that a model may call, named and laid out as the actions are. Data only."""

from typing import Any

_TEXT = {"type": "string"}
_WHOLE = {"type": "integer", "minimum": 0}
_YES = {"type": "boolean"}


def _tool(name: str, description: str, required: tuple[str, ...] = (), **properties: dict[str, Any]) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


TOOLS: list[dict[str, Any]] = [
    _tool(
        "run_command",
        "Run a command line in a persistent shell: directory, variables and background jobs live on.",
        ("command",),
        command=_TEXT,
        timeout_s={"type": "number"},
        stdin=_TEXT,
        stdin_open=_YES,
        session=_TEXT,
        separate=_YES,
    ),
    _tool(
        "write_file",
        "Write a file; missing directories are made.",
        ("path", "content"),
        path=_TEXT,
        content=_TEXT,
        mode=_WHOLE,
        offset=_WHOLE,
    ),
    _tool("read_file", "Read a file.", ("path",), path=_TEXT, offset=_WHOLE, max_bytes=_WHOLE),
    _tool("list_files", "List a directory.", path=_TEXT, depth=_WHOLE, max_entries=_WHOLE),
    _tool("submit", "End the work and have it graded. Final."),
]

"""What an agent may do, as spaces, and from there to the client's actions. Two ways: the text dialect, or a Dict.

Whatever is in the space can be sent. What is in it and makes no sense is the agent's mistake, and for the server to judge.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from gymnasium.error import InvalidAction
from gymnasium.spaces import Dict, Discrete, Space

from codecraft_client.actions import Action, ListFiles, ReadFile, RunCommand, Text, WriteFile
from codecraft_client.gym.spaces import Utf8

ActionMode: TypeAlias = Literal["text", "typed"]

# The server's bounds, in bytes: of a text, of a command, of a file's content, of a path.
TEXT_BYTES = 1_000_000
COMMAND_BYTES = 1_000_000
CONTENT_BYTES = 900_000
PATH_BYTES = 4096
SHOWN = 200  # characters of an action that a message repeats

KINDS = ("run_command", "write_file", "read_file", "list_files", "submit")
HARMLESS = ("true", "pwd", "echo hello", "echo नमस्ते", "echo 你好", "false", "cd /tmp", "echo $HOME")


def dialect(action: str, **fields: object) -> str:
    """Write an action of the text dialect."""
    return json.dumps({"action": action, **fields}, ensure_ascii=False)


def typed(kind: str, *, command: str = "", path: str = "", content: str = "") -> dict[str, Any]:
    """Return an action of `action_mode="typed"`: one of KINDS, and what that needs; the rest is not looked at."""
    return {"kind": KINDS.index(kind), "command": command, "path": path, "content": content}


def action_space(mode: ActionMode) -> Space[Any]:
    """Return the space of a mode. Its samples are harmless commands, in Dict mode also small files and (one in five) `submit`."""
    if mode == "text":
        return Utf8(TEXT_BYTES, samples=[dialect("command", command=command) for command in HARMLESS])
    return Dict(
        {
            "kind": Discrete(len(KINDS)),
            "command": Utf8(COMMAND_BYTES, samples=HARMLESS),
            "path": Utf8(PATH_BYTES, samples=("hello.txt", "notes/नोट.txt")),
            "content": Utf8(CONTENT_BYTES),
        }
    )


def to_action(mode: ActionMode, space: Space[Any], action: Any) -> Action:
    """Return what to send. InvalidAction when it is not in the space: nothing that an agent wrote, but a mistake of the program around it.

    A text that is too long is what an agent may well write. It is cut, so that the server finds it malformed.
    """
    if mode == "text" and isinstance(action, str) and len(action) > TEXT_BYTES // 4:
        action = action.encode(errors="replace")[:TEXT_BYTES].decode(errors="ignore")
    if action not in space:
        raise InvalidAction(f"{_shown(action)} is not in {space}")
    return Text(action) if mode == "text" else _typed(action)


def _typed(action: Mapping[str, Any]) -> Action:
    match KINDS[int(action["kind"])]:
        case "run_command":
            return RunCommand(action["command"])
        case "write_file":
            return WriteFile(action["path"], action["content"])
        case "read_file":
            return ReadFile(action["path"])
        case "list_files":
            return ListFiles(action["path"])
        case _:
            return Text(dialect("submit"))


def _shown(action: object) -> str:
    text = repr(action)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"

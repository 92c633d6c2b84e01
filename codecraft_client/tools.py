"""The actions as tools that a model may call, named and laid out as the actions are: the one description for agents and for exported chats.

Data, and how chat completions want it. Knows no episode, no endpoint and no trajectory.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEPTH_MOST = 16


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument of a tool; `kind` is a type of JSON Schema, `least` and `most` bound numbers.

    `rare`: a program may say so, and then a recording has it; agents are not offered it, for it would only lead them astray.
    """

    name: str
    kind: str
    description: str
    required: bool = False
    least: int | None = None
    most: int | None = None
    rare: bool = False


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool."""

    name: str
    description: str
    parameters: tuple[Parameter, ...] = ()

    @property
    def offered(self) -> tuple[Parameter, ...]:
        """The arguments that agents are offered."""
        return tuple(parameter for parameter in self.parameters if not parameter.rare)


PATH = "Absolute, or relative to the working directory."
TOOLS = (
    Tool(
        "run_command",
        "Run a command line in a persistent shell: directory, variables and background jobs live on. By default standard input is empty.",
        (
            Parameter("command", "string", "The command line.", required=True),
            Parameter("timeout_s", "number", "Seconds after which it is killed; at most, and by default, the task's limit."),
            Parameter("stdin", "string", "Its standard input.", rare=True),
            Parameter("stdin_open", "boolean", "Whether more input may follow; default false.", rare=True),
            Parameter("session", "string", "Name of the shell, made at first use; default main.", rare=True),
            Parameter("separate", "boolean", "Whether standard error is kept apart; default false.", rare=True),
        ),
    ),
    Tool(
        "write_file",
        "Write a file, replacing what was there; missing directories are made.",
        (
            Parameter("path", "string", PATH, required=True),
            Parameter("content", "string", "The whole content.", required=True),
            Parameter("mode", "integer", "Permissions, as a number; default: those of the old file, else 420 (0644).", least=0, rare=True),
            Parameter("offset", "integer", "Where the content begins; what is before and after it stays.", least=0, rare=True),
        ),
    ),
    Tool(
        "read_file",
        "Read a file.",
        (
            Parameter("path", "string", PATH, required=True),
            Parameter("offset", "integer", "The first byte; default 0.", least=0),
            Parameter("max_bytes", "integer", "No more than so many; default, and 0: as many as a command may print.", least=0, rare=True),
        ),
    ),
    Tool(
        "list_files",
        "List a directory.",
        (
            Parameter("path", "string", PATH + " Default: the working directory."),
            Parameter("depth", "integer", "Levels; default 1.", least=1, most=DEPTH_MOST),
            Parameter("max_entries", "integer", "No more than so many; default, and 0: 1000.", least=0, rare=True),
        ),
    ),
    Tool("submit", "End the work and have it graded. Final: nothing can be done afterwards."),
)
BY_NAME: Mapping[str, Tool] = {tool.name: tool for tool in TOOLS}


def offered() -> list[dict[str, Any]]:
    """Return all tools as agents are offered them, in the form of chat completions."""
    return [_schema(tool, tool.offered) for tool in TOOLS]


def recorded() -> list[dict[str, Any]]:
    """Return all tools with whatever a recording may have, in the form of chat completions."""
    return [_schema(tool, tool.parameters) for tool in TOOLS]


def _schema(tool: Tool, parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """A tool as chat completions want it (https://platform.openai.com/docs/guides/function-calling)."""
    arguments = {
        "type": "object",
        "properties": {parameter.name: _property(parameter) for parameter in parameters},
        "required": [parameter.name for parameter in parameters if parameter.required],
        "additionalProperties": False,
    }
    return {"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": arguments}}


def _property(parameter: Parameter) -> dict[str, Any]:
    bounds = {"minimum": parameter.least, "maximum": parameter.most}
    return {"type": parameter.kind, "description": parameter.description, **{k: v for k, v in bounds.items() if v is not None}}

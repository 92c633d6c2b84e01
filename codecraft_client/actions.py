"""The actions of an agent. Strings stand for their UTF-8 bytes; paths that are not UTF-8 are given as bytes."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class RunCommand:
    """Run a command line in a persistent shell session.

    Attributes:
        timeout_s: Wall clock after which its whole process tree is killed; None: the task's limit, which is also the largest.
        stdin: Its whole standard input, then end of file (unless `stdin_open`); None: /dev/null.
        stdin_open: Whether `Running.write_stdin` may add more.
        session: Name of the shell session, made at first use.
        separate: Keep standard error apart; then there is no order between the two streams.
    """

    command: str | bytes
    timeout_s: float | None = None
    stdin: str | bytes | None = None
    stdin_open: bool = False
    session: str = "main"
    separate: bool = False


@dataclass(frozen=True, slots=True)
class WriteFile:
    """Write a file, at most 900,000 bytes at once: replaced whole, or in place from `offset` on. `mode` None: the old file's, or 0o644."""

    path: str | bytes
    content: str | bytes
    mode: int | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class ReadFile:
    """Read at most `max_bytes` of a file from `offset` on, up to 900,000; 0: the task's output_bytes."""

    path: str | bytes
    offset: int = 0
    max_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ListFiles:
    """List a directory (empty: the working directory), `depth` levels deep (1 to 16), at most `max_entries` entries (0: 1,000)."""

    path: str | bytes = b""
    depth: int = 1
    max_entries: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """One JSON object as a model writes it; the server parses it, and what it can't understand costs a penalty."""

    text: str


Action: TypeAlias = RunCommand | WriteFile | ReadFile | ListFiles | Text


def as_text(value: str | bytes) -> str:
    """Return a field of an action for people to read; what is not UTF-8 is shown as U+FFFD."""
    return value if isinstance(value, str) else value.decode(errors="replace")

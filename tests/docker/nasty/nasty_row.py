"""What a row of the corpus is: one nasty command, what exactly it must come to on each shell, and what must hold afterwards.

Knows nothing of Docker or of how a row is played (`nasty_play`). The rows themselves stand in the `nasty_*` modules beside it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from codecraft_server.sandbox import EndReason, FileProblemKind, OutputPolicy
from codecraft_server.settings import KIB, MIB

SHELLS = ("ash", "dash", "bash")
USERS = ("agent", "root")
ROW_DIR = b"/workspace/row"
SHORT_S = 0.3
"""Time-out of a command that is meant to run into it, in seconds."""

KEPT = OutputPolicy(stream=False, separate=False, kept=64 * KIB, max_output=256 * MIB, window=MIB, stall_s=20.0, stall_total_s=60.0)
STREAMED = replace(KEPT, stream=True)
SEPARATE = replace(KEPT, separate=True)
LITTLE = replace(KEPT, kept=1000, max_output=1 << 50)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a command must end; `code` and `signal` None: must be absent."""

    reason: EndReason
    code: int | None = None
    signal: int | None = None
    restarted: bool = False


def exited(code: int = 0) -> Ending:
    """By itself, the shell lives on."""
    return Ending(EndReason.EXITED, code=code)


def shell_ended(code: int) -> Ending:
    """The shell itself ended."""
    return Ending(EndReason.SHELL_ENDED, code=code, restarted=True)


def shell_killed(signal: int) -> Ending:
    """The shell itself died of a signal that the guest did not send."""
    return Ending(EndReason.SIGNALLED, signal=signal, restarted=True)


def child_killed(signal: int) -> Ending:
    """The shell reports that its foreground child died of a signal, and lives on."""
    return Ending(EndReason.SIGNALLED, code=128 + signal, signal=signal)


TIMED_OUT = Ending(EndReason.TIMED_OUT, restarted=True)
OUTPUT_LIMIT = Ending(EndReason.OUTPUT_LIMIT, restarted=True)
CHILD_OUT_OF_MEMORY = Ending(EndReason.OUT_OF_MEMORY, code=137, signal=9)
SHELL_OUT_OF_MEMORY = Ending(EndReason.OUT_OF_MEMORY, signal=9, restarted=True)


@dataclass(frozen=True, slots=True)
class Repeated:
    """Endless output of `unit` of which exactly `head` and `tail` bytes are kept, with one gap between them."""

    unit: bytes
    head: int
    tail: int


Printed = bytes | re.Pattern[bytes] | Repeated
"""The exact bytes; a pattern only where a shell prints a line number or process id of its own, or a time."""


@dataclass(frozen=True, slots=True)
class Differs:
    """What is otherwise on one shell or for one user, and why it may be. None: as in the step itself."""

    because: str
    printed: Printed | None = None
    ending: Ending | None = None
    cwd: bytes | None = None
    background: tuple[bytes, ...] | int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One command and what it must come to.

    Attributes:
        errors: What it prints on standard error, when the policy keeps the streams apart.
        cwd: The directory it must end in; None: whichever.
        background: Command lines of the session's processes that live on, in any order; a number: as many, for a process just forked has
            its parent's command line; None: whichever.
        refused: It must not even start, for this reason.
        on: Differences by "shell", "user" or "shell/user"; the most specific one counts.
    """

    command: bytes
    printed: Printed = b""
    ending: Ending = field(default_factory=exited)
    errors: bytes = b""
    stdin: bytes | None = None
    timeout_s: float = 20.0
    policy: OutputPolicy = KEPT
    cwd: bytes | None = ROW_DIR
    background: tuple[bytes, ...] | int | None = ()
    refused: FileProblemKind | None = None
    on: Mapping[str, Differs] = field(default_factory=dict)

    def resolved(self, shell: str, user: str) -> "Step":
        """This step as it must be on one shell for one user."""
        differs = self.on.get(f"{shell}/{user}") or self.on.get(shell) or self.on.get(user)
        if differs is None:
            return self
        changes = {name: value for name in ("printed", "ending", "cwd", "background") if (value := getattr(differs, name)) is not None}
        return replace(self, **changes, on={})


@dataclass(frozen=True, slots=True)
class Row:
    """One nasty thing.

    Attributes:
        step: The nasty command.
        before: Command lines that make the scene; each must exit with 0 and print nothing.
        after: What is done next, before the general probe of the session's state.
        undo: Command line that takes back what a new shell would inherit: exported variables, files with odd modes.
        shells: Where it makes sense; a row for one shell says in `why_not_all` why.
        loses: Names of the probe's state that the command itself destroys ("exported", "plain", "function").
        spoils: What can't be taken back, so that the next row gets a fresh sandbox; empty: the row must leave no trace.
    """

    name: str
    step: Step
    before: tuple[bytes, ...] = ()
    after: tuple[Step, ...] = ()
    undo: bytes = b""
    shells: tuple[str, ...] = SHELLS
    users: tuple[str, ...] = USERS
    why_not_all: str = ""
    loses: frozenset[str] = frozenset()
    spoils: str = ""

    def __post_init__(self) -> None:
        """A difference without a reason is a weakened row."""
        if (self.shells != SHELLS or self.users != USERS) and not self.why_not_all:
            message = f"row {self.name!r} leaves something out and does not say why"
            raise ValueError(message)
        for step in (self.step, *self.after):
            if not all(differs.because for differs in step.on.values()):
                message = f"row {self.name!r} differs without a reason"
                raise ValueError(message)


Wording = bytes | tuple[bytes, Ending]


def worded(**shells: Wording) -> dict[str, Differs]:
    """What each shell says in its own words, and how it ends where that differs, too.

    `#` stands for a number of the shell's own (a line of all that its session has run, a process id) with the blanks before it.
    """
    differences = {}
    for shell, wording in shells.items():
        text, ending = wording if isinstance(wording, tuple) else (wording, None)
        pattern = re.escape(text).replace(rb"\#", rb" *\d+")
        printed = re.compile(pattern, re.DOTALL) if b"#" in text else text
        differences[shell] = Differs("each shell has words, and sometimes a status, of its own", printed=printed, ending=ending)
    return differences


def row(
    name: str,
    command: bytes,
    printed: Printed = b"",
    ending: Ending | None = None,
    *,
    before: tuple[bytes, ...] = (),
    after: tuple[Step, ...] = (),
    undo: bytes = b"",
    shells: tuple[str, ...] = SHELLS,
    users: tuple[str, ...] = USERS,
    why_not_all: str = "",
    loses: frozenset[str] = frozenset(),
    spoils: str = "",
    **step: Any,
) -> Row:
    """Write a row in the order in which it is read: what is typed, what is printed, how it ends."""
    return Row(
        name=name,
        step=Step(command, printed, ending or exited(), **step),
        before=before,
        after=after,
        undo=undo,
        shells=shells,
        users=users,
        why_not_all=why_not_all,
        loses=loses,
        spoils=spoils,
    )

"""What a task is, once loaded: frozen values. Knows nothing of files, grading or sandboxes being opened.

`curriculum` makes them from curriculum.json, `episodes` plays them, `grading` judges by them.
"""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from codecraft_server.sandbox import SandboxSpec


class Match(Enum):
    """How printed text is compared with what is expected."""

    EXACT = "exact"
    NORMALIZED = "normalized"  # trailing blanks of lines and trailing empty lines do not count
    REGEX = "regex"  # fullmatch, DOTALL
    JSON = "json"  # equal as JSON values
    CONTAINS = "contains"
    CSV = "csv"  # equal as rows of fields


class Visibility(Enum):
    """What the agent is shown of a check after grading."""

    HIDDEN = "hidden"
    RESULT = "result"  # id, title, pass or fail


@dataclass(frozen=True, slots=True)
class Expected:
    """A text or byte pattern and how to compare with it."""

    match: Match
    value: str


@dataclass(frozen=True, slots=True)
class TaskFile:
    """A file to lie in the sandbox. Relative paths are relative to the working directory, those of a check to its CHECK_DIR."""

    path: str
    content: bytes
    mode: int


@dataclass(frozen=True, slots=True)
class CommandCheck:
    """Runs a command line with /bin/sh outside of any session and weighs how it ended and what it printed.

    Attributes:
        stdin: The whole of its standard input.
        exit_code: What it must exit with; None: anything, signals excluded.
        stdout: What standard output must be; None: anything.
        stderr: Likewise.
    """

    command: str
    stdin: str = ""
    exit_code: int | None = 0
    stdout: Expected | None = None
    stderr: Expected | None = None


@dataclass(frozen=True, slots=True)
class FileCheck:
    """Looks at one path. `mode` are permission bits, `sha256` is hex; None: does not matter. `exists` False: it must not exist."""

    path: str
    exists: bool = True
    directory: bool = False
    content: Expected | None = None
    mode: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What a program is given, and what it must print and exit with. `arguments` are appended to the command, quoted."""

    name: str
    stdin: str
    stdout: Expected
    arguments: tuple[str, ...] = ()
    exit_code: int | None = 0


@dataclass(frozen=True, slots=True)
class CasesCheck:
    """Runs a command line once for each case; all must agree."""

    command: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a function: JSON texts of the arguments (a list), the named ones (an object) and the value; or the exception's class."""

    arguments: str
    named: str = "{}"
    returns: str = "null"
    raises: str = ""


@dataclass(frozen=True, slots=True)
class FunctionCheck:
    """Calls a function of a Python module in a process of the learner's user and compares in the server.

    `tolerance` is relative and absolute, for floats.
    """

    module: str
    function: str
    calls: tuple[Call, ...]
    tolerance: float = 1e-9


@dataclass(frozen=True, slots=True)
class PytestCheck:
    """Runs hidden pytest files; every id of `expected` must be reported passed and nothing may fail, be skipped or be missing."""

    files: tuple[TaskFile, ...]
    expected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScriptCheck:
    """Runs a hidden script with hidden files beside it (in CHECK_DIR); exit code 0 passes."""

    script: str
    interpreter: str = "/bin/sh"
    files: tuple[TaskFile, ...] = ()


CheckBody: TypeAlias = CommandCheck | FileCheck | CasesCheck | FunctionCheck | PytestCheck | ScriptCheck


@dataclass(frozen=True, slots=True)
class Check:
    """One hidden check. Weights of a task add up to 1."""

    check_id: str
    title: str
    weight: float
    timeout_s: float
    visibility: Visibility
    body: CheckBody


Deed: TypeAlias = str | TaskFile  # a command line for a session, or a file to write


@dataclass(frozen=True, slots=True)
class WrongAnswer:
    """A plausible wrong answer: what is done, and the most it may score."""

    name: str
    commands: tuple[Deed, ...]
    max_score: float


@dataclass(frozen=True, slots=True)
class TaskLimits:
    """What bounds an episode of this task; sizes in bytes, times in seconds. The sandbox's own bounds are in its spec."""

    steps: int
    episode_s: float
    command_s: float
    grading_s: float
    output_bytes: int


class Aggregate(Enum):
    """How checks become a score."""

    ALL = "all"  # 1 if every check passed, else 0
    WEIGHTED = "weighted"  # sum of the weights of those that passed


class GradingPlace(Enum):
    """Where checks run."""

    FRESH = "fresh"  # declared paths, copied into a sandbox that the agent never touched
    IN_PLACE = "in_place"  # the agent's own sandbox, after all of its processes were ended


@dataclass(frozen=True, slots=True)
class Task:
    """A task. The part that agents may see is carried by `wire.task`; everything below `files` is hidden.

    Attributes:
        digest: SHA-256 (hex) of the whole entry with all defaults filled in.
        difficulty: 1 to 10, 0 when unknown.
        solution: What the oracle does, in order; commands run in one session.
        milestones: Ordered checks of the way there. Weights add up to 1.
        milestone_share: Their part of the return where an episode pays for them and does not say how much; None where there are none.
        grading_paths: What a fresh place is given; relative ones are relative to the working directory, which is the default.
        for_teacher: How a person or a model should judge, in words.
    """

    task_id: str
    title: str
    category: str
    tags: tuple[str, ...]
    difficulty: int
    prerequisites: tuple[str, ...]
    description: str
    test: str
    sandbox: SandboxSpec
    limits: TaskLimits
    digest: str
    files: tuple[TaskFile, ...] = ()
    setup: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    aggregate: Aggregate = Aggregate.ALL
    pass_score: float = 1.0
    malformed_penalty: float = -1.0
    solution: tuple[Deed, ...] = ()
    wrong: tuple[WrongAnswer, ...] = ()
    milestones: tuple[Check, ...] = ()
    milestone_share: float | None = None
    grading_place: GradingPlace = GradingPlace.FRESH
    grading_paths: tuple[str, ...] = (".",)
    for_teacher: str = ""
    license: str = ""
    source: str = ""

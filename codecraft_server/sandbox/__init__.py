"""What a sandbox is: the Protocols that `docker` and the tests' fake implement, and the values that cross them.

Knows nothing of Docker, gRPC or tasks. What the learner's program does wrong is a value here (`Ended`, `FileProblem`); what the
sandbox itself does wrong is an exception: `SandboxLostError`, which any method may raise, and `SandboxStartError` and friends, which only
`Sandboxes` raises.
All paths, commands and output are bytes. All methods must be called on one event loop.
"""

from codecraft_server.sandbox.protocols import Command, Sandbox, Sandboxes
from codecraft_server.sandbox.values import (
    BackgroundProcess,
    CommandEvent,
    Ended,
    EndReason,
    Execution,
    FileContent,
    FileEntry,
    FileList,
    FileProblem,
    FileProblemKind,
    FileType,
    Gap,
    Limits,
    Look,
    OpenProgress,
    Origin,
    Output,
    OutputPolicy,
    Provided,
    PullProgress,
    SandboxSpec,
    Seen,
    StartProgress,
    Stream,
    Usage,
)

__all__ = [
    "BackgroundProcess",
    "Command",
    "CommandEvent",
    "EndReason",
    "Ended",
    "Execution",
    "FileContent",
    "FileEntry",
    "FileList",
    "FileProblem",
    "FileProblemKind",
    "FileType",
    "Gap",
    "Limits",
    "Look",
    "OpenProgress",
    "Origin",
    "Output",
    "OutputPolicy",
    "Provided",
    "PullProgress",
    "Sandbox",
    "SandboxSpec",
    "Sandboxes",
    "Seen",
    "StartProgress",
    "Stream",
    "Usage",
]

"""The agent's side of codecraft.

    from codecraft_client import Client

    with Client() as client, client.reset("1") as episode:
        episode.write_file("hello.py", 'print("Hello, World!")')
        for event in episode.run("python3 hello.py"):
            ...
        assert episode.submit().reward.value == 1.0

The trainer's and operator's side is `ControlClient`. For asyncio there is `codecraft_client.aio`, for many episodes over one stream
`codecraft_client.rollout`.

The rooms, top to bottom: `cli`; `agents` (models that play) and `demo`; `gym` (the only one that knows Gymnasium, imported only by who
wants it); `client`, `control`, `rollout`, `episode`, `running`; `configured`; `connection`; `ongoing`; `transport` (the only one that
knows gRPC) over `lanes`, the streams that it keeps open; `exchange` and `step_stream` (what to do next, as pure state machines) with
`retry`; `wire`; `tools`, `actions`, `calls`, `events`, `grades`, `rewards`, `types` (which has all of `tasks`, `observations` and
`server_info`), `errors`.
"""

from codecraft_client import errors
from codecraft_client.actions import Action, ListFiles, ReadFile, RunCommand, Text, WriteFile
from codecraft_client.client import Client, Resetting
from codecraft_client.connection import PROTOCOL_VERSION
from codecraft_client.control import ControlClient
from codecraft_client.episode import Episode
from codecraft_client.errors import CodecraftError
from codecraft_client.events import (
    GradingPhase,
    Heartbeat,
    Output,
    Phase,
    Progress,
    Pulling,
    Queued,
    RegradeResult,
    SettingUp,
    Started,
    Starting,
    StepEvent,
    StepResult,
    SubmitEvent,
    SubmitResult,
)
from codecraft_client.grades import CheckResult, Grade, GradingPlace
from codecraft_client.ongoing import Ongoing
from codecraft_client.retry import RetryPolicy
from codecraft_client.rewards import MilestoneChange, Reward, RewardMode, RewardOptions, StepLabel
from codecraft_client.running import Running
from codecraft_client.timeouts import Timeouts
from codecraft_client.types import (
    ActionError,
    ChoiceStrategy,
    CommandEnd,
    EndReason,
    EpisodeState,
    EpisodeStatus,
    EpisodeSummary,
    FaultReason,
    FileType,
    Gap,
    Observation,
    Outcome,
    ServerInfo,
    Stream,
    Task,
    TaskChoice,
    TaskStatistics,
)

__all__ = [
    "PROTOCOL_VERSION",
    "Action",
    "ActionError",
    "CheckResult",
    "ChoiceStrategy",
    "Client",
    "CodecraftError",
    "CommandEnd",
    "ControlClient",
    "EndReason",
    "Episode",
    "EpisodeState",
    "EpisodeStatus",
    "EpisodeSummary",
    "FaultReason",
    "FileType",
    "Gap",
    "Grade",
    "GradingPhase",
    "GradingPlace",
    "Heartbeat",
    "ListFiles",
    "MilestoneChange",
    "Observation",
    "Ongoing",
    "Outcome",
    "Output",
    "Phase",
    "Progress",
    "Pulling",
    "Queued",
    "ReadFile",
    "RegradeResult",
    "Resetting",
    "RetryPolicy",
    "Reward",
    "RewardMode",
    "RewardOptions",
    "RunCommand",
    "Running",
    "ServerInfo",
    "SettingUp",
    "Started",
    "Starting",
    "StepEvent",
    "StepLabel",
    "StepResult",
    "Stream",
    "SubmitEvent",
    "SubmitResult",
    "Task",
    "TaskChoice",
    "TaskStatistics",
    "Text",
    "Timeouts",
    "WriteFile",
    "errors",
]

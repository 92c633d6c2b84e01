"""Enumerations of the schema and ours, by name. What the schema adds later decodes to the member that stands for the unknown."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

from codecraft.v1 import environment_pb2 as env
from codecraft.v1 import types_pb2 as pb
from codecraft_client import events, grades, rewards, types

E = TypeVar("E", bound=Enum)


def _table(schema: Any, ours: type[E], prefix: str) -> dict[int, E]:
    """Numbers of `schema` (a generated enumeration) to members of `ours` of the same name; UNSPECIFIED is in none of them."""
    names = {name.removeprefix(prefix): number for name, number in schema.items()}
    return {number: ours[name] for name, number in names.items() if name in ours.__members__}


STREAM = _table(pb.OutputStream, types.Stream, "OUTPUT_STREAM_")
END_REASON = _table(pb.EndReason, types.EndReason, "END_REASON_")
FILE_TYPE = _table(pb.FileType, types.FileType, "FILE_TYPE_")
ACTION_ERROR = _table(pb.ActionError, types.ActionError, "ACTION_ERROR_")
REWARD_KIND = _table(pb.RewardKind, rewards.RewardKind, "REWARD_KIND_")
REWARD_MODE = _table(pb.RewardMode, rewards.RewardMode, "REWARD_MODE_")
STEP_LABEL = _table(pb.StepLabel, rewards.StepLabel, "STEP_LABEL_")
OUTCOME = _table(pb.Outcome, types.Outcome, "OUTCOME_")
FAULT_REASON = _table(pb.FaultReason, types.FaultReason, "FAULT_REASON_")
SANDBOX_ORIGIN = _table(pb.SandboxOrigin, types.SandboxOrigin, "SANDBOX_ORIGIN_")
GRADING_PLACE = _table(pb.GradingPlace, grades.GradingPlace, "GRADING_PLACE_")
EPISODE_STATE = _table(env.EpisodeState, types.EpisodeState, "EPISODE_STATE_")
GRADING_PHASE = _table(env.GradingPhase, events.GradingPhase, "GRADING_PHASE_")


def optional(table: Mapping[int, E], number: int, unknown: E) -> E | None:
    """The member for `number`; None for UNSPECIFIED, `unknown` for what this version does not know."""
    return table.get(number, unknown) if number else None

"""Ranges of what clients send. Pure.

What a client library does wrong is an InvalidFieldError; what the agent does wrong is a `Complaint`.
"""

import math
import re
from dataclasses import dataclass

from codecraft_server.episodes.events import (
    Action,
    ActionError,
    GiveUp,
    ListFiles,
    ParsedAction,
    ReadFile,
    Restart,
    RunCommand,
    StartTask,
    SubmitWork,
    TextAction,
    WriteFile,
)
from codecraft_server.errors import InvalidFieldError
from codecraft_server.rewards import RewardMode, RewardTerms
from codecraft_server.settings import EpisodeSettings

MAX_DEPTH = 16
MAX_ENTRIES = 10_000
MAX_OFFSET = 2**62  # far from where a file system's arithmetic would wrap
MAX_MODE = 0o7777
MAX_STDIN_PIECE = 65_536
REQUEST_ID_CHARACTERS = 128
TRAINER_CHARACTERS = 128
SESSION = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with an action by the agent's doing; `message` is for the agent."""

    error: ActionError
    message: str


def check_reward(terms: RewardTerms) -> None:
    """Raise InvalidFieldError for terms that contradict themselves or are out of range."""
    share, discount = terms.milestone_share, terms.discount
    if share is not None and terms.mode is not RewardMode.MILESTONES:
        raise InvalidFieldError("reward.milestone_share", "belongs to REWARD_MODE_MILESTONES only")
    if share is not None and not 0 <= share <= 1:
        raise InvalidFieldError("reward.milestone_share", f"must be 0 to 1, is {share:g}")
    if terms.mode is not RewardMode.SHAPED:
        if discount is not None:
            raise InvalidFieldError("reward.discount", "belongs to REWARD_MODE_SHAPED only")
    elif discount is None:
        raise InvalidFieldError("reward.discount", "is missing; REWARD_MODE_SHAPED needs the discount factor of the learner")
    elif not 0 < discount <= 1:
        raise InvalidFieldError("reward.discount", f"must be above 0 and at most 1, is {discount:g}")


def check_action(action: Action, command_s: float, bounds: EpisodeSettings) -> None:
    """Raise InvalidFieldError for a typed action that no client may send; `command_s` is the longest time-out."""
    match action:
        case TextAction():
            _at_most("action.text", len(action.text.encode("utf-8", "surrogatepass")), bounds.max_command_bytes)
        case _:
            check_parsed(action, command_s, bounds)


def check_parsed(action: ParsedAction, command_s: float, bounds: EpisodeSettings) -> None:
    """Likewise for what an action means, wherever it came from."""
    match action:
        case RunCommand():
            _check_command(action, command_s, bounds)
        case WriteFile():
            _at_most("action.write_file.content", len(action.content), bounds.max_content_bytes)
            if action.mode is not None:
                _in_range("action.write_file.mode", action.mode, MAX_MODE)
            if action.offset is not None:
                _in_range("action.write_file.offset", action.offset, MAX_OFFSET)
        case ReadFile():
            _in_range("action.read_file.offset", action.offset, MAX_OFFSET)
            _in_range("action.read_file.max_bytes", action.max_bytes, bounds.max_content_bytes)
        case ListFiles():
            _in_range("action.list_files.depth", action.depth, MAX_DEPTH)
            _in_range("action.list_files.max_entries", action.max_entries, MAX_ENTRIES)
        case StartTask() | Restart() | SubmitWork() | GiveUp():
            pass
        case _:
            raise InvalidFieldError("action", "is missing")


def _check_command(action: RunCommand, command_s: float, bounds: EpisodeSettings) -> None:
    timeout_s = action.timeout_s
    if timeout_s is not None and not (math.isfinite(timeout_s) and 0 < timeout_s <= command_s):
        raise InvalidFieldError("action.run_command.timeout", f"must be above 0 and at most {command_s:g} s, is {timeout_s:g} s")
    if not SESSION.fullmatch(action.session):
        raise InvalidFieldError("action.run_command.session", "must be 1 to 64 of A-Z, a-z, 0-9, '_', '.', '-'")
    if action.stdin is not None:
        _at_most("action.run_command.stdin", len(action.stdin), bounds.max_stdin_bytes)


def complaint(action: ParsedAction, bounds: EpisodeSettings) -> Complaint | None:
    """What the agent did wrong, where that can be seen without a sandbox."""
    match action:
        case RunCommand(command=command):
            if b"\0" in command:
                return Complaint(ActionError.BAD_COMMAND, "A command can't have a NUL byte.")
            if len(command) > bounds.max_command_bytes:
                return Complaint(ActionError.BAD_COMMAND, f"A command can't be longer than {bounds.max_command_bytes} bytes.")
        case WriteFile(path=path) | ReadFile(path=path):
            return _bad_path(path, bounds.max_path_bytes) if path else Complaint(ActionError.BAD_PATH, "The path is empty.")
        case ListFiles(path=path):
            return _bad_path(path, bounds.max_path_bytes)
        case _:
            pass
    return None


def _bad_path(path: bytes, most: int) -> Complaint | None:
    if b"\0" in path:
        return Complaint(ActionError.BAD_PATH, "A path can't have a NUL byte.")
    if len(path) > most:
        return Complaint(ActionError.BAD_PATH, f"A path can't be longer than {most} bytes.")
    return None


def check_request_id(request_id: str) -> None:
    """Raise InvalidFieldError unless a Reset can be known by it."""
    if not 1 <= len(request_id) <= REQUEST_ID_CHARACTERS:
        raise InvalidFieldError("request_id", f"must have 1 to {REQUEST_ID_CHARACTERS} characters, has {len(request_id)}")


def check_trainer(trainer: str) -> None:
    """Raise InvalidFieldError unless it can be a trainer's name."""
    if len(trainer) > TRAINER_CHARACTERS:
        raise InvalidFieldError("trainer", f"must have at most {TRAINER_CHARACTERS} characters, has {len(trainer)}")


def check_step_index(step_index: int) -> None:
    """Raise InvalidFieldError for an index that no step has."""
    _in_range("step_index", step_index, 2**31 - 1)


def check_grace(grace_s: float, bounds: EpisodeSettings) -> None:
    """Raise InvalidFieldError for a grace that Interrupt can't give."""
    if not 0 <= grace_s <= bounds.max_grace_s:
        raise InvalidFieldError("grace", f"must be 0 to {bounds.max_grace_s:g} s")


def check_stdin(offset: int, data: bytes) -> None:
    """Raise InvalidFieldError for a WriteStdin that is too large or nowhere."""
    _in_range("offset", offset, MAX_OFFSET)
    _at_most("data", len(data), MAX_STDIN_PIECE)


def _in_range(field: str, value: int, most: int) -> None:
    if not 0 <= value <= most:
        raise InvalidFieldError(field, f"must be 0 to {most}, is {value}")


def _at_most(field: str, size: int, most: int) -> None:
    if size > most:
        raise InvalidFieldError(field, f"has {size} bytes, at most {most} are allowed")

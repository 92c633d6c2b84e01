"""What the agent gets wrong is an observation; what no client may send is refused."""

import math
from typing import Any

import pytest
from each import each
from fakes.game import Game, Games

from codecraft_server import rewards
from codecraft_server.episodes.events import (
    Action,
    ActionError,
    ListFiles,
    ReadFile,
    RunCommand,
    TextAction,
    WriteFile,
)
from codecraft_server.errors import (
    InvalidFieldError,
)
from codecraft_server.rewards import Step
from codecraft_server.sandbox import FileProblem, FileProblemKind

# Mistakes of the agent


@each(
    ("action", "error"),
    [
        (RunCommand(b"a\0b"), ActionError.BAD_COMMAND),
        (RunCommand(b"x" * 1_000_001), ActionError.BAD_COMMAND),
        (ReadFile(b""), ActionError.BAD_PATH),
        (WriteFile(b"", b""), ActionError.BAD_PATH),
        (ReadFile(b"a\0"), ActionError.BAD_PATH),
        (ListFiles(b"\0"), ActionError.BAD_PATH),
        (WriteFile(b"x" * 4097, b""), ActionError.BAD_PATH),
        (ListFiles(b"x" * 4097), ActionError.BAD_PATH),
        (ReadFile(b"missing"), ActionError.FILE_NOT_FOUND),
        (ReadFile(b"/tmp"), ActionError.WRONG_FILE_TYPE),
    ],
)
async def test_mistakes_are_observations(games: Games, action: Action, error: ActionError) -> None:
    """What the agent gets wrong with paths and commands costs a step and nothing else."""
    game = await games()
    player = await game.reset()
    result = await player.step(action)
    assert result.observation.error is error
    assert result.observation.message
    assert (result.reward, result.label, result.outcome) == (rewards.NOTHING, Step.NEUTRAL, None)
    assert game.episodes.get(*player.key).next_step_index == 1


@each("kind", FileProblemKind)
async def test_every_problem_of_the_sandbox_has_a_word(games: Games, kind: FileProblemKind) -> None:
    """Whatever problem the sandbox reports, of files or of commands, becomes an observation with its message."""
    game = await games()
    player = await game.reset()
    for action in (ReadFile(b"a"), RunCommand(b"true")):
        player.sandbox.fail_next = FileProblem(kind, "what went wrong")
        seen = (await player.step(action)).observation
        assert (seen.message, seen.error is not None, seen.ended) == ("what went wrong", True, None)


async def test_too_many_sessions_is_a_mistake(game: Game) -> None:
    """The ninth session is refused as an observation."""
    player = await game.reset()
    for number in range(8):
        await player.step(RunCommand(b"true", session=f"s{number}"))
    result = await player.step(RunCommand(b"true", session="s8"))
    assert result.observation.error is ActionError.TOO_MANY_SESSIONS


async def test_typed_actions_need_a_task(game: Game) -> None:
    """Before a task was started every action pays the penalty and says how to start one; the episode goes on."""
    player = await game.reset(None)
    for action in (RunCommand(b"true"), WriteFile(b"a", b""), ReadFile(b"a"), ListFiles()):
        result = await player.step(action)
        assert result.observation.error is ActionError.NO_TASK
        assert result.observation.message == 'No task started. Use {"action": "start", "task_id": …}.'
        assert (result.reward.value, result.label, result.outcome) == (-1.0, Step.REGRESS, None)


# Mistakes of the client


@each(
    ("action", "field"),
    [
        (None, "action"),
        (RunCommand(b"true", timeout_s=0.0), "action.run_command.timeout"),
        (RunCommand(b"true", timeout_s=-1.0), "action.run_command.timeout"),
        (RunCommand(b"true", timeout_s=30.1), "action.run_command.timeout"),
        (RunCommand(b"true", timeout_s=math.nan), "action.run_command.timeout"),
        (RunCommand(b"true", session=""), "action.run_command.session"),
        (RunCommand(b"true", session="a b"), "action.run_command.session"),
        (RunCommand(b"true", session="a\n"), "action.run_command.session"),
        (RunCommand(b"true", session="x" * 65), "action.run_command.session"),
        (RunCommand(b"true", stdin=b"x" * (512 * 1024 + 1)), "action.run_command.stdin"),
        (WriteFile(b"a", b"x" * 900_001), "action.write_file.content"),
        (WriteFile(b"a", b"", mode=-1), "action.write_file.mode"),
        (WriteFile(b"a", b"", mode=0o10000), "action.write_file.mode"),
        (WriteFile(b"a", b"", offset=-1), "action.write_file.offset"),
        (ReadFile(b"a", offset=-1), "action.read_file.offset"),
        (ReadFile(b"a", max_bytes=-1), "action.read_file.max_bytes"),
        (ReadFile(b"a", max_bytes=900_001), "action.read_file.max_bytes"),
        (ListFiles(depth=17), "action.list_files.depth"),
        (ListFiles(depth=-1), "action.list_files.depth"),
        (ListFiles(max_entries=10_001), "action.list_files.max_entries"),
        (ListFiles(max_entries=-1), "action.list_files.max_entries"),
        (TextAction("x" * 1_000_001), "action.text"),
        (TextAction("é" * 500_001), "action.text"),
    ],
)
async def test_what_no_client_may_send_is_refused(games: Games, action: Any, field: str) -> None:
    """Numbers out of range and fields over their size are refused by name, and no step is used."""
    game = await games()
    player = await game.reset()
    with pytest.raises(InvalidFieldError) as refused:
        await player.step(action, index=0)
    assert refused.value.field == field
    assert game.episodes.get(*player.key).next_step_index == 0

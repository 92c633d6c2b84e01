"""An episode in real containers, from Reset to Submit: what its steps pay, and that looking leaves nothing behind."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from grading_helpers import task_of

from codecraft_server.curriculum import Curriculum
from codecraft_server.docker import DockerSandboxes
from codecraft_server.episodes import Episodes
from codecraft_server.episodes.events import Action, Ready, RunCommand, StepResult, SubmitResult, WriteFile
from codecraft_server.grading import Grader
from codecraft_server.rewards import RewardKind, RewardMode, RewardTerms, Step
from codecraft_server.settings import Settings
from codecraft_server.task import Task

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]

MILESTONES: list[dict[str, object]] = [
    {"id": "there", "kind": "file", "path": "hello.sh", "visibility": "result"},
    {"id": "runs", "kind": "command", "command": "sh hello.sh", "stdout": {"normalized": "hello"}, "weight": 3},
]
CHECK: dict[str, object] = {"id": "c", "kind": "command", "command": "sh hello.sh", "stdout": {"normalized": "hello"}}


async def last(stream: AsyncGenerator[Any, None]) -> Any:
    """The last event."""
    return [event async for event in stream][-1]


class Play:
    """One episode."""

    def __init__(self, episodes: Episodes, ready: Ready) -> None:
        self._episodes = episodes
        self._key = (ready.episode_id, ready.episode_token)
        self._taken = 0

    async def step(self, action: Action) -> StepResult:
        """Take a step."""
        self._taken += 1
        result: StepResult = await last(self._episodes.step(*self._key, self._taken - 1, action, stream_output=False))
        return result

    async def submit(self) -> SubmitResult:
        """Submit."""
        result: SubmitResult = await last(self._episodes.submit(*self._key))
        return result


async def play(sandboxes: DockerSandboxes, task: Task, terms: RewardTerms) -> list[StepResult | SubmitResult]:
    """Make a wrong program, break it, make it right, submit."""
    settings = Settings()
    async with Episodes(sandboxes, Curriculum({"1": task}), Grader(sandboxes, settings.grading), settings, "play") as episodes:
        player = Play(episodes, await last(episodes.reset("r", "1", reward=terms)))
        return [
            await player.step(RunCommand(b"umask 077; ls -la")),
            await player.step(WriteFile(b"hello.sh", b"echo goodbye\n")),
            await player.step(RunCommand(b"rm hello.sh")),
            await player.step(RunCommand(b"echo 'echo hello' >hello.sh; (while :; do echo; done) >/dev/null 2>&1 &")),
            await player.submit(),
        ]


async def test_an_episode_pays_for_its_milestones(docker_sandboxes: DockerSandboxes, tmp_path: Path) -> None:
    """Each milestone pays once, where it was first reached, and the submission the rest; labels say what every step was worth."""
    task = await task_of(tmp_path, CHECK, milestones=MILESTONES)
    results = await play(docker_sandboxes, task, RewardTerms(RewardMode.MILESTONES))
    assert [result.fault for result in results] == [None] * 5
    assert [result.reward.value for result in results] == [0.0, 0.125, 0.0, 0.375, 0.5]
    assert [result.label for result in results] == [Step.NEUTRAL, Step.PROGRESS, Step.REGRESS, Step.PROGRESS, Step.PROGRESS]
    assert [part.name for result in results for part in result.reward.components] == ["there", "", ""]
    assert isinstance(results[-1], SubmitResult)
    assert results[-1].episode_return == 1.0


async def test_shaping_adds_up_to_the_score(docker_sandboxes: DockerSandboxes, tmp_path: Path) -> None:
    """What holds is paid as it comes and goes; in the end there is the score."""
    task = await task_of(tmp_path, CHECK, milestones=MILESTONES)
    results = await play(docker_sandboxes, task, RewardTerms(RewardMode.SHAPED, discount=1.0))
    assert [result.reward.value for result in results] == [0.0, 0.25, -0.25, 1.0, 0.0]
    kinds = [part.kind for part in results[-1].reward.components]
    assert kinds == [RewardKind.OUTCOME, RewardKind.SHAPING]
    assert isinstance(results[-1], SubmitResult)
    assert results[-1].episode_return == 1.0

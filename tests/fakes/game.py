"""A server's episodes with fakes all around, and clients that play them. Time passes when a test says so."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

from codecraft_server.curriculum import Curriculum
from codecraft_server.episodes import Episodes
from codecraft_server.episodes.choosing import TaskChoice
from codecraft_server.episodes.events import Action, Ready, RunCommand, StepResult, SubmitResult, TextAction
from codecraft_server.rewards import BY_OUTCOME, RewardTerms
from codecraft_server.sandbox import Gap, Output, Stream
from codecraft_server.settings import GradingSettings, Settings
from codecraft_server.task import Task
from fakes.clock import FakeClock
from fakes.sandbox import FakeSandbox, FakeSandboxes
from fakes.tasks import FakeGrader, a_curriculum


class Follower:
    """A call that follows a stream in the background, as a client does."""

    def __init__(self, stream: AsyncGenerator[Any, None]) -> None:
        self.events: list[Any] = []
        self.error: BaseException | None = None
        self._stream = stream
        self._task = asyncio.ensure_future(self._follow())

    async def _follow(self) -> None:
        try:
            async for event in self._stream:
                self.events.append(event)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.error = error

    @property
    def done(self) -> bool:
        return self._task.done()

    async def leave(self) -> None:
        """Go away as a cancelled call does."""
        self._task.cancel()
        await asyncio.wait({self._task})
        await self._stream.aclose()

    async def last(self) -> Any:
        """Wait for the end; raise what it raised, else return the last event."""
        await self._task
        if self.error is not None:
            raise self.error
        return self.events[-1]


def text_of(events: list[Any], stream: Stream = Stream.OUT) -> bytes:
    """The bytes of one stream, which must follow on one another but for gaps."""
    pieces, expected = [], None
    for event in events:
        if isinstance(event, Output | Gap) and event.stream is stream:
            assert expected is None or event.offset == expected
            expected = event.offset + (event.dropped if isinstance(event, Gap) else len(event.data))
            if isinstance(event, Output):
                pieces.append(event.data)
    return b"".join(pieces)


class Game:
    """Everything a test turns: the episodes, and what they stand on."""

    def __init__(self, settings: Settings, curriculum: Curriculum) -> None:
        self.clock = FakeClock()
        self.sandboxes = FakeSandboxes(self.clock)
        self.grader = FakeGrader()
        self.settings = settings
        self.episodes = Episodes(self.sandboxes, curriculum, self.grader, settings, "w1", clock=self.clock)
        self._requests = 0

    async def reset(
        self, start: TaskChoice | str | None = "1", request_id: str = "", trainer: str = "", reward: RewardTerms = BY_OUTCOME
    ) -> "Player":
        """Open an episode."""
        self._requests += 1
        ready = await Follower(self.episodes.reset(request_id or f"request {self._requests}", start, trainer=trainer, reward=reward)).last()
        assert isinstance(ready, Ready)
        return Player(self, ready)

    def follow(self, stream: AsyncGenerator[Any, None]) -> Follower:
        return Follower(stream)


class Player:
    """A client with one episode."""

    def __init__(self, game: Game, ready: Ready) -> None:
        self.game = game
        self.ready = ready
        self.key = (ready.episode_id, ready.episode_token)
        self.next_index = 0

    @property
    def sandbox(self) -> FakeSandbox:
        """The sandbox made last."""
        return self.game.sandboxes.made[-1]

    def begin(self, action: Action | str, *, stream: bool = True, index: int | None = None) -> Follower:
        """Begin a step in the background; a string is a command."""
        if isinstance(action, str):
            action = RunCommand(action.encode())
        if index is None:
            index = self.next_index
            self.next_index += 1
        return Follower(self.game.episodes.step(*self.key, index, action, stream_output=stream))

    async def step(self, action: Action | str, *, stream: bool = False, index: int | None = None) -> StepResult:
        """Take a step to its end."""
        result = await self.begin(action, stream=stream, index=index).last()
        assert isinstance(result, StepResult)
        return result

    async def say(self, text: str) -> StepResult:
        """Take a step in the text dialect."""
        return await self.step(self.text(text))

    def text(self, text: str) -> TextAction:
        return TextAction(text)

    def begin_text(self, text: str, *, index: int | None = None) -> Follower:
        """Begin a step in the text dialect in the background."""
        return self.begin(self.text(text), index=index)

    def resume(self, index: int, out: int = 0, err: int = 0) -> Follower:
        return Follower(self.game.episodes.resume(*self.key, index, out, err))

    def begin_submit(self, *, again: bool = False) -> Follower:
        return Follower(self.game.episodes.submit(*self.key, again=again))

    async def submit(self, *, again: bool = False) -> SubmitResult:
        result = await self.begin_submit(again=again).last()
        assert isinstance(result, SubmitResult)
        return result

    def interrupt(self, index: int, grace_s: float = 0.0) -> None:
        self.game.episodes.interrupt(*self.key, index, grace_s)


class Games:
    """Makes games that end with the stack."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.made: list[Game] = []

    async def __call__(self, *tasks: Task, grading: GradingSettings | None = None, **bounds: Any) -> Game:
        """A game with these tasks (one plain task else) and these settings of episodes."""
        settings = Settings(grading=grading or GradingSettings())
        settings = replace(settings, episodes=replace(settings.episodes, **bounds))
        game = Game(settings, a_curriculum(*tasks))
        self.made.append(game)
        await self._stack.enter_async_context(game.sandboxes)
        await self._stack.enter_async_context(game.episodes)
        return game

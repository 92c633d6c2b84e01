"""One environment of many: plays one episode after another, as dialogues with a server that somebody else conducts.

Decides what is asked and what is told of the answers. Knows neither the line nor the other environments.
"""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, TypeAlias

import numpy as np
from gymnasium.utils import seeding

from codecraft_client.actions import Action
from codecraft_client.calls import Close, Closed, Reset, Step
from codecraft_client.errors import CodecraftError, EpisodeNotFoundError, InvalidFieldError, UsageError
from codecraft_client.events import Ready, StepResult
from codecraft_client.gym import told
from codecraft_client.gym.dialogues import Ask, Dialogue
from codecraft_client.gym.terminal import Terminal
from codecraft_client.timeouts import Timeouts
from codecraft_client.types import Observation, Task

log = logging.getLogger("codecraft_client")


@dataclass(frozen=True, slots=True)
class Turn:
    """What an environment is told at the end of a step or a reset, or of both.

    Attributes:
        infos: One after the other, as they are added to the infos of a batch.
        error: What failed; the rest then says what can be said all the same.
    """

    observation: dict[str, Any]
    reward: float
    terminated: bool
    truncated: bool
    infos: tuple[dict[str, Any], ...]
    error: CodecraftError | None = None

    @property
    def over(self) -> bool:
        """Whether the episode is."""
        return self.terminated or self.truncated


class State(Enum):
    """How an environment stands: it needs a reset, its episode is played, or has ended."""

    NEW = "new"
    PLAYING = "playing"
    ENDED = "ended"


Turning: TypeAlias = Dialogue[Turn]


class Player:
    """Its episode, and what it saw last.

    Attributes:
        state: How it stands.
        shown: The observation that was returned last, as whoever returns it notes; None before the first one.
        terminal: The screen that it writes to, if any.
    """

    def __init__(self, timeouts: Timeouts, *, raises: bool, timing: bool, screen: bool) -> None:
        """`raises`: whether a fault is an error, besides ending the episode."""
        self.state = State.NEW
        self.shown: dict[str, Any] | None = None
        self.terminal = Terminal(live=False) if screen else None
        self._timeouts = timeouts
        self._raises = raises
        self._timing = timing
        self._ready: Ready | None = None  # until it is closed
        self._task: Task | None = None
        self._seen: Observation | None = None
        self._next_index = 0
        self._chance: np.random.Generator | None = None
        self._seed: int | None = None

    @property
    def open(self) -> bool:
        """Whether it has an episode that is to be closed."""
        return self._ready is not None

    @property
    def chance(self) -> np.random.Generator:
        """The generator of whatever is left to chance."""
        if self._chance is None:
            self.seed(None)
        assert self._chance is not None  # noqa: S101 - just made
        return self._chance

    @property
    def seed_of_chance(self) -> int:
        """What `chance` was seeded with."""
        _ = self.chance
        assert self._seed is not None  # noqa: S101 - just drawn
        return self._seed

    def seed(self, seed: int | None) -> None:
        """Begin to draw anew; None: from the operating system's entropy."""
        self._chance, self._seed = seeding.np_random(seed)

    def opening(self, wanted: Callable[[], Reset]) -> Turning:
        """Close the episode that is open, and open another, the one that is wanted by then."""
        try:
            reset = wanted()
        except CodecraftError as error:
            return self._unopened(error)
        yield from self.leaving()
        said = yield Ask(reset, self._timeouts.reset_s)
        if isinstance(said, CodecraftError):
            return self._unopened(said)
        self._ready, self._task, self._seen, self._next_index, self.state = said, said.task, said.observation, 0, State.PLAYING
        observation, info = told.opened(said, timing=self._timing)
        if self.terminal is not None:
            self.terminal.clear()
            self.terminal.line(observation["message"].strip())
        return Turn(observation, 0.0, terminated=False, truncated=False, infos=(info,))

    def stepping(self, action: Action) -> Turning:
        """Take a step."""
        ready = self._ready
        assert ready is not None  # noqa: S101 - PLAYING
        if self.terminal is not None:
            self.terminal.typed(action)
        limit_s = self._timeouts.step_s(action, self._task.limits.command_s if self._task else 0.0)
        said = yield Ask(Step(ready.episode_id, ready.episode_token, self._next_index, action), limit_s)
        turn = self._lost(said) if isinstance(said, CodecraftError) else self._stepped(ready, said)
        if turn.over:
            self.state = State.ENDED
        return turn

    def renewing(self, action: Action, wanted: Callable[[], Reset]) -> Turning:
        """Take a step, and where that ends the episode open another at once: autoreset in the same step."""
        turn = yield from self.stepping(action)
        if not turn.over or turn.error is not None:
            return turn
        final = {"final_obs": turn.observation, "final_info": turn.infos[0]}
        opened = yield from self.opening(wanted)
        told_of_it = opened.infos if opened.error is None else ()  # the step has its reward, whatever became of the opening
        return replace(turn, observation=opened.observation, infos=(final, *told_of_it), error=opened.error)

    def leaving(self) -> Dialogue[Any]:
        """Close the episode, if there is one. Where that fails, its lease ends it."""
        ready, self._ready = self._ready, None
        if ready is None:
            return
        if self.state is State.PLAYING:
            self.state = State.ENDED
        said = yield Ask(Close(ready.episode_id, ready.episode_token), self._timeouts.call_s)
        if not isinstance(said, Closed | EpisodeNotFoundError):
            log.debug("episode %s was left to its lease: %s", ready.episode_id, said)

    def _stepped(self, ready: Ready, result: StepResult) -> Turn:
        self._next_index += 1
        self._seen = result.observation
        self._task = result.started_task or self._task
        observation, reward, terminated, truncated, info = told.stepped(ready.episode_id, result, timing=self._timing)
        if self.terminal is not None:
            self.terminal.write(observation["output"])
            self.terminal.ended(result)
        error = told.fault(ready.episode_id, result) if self._raises else None
        return Turn(observation, reward, terminated, truncated, (info,), error)

    def _lost(self, error: CodecraftError) -> Turn:
        assert self._seen is not None  # noqa: S101 - PLAYING
        if self.terminal is not None:
            self.terminal.line(f"[no reward: {error}]")
        observation, reward, terminated, truncated, info = told.lost(self._seen, error)
        programs = isinstance(error, UsageError | InvalidFieldError)  # its mistake, whatever is to be done about the service's
        return Turn(observation, reward, terminated, truncated, (info,), error if self._raises or programs else None)

    def _unopened(self, error: CodecraftError) -> Turn:
        """There is no episode. The state stays, so that autoreset tries again with the next step."""
        if self._seen is None:
            return Turn({}, math.nan, terminated=False, truncated=True, infos=(), error=error)
        observation, reward, terminated, truncated, info = told.lost(self._seen, error)
        return Turn(observation, reward, terminated, truncated, (info,), error)

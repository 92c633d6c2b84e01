"""Plays many tasks at once, each in a thread, and hands out what each came to. Knows no model, no file and no table."""

import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeAlias

from codecraft_client.agents.errors import AgentBrokenError, HaltedError
from codecraft_client.agents.keeping import Keeper
from codecraft_client.agents.playing import Papers, Player
from codecraft_client.agents.protocol import AgentEvent, AgentFactory, AgentOptions
from codecraft_client.agents.result import RAISED, TaskResult
from codecraft_client.client import Client
from codecraft_client.types import Task


class Watcher(Protocol):
    """Whoever watches a run. Called from the threads that play."""

    def began(self, task: Task) -> None:
        """A task has been begun."""
        ...

    def happened(self, task: Task, event: AgentEvent) -> None:
        """Something happened in it."""
        ...

    def over(self, task: Task) -> None:
        """It is over, whatever it came to."""
        ...


Finished: TypeAlias = TaskResult | BaseException | None
"""A result; what broke the run; None: a thread has nothing left to do."""


class Runner:
    """Plays tasks with as many threads as it is told, but no more than the server admits episodes."""

    def __init__(
        self, client: Client, make: AgentFactory, options: AgentOptions, papers: Papers, watcher: Watcher, *, parallel: int = 1
    ) -> None:
        self._client = client
        self._make = make
        self._options = options
        self._papers = papers
        self._watcher = watcher
        self._parallel = parallel

    def play(self, tasks: Iterable[Task]) -> Generator[TaskResult, None, None]:
        """Yield results as tasks are finished.

        However the iteration ends, by Ctrl-C too, agents are stopped and episodes closed then. Raises what stops a run:
        ModelRefusedError, TransportError when the server is gone, UsageError where no transcript can be written, AgentBrokenError.
        """
        waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
        finished: queue.SimpleQueue[Finished] = queue.SimpleQueue()
        for task in tasks:
            waiting.put(task)
        limits = self._client.server_info().limits
        with Keeper(limits.episode_lease_s) as keeper:
            player = Player(self._client, self._make, self._options, keeper, self._papers)
            threads = [
                threading.Thread(target=self._work, args=(player, waiting, finished), name=f"codecraft-play-{number}", daemon=True)
                for number in range(min(self._parallel, waiting.qsize(), limits.episodes))
            ]
            with self._stopping(threads, keeper):
                for thread in threads:
                    thread.start()
                yield from _results(finished, len(threads), self._options.settings.raised_most)

    def _work(self, player: Player, waiting: "queue.SimpleQueue[Task]", finished: "queue.SimpleQueue[Finished]") -> None:
        try:
            while not self._options.halt.is_set():
                finished.put(self._played(player, waiting.get_nowait()))
        except (queue.Empty, HaltedError):
            pass
        except BaseException as error:  # noqa: BLE001 - raised again where the results are taken
            finished.put(error)
        finally:
            finished.put(None)

    def _played(self, player: Player, task: Task) -> TaskResult:
        self._watcher.began(task)
        try:
            return player.play(task, lambda event: self._watcher.happened(task, event))
        finally:
            self._watcher.over(task)

    @contextmanager
    def _stopping(self, threads: list[threading.Thread], keeper: Keeper) -> Iterator[None]:
        """Have all threads ended behind it, those that wait for a model apart: nothing can hurry these, and they hold nothing."""
        try:
            yield
        finally:
            self._options.halt.set()
            keeper.close_all()
            share_s = self._options.settings.ending_s / max(1, len(threads))
            for thread in threads:
                if thread.ident is not None:
                    thread.join(share_s)
            keeper.close_all()  # what was being opened meanwhile


def _results(finished: "queue.SimpleQueue[Finished]", threads: int, raised_most: int) -> Iterator[TaskResult]:
    raised: int | None = 0  # how many in a row; None: something was judged, so the agent can play
    while threads:
        match finished.get():
            case None:
                threads -= 1
            case TaskResult() as result:
                yield result
                raised = _raised(raised, result)
                if raised == raised_most:
                    raise AgentBrokenError(f"nothing was judged in {raised} tasks: {result.problem}")
            case error:
                raise error


def _raised(before: int | None, result: TaskResult) -> int | None:
    if result.judged or before is None:
        return None
    return before + 1 if result.stopped == RAISED else 0

# Generated from ../episode.py by generate.py; do not edit.
"""An episode: the actions an agent takes in it, one after the other."""

import logging
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

from codecraft.v1 import environment_pb2 as env
from codecraft_client.actions import Action, ListFiles, ReadFile, RunCommand, Text, WriteFile
from codecraft_client.aio.connection import Connection
from codecraft_client.aio.running import AsyncRunning
from codecraft_client.errors import CodecraftError, EpisodeNotFoundError
from codecraft_client.events import Ready, StepResult, SubmitEvent, SubmitResult
from codecraft_client.exchange import Call, submission
from codecraft_client.listener import Listener
from codecraft_client.retry import NEVER
from codecraft_client.step_stream import StepStream
from codecraft_client.types import EpisodeStatus, Observation, Outcome, Task
from codecraft_client.wire import requests, values

log = logging.getLogger("codecraft_client")


class AsyncEpisode:
    """An open episode. Made by `AsyncClient.reset`; leaving its `with` block closes it and removes its sandbox.

    Steps are taken one at a time, by one coroutine; what is running may be stopped from any.

    Attributes:
        episode_id: Its id.
        token: Its secret.
        ready: How it was opened.
        task: The task; None until one is started.
        observation: What the last step (at first: the opening) let the agent see.
        outcome: How it ended, as far as this client has been told; None while it goes on.
        listener: Told everything that is done in it from now on, such as a recorder.
        lost: Told of each error of a step's line that is about to be waited out, while the line is being won back.
    """

    def __init__(self, connection: Connection, ready: Ready) -> None:
        self.episode_id = ready.episode_id
        self.token = ready.episode_token
        self.ready = ready
        self.task: Task | None = ready.task
        self.observation: Observation = ready.observation
        self.outcome: Outcome | None = None
        self.listener = Listener()
        self.lost: Callable[[CodecraftError], None] | None = None
        self._connection = connection
        self._next_index = 0
        self._in_doubt = False  # whether the last step counts: it may not have arrived, or have been withdrawn
        self._running: AsyncRunning | None = None
        self._closed = False

    def __repr__(self) -> str:
        """Its id, its task and how it ended; without its token."""
        task = self.task.task_id if self.task else None
        return f"{type(self).__name__}({self.episode_id!r}, task={task!r}, outcome={self.outcome.value if self.outcome else None!r})"

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close it. Where that fails the server's lease ends it, so nothing is raised over what went on in the block."""
        try:
            await self.close()
        except CodecraftError as failure:
            log.debug("episode %s was left to its lease: %s", self.episode_id, failure)

    async def run(
        self,
        command: str | bytes,
        *,
        timeout_s: float | None = None,
        stdin: str | bytes | None = None,
        stdin_open: bool = False,
        session: str = "main",
        separate: bool = False,
        stream: bool = True,
    ) -> AsyncRunning:
        """Start a command; see RunCommand for the arguments and `start` for `stream`."""
        return await self.start(RunCommand(command, timeout_s, stdin, stdin_open, session, separate), stream=stream)

    async def start(self, action: Action, *, stream: bool = True) -> AsyncRunning:
        """Take a step without waiting for its end.

        With `stream` its output arrives as events, and the result has none; else the result has its head and tail.
        Returns once the server has taken it up (at once, without `stream`). Raises what the server refuses it with.
        """
        running = await self._begin(action, stream=stream)
        if stream:
            await running.wait_for_first()
        return running

    async def step(self, action: Action) -> StepResult:
        """Take a step and wait for its result, which has the output."""
        result_only = not isinstance(action, Text)  # which may submit, or start a task: who listens wants to know how far that is
        return await (await self._begin(action, stream=False, result_only=result_only)).result()

    async def act(self, text: str) -> StepResult:
        """Take a step in the text dialect: one JSON object as a model writes it, parsed by the server."""
        return await self.step(Text(text))

    async def write_file(
        self, path: str | bytes, content: str | bytes, *, mode: int | None = None, offset: int | None = None
    ) -> StepResult:
        """Write a file; see WriteFile."""
        return await self.step(WriteFile(path, content, mode, offset))

    async def read_file(self, path: str | bytes, *, offset: int = 0, max_bytes: int = 0) -> StepResult:
        """Read a file into `observation.file`; see ReadFile."""
        return await self.step(ReadFile(path, offset, max_bytes))

    async def list_files(self, path: str | bytes = b"", *, depth: int = 1, max_entries: int = 0) -> StepResult:
        """List a directory into `observation.files`; see ListFiles."""
        return await self.step(ListFiles(path, depth, max_entries))

    async def submit(self, on_event: Callable[[SubmitEvent], None] | None = None, *, again: bool = False) -> SubmitResult:
        """End the work and have it graded. May be repeated: the result is kept for a while, also after `close`.

        `again`: after a fault that `can_submit_again`, have the kept work judged once more; what comes of it takes the fault's place.
        """
        timeouts = self._connection.timeouts
        limit_s = self.task.limits.grading_s if self.task else timeouts.grading_s
        request = env.SubmitRequest(episode_id=self.episode_id, episode_token=self.token, again=again)
        call = Call("Submit", request, limit_s + timeouts.reset_s + timeouts.margin_s, self.episode_id)
        self.listener.submitting()
        try:
            ongoing = await self._connection.begin(submission(call, self._connection.backoff()))
            async for event in ongoing:
                self.listener.told(event)
                if on_event is not None:
                    on_event(event)
            result = await ongoing.result()
        except CodecraftError as error:
            self.listener.failed(error)
            raise
        self.outcome = result.outcome
        self.listener.submitted(result)
        return result

    async def status(self) -> EpisodeStatus:
        """Ask how it stands; renews its lease."""
        request = env.GetEpisodeRequest(episode_id=self.episode_id, episode_token=self.token)
        return values.episode_status(await self._connection.ask("GetEpisode", request, env.GetEpisodeResponse, episode_id=self.episode_id))

    async def close(self) -> None:
        """End it and have its sandbox removed; a running step is given up. Idempotent. Not retried: its lease ends it anyway."""
        if self._closed:
            return
        if self._running is not None and not self._running.finished:
            self._running.detach()
        request = env.CloseRequest(episode_id=self.episode_id, episode_token=self.token)
        try:
            answer = await self._connection.ask("Close", request, env.CloseResponse, episode_id=self.episode_id, retry=NEVER)
            self.outcome = values.outcome(answer.outcome)
        except EpisodeNotFoundError:
            log.debug("episode %s was gone already", self.episode_id)
        self._closed = True
        self.listener.closed(self.outcome)

    async def _begin(self, action: Action, *, stream: bool, result_only: bool = False) -> AsyncRunning:
        message = requests.action(action)
        index = await self._index()
        request = env.StepRequest(
            episode_id=self.episode_id, episode_token=self.token, step_index=index, action=message, stream_output=stream
        )
        exchange = StepStream(request, self._connection.backoff(), self._deadline_s(action), result_only=result_only)
        self.listener.acting(index, action, stream)
        self._in_doubt = True  # as long as an interrupt may come in between
        self._running = AsyncRunning(self._connection, self, exchange, self.listener, partial(self._settled, exchange), lost=self.lost)
        self._next_index, self._in_doubt = index + 1, False
        return self._running

    async def _index(self) -> int:
        left = self._running is not None and not self._running.finished  # its step may not have arrived before it was left
        if self._in_doubt or left:
            self._next_index = (await self.status()).next_step_index
            self._in_doubt = False
        return self._next_index

    def _settled(self, exchange: StepStream, error: CodecraftError | None) -> None:
        if error is not None:
            self._in_doubt = True
            self.listener.failed(error)
            return
        result = exchange.result
        self.observation = result.observation
        self.task = result.started_task or self.task
        self.outcome = result.outcome or self.outcome
        self.listener.stepped(result)

    def _deadline_s(self, action: Action) -> float:
        return self._connection.timeouts.step_s(action, self.task.limits.command_s if self.task else 0.0)

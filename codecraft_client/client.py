"""The client: what is said to a server outside of any episode."""

import os
import uuid
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from codecraft.v1 import environment_pb2 as env
from codecraft_client.connection import Connection, Timeouts
from codecraft_client.episode import Episode
from codecraft_client.errors import UsageError
from codecraft_client.events import Progress, Ready
from codecraft_client.exchange import Call, Opening
from codecraft_client.ongoing import Ongoing
from codecraft_client.retry import RetryPolicy
from codecraft_client.rewards import RewardOptions
from codecraft_client.transport import Transport
from codecraft_client.types import ServerInfo, Task
from codecraft_client.wire import requests, values

DEFAULT_TARGET = "127.0.0.1:50051"


class Client:
    """A connection to a codecraft server, made at first use.

    May be shared by threads (each episode belongs to one at a time), pickled (as its configuration, token included) and inherited by forked
    processes: each process opens a channel of its own. Every call has a deadline, and every failure is a CodecraftError.
    """

    def __init__(
        self,
        target: str = DEFAULT_TARGET,
        *,
        token: str | None = None,
        timeouts: Timeouts | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        """No I/O.

        Args:
            target: HOST:PORT, or anything else that gRPC takes for a target.
            token: The server's agent token, where it has one.
            timeouts: Deadlines of the calls.
            retry: How a lost connection is won back.
        """
        self.target = target
        self._token = _header(token or "")
        self._timeouts = timeouts or Timeouts()
        self._retry = retry or RetryPolicy()
        self._connection = Connection(Transport(target, self._token), self._timeouts, self._retry)

    @classmethod
    def from_environment(cls, target: str | None = None) -> Self:
        """Make one for `target`, else for CODECRAFT_TARGET, else for the default; with CODECRAFT_TOKEN."""
        return cls(target or os.environ.get("CODECRAFT_TARGET") or DEFAULT_TARGET, token=os.environ.get("CODECRAFT_TOKEN"))

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close it."""
        self.close()

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as the configuration."""
        return (_made, (type(self), self.target, self._token, self._timeouts, self._retry))

    def __repr__(self) -> str:
        """Without the token."""
        return f"{type(self).__name__}({self.target!r})"

    def server_info(self) -> ServerInfo:
        """Ask the server what it is, may do and has left."""
        return values.server_info(self._connection.server_info())

    def tasks(self, category: str = "") -> Iterator[Task]:
        """Yield the curriculum's tasks in its order; `category` empty: all. Asks for a page at a time."""
        page_token = ""
        while True:
            request = env.ListTasksRequest(page_token=page_token, category=category)
            page = self._connection.ask("ListTasks", request, env.ListTasksResponse)
            yield from map(values.task, page.tasks)
            page_token = page.next_page_token
            if not page_token:
                return

    def task(self, task_id: str) -> Task:
        """Return one task. TaskNotFoundError."""
        return values.task(self._connection.ask("GetTask", env.GetTaskRequest(task_id=task_id), env.GetTaskResponse).task)

    def reset(
        self,
        task_id: str | None = None,
        *,
        reward: RewardOptions | None = None,
        request_id: str | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Episode:
        """Open an episode and wait until it is ready.

        Args:
            task_id: The task to start with; None: none yet, the agent picks one with the text action `start`.
            reward: How the episode pays; None: for its outcome only.
            request_id: 1 to 128 characters; the same one again returns the same episode while it lives. None: a new one.
            on_progress: Told what is going on meanwhile, such as an image being pulled.

        Raises:
            NoCapacityError: No place for another episode; try again after `retry_after_s`.
            TaskNotFoundError: No such task.
        """
        opening = self.resetting(task_id, reward=reward, request_id=request_id)
        for event in opening:
            if on_progress is not None:
                on_progress(event)
        return opening.episode()

    def resetting(self, task_id: str | None = None, *, reward: RewardOptions | None = None, request_id: str | None = None) -> "Resetting":
        """Begin to open an episode: `reset` for who wants to iterate over the progress."""
        request = env.ResetRequest(request_id=request_id or uuid.uuid4().hex)
        if task_id is None:
            request.no_task.SetInParent()
        else:
            request.task_id = task_id
        if reward is not None:
            request.reward.CopyFrom(requests.reward_options(reward))
        return Resetting(self._connection, Call("Reset", request, self._timeouts.reset_s))

    def close(self) -> None:
        """Close the channel; whoever waits on it gets a DetachedError. Idempotent. Episodes live on until their lease ends."""
        self._connection.transport.close()


class Resetting(Ongoing[Progress, Ready]):
    """An episode that is being opened: iterate over its progress, then take the episode."""

    def __init__(self, connection: Connection, call: Call) -> None:
        self._connection = connection
        connection.greet()
        super().__init__(connection.transport, Opening(call, connection.backoff()))

    def episode(self) -> Episode:
        """Wait until it is open."""
        return Episode(self._connection, self.result())


def _header(token: str) -> str:
    """What may stand in a header; gRPC's own refusal of anything else does not name the culprit."""
    if token and not (token.isascii() and token.isprintable()):
        raise UsageError("the token must be printable ASCII")
    return token


def _made(kind: type[Client], target: str, token: str, timeouts: Timeouts, retry: RetryPolicy) -> Client:
    return kind(target, token=token, timeouts=timeouts, retry=retry)

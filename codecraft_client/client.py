"""The client: what is said to a server outside of any episode."""

import uuid
from collections.abc import Callable, Iterator

from codecraft.v1 import environment_pb2 as env
from codecraft_client.configured import Configured
from codecraft_client.connection import Connection
from codecraft_client.episode import Episode
from codecraft_client.events import Progress, Ready
from codecraft_client.exchange import Call, opening
from codecraft_client.ongoing import Ongoing
from codecraft_client.rewards import RewardOptions
from codecraft_client.types import ServerInfo, Task, TaskChoice
from codecraft_client.wire import requests, values


class Client(Configured):
    """An agent's connection to a codecraft server; `token` is the server's agent token. Each episode belongs to one thread at a time."""

    def server_info(self) -> ServerInfo:
        """Ask the server what it is, may do and has left."""
        return values.server_info(self._connection.server_info())

    def tasks(self, category: str = "") -> Iterator[Task]:
        """Yield the curriculum's tasks in its order; `category` empty: all. Asks for a page at a time."""
        for page in self._connection.pages("ListTasks", env.ListTasksRequest(category=category), env.ListTasksResponse):
            yield from map(values.task, page.tasks)

    def task(self, task_id: str) -> Task:
        """Return one task. TaskNotFoundError."""
        return values.task(self._connection.ask("GetTask", env.GetTaskRequest(task_id=task_id), env.GetTaskResponse).task)

    def reset(
        self,
        task_id: str | None = None,
        *,
        choice: TaskChoice | None = None,
        trainer: str = "",
        reward: RewardOptions | None = None,
        request_id: str | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Episode:
        """Open an episode and wait until it is ready.

        Args:
            task_id: The task to start with; None: see `choice`.
            choice: Have the server choose the task so; None, too: there is none yet, the agent picks one with the text action `start`.
            trainer: Whose episode it is: choices and their statistics are kept apart by it. Up to 128 characters; empty: the common one.
            reward: How the episode pays; None: for its outcome only.
            request_id: 1 to 128 characters; the same one again returns the same episode while it lives. None: a new one.
            on_progress: Told what is going on meanwhile, such as an image being pulled.

        Raises:
            NoCapacityError: No place for another episode; try again after `retry_after_s`.
            TaskNotFoundError: No such task, or none that fits the choice.
        """
        begun = self.resetting(task_id, choice=choice, trainer=trainer, reward=reward, request_id=request_id)
        for event in begun:
            if on_progress is not None:
                on_progress(event)
        return begun.episode()

    def resetting(
        self,
        task_id: str | None = None,
        *,
        choice: TaskChoice | None = None,
        trainer: str = "",
        reward: RewardOptions | None = None,
        request_id: str | None = None,
    ) -> "Resetting":
        """Begin to open an episode: `reset` for who wants to iterate over the progress."""
        request = requests.reset(request_id or uuid.uuid4().hex, task_id, choice, trainer, reward)
        self._connection.greet()
        return Resetting(self._connection, Call("Reset", request, self._timeouts.reset_s))


class Resetting(Ongoing[Progress, Ready]):
    """An episode that is being opened: iterate over its progress, then take the episode."""

    def __init__(self, connection: Connection, call: Call) -> None:
        self._connection = connection
        super().__init__(connection.transport, opening(call, connection.backoff()))

    def episode(self) -> Episode:
        """Wait until it is open."""
        return Episode(self._connection, self.result())

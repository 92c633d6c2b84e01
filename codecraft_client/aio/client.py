# Generated from ../client.py by generate.py; do not edit.
"""The client: what is said to a server outside of any episode."""

import uuid
from collections.abc import AsyncIterator, Callable

from codecraft.v1 import environment_pb2 as env
from codecraft_client.aio.configured import Configured
from codecraft_client.aio.connection import Connection
from codecraft_client.aio.episode import AsyncEpisode
from codecraft_client.aio.ongoing import Ongoing
from codecraft_client.events import Progress, Ready
from codecraft_client.exchange import Call, opening
from codecraft_client.rewards import RewardOptions
from codecraft_client.types import ServerInfo, Task, TaskChoice
from codecraft_client.wire import requests, values


class AsyncClient(Configured):
    """An agent's connection to a codecraft server; `token` is the server's agent token. Each episode belongs to one coroutine at a time."""

    async def server_info(self) -> ServerInfo:
        """Ask the server what it is, may do and has left."""
        return values.server_info(await self._connection.server_info())

    async def tasks(self, category: str = "") -> AsyncIterator[Task]:
        """Yield the curriculum's tasks in its order; `category` empty: all. Asks for a page at a time."""
        async for page in self._connection.pages("ListTasks", env.ListTasksRequest(category=category), env.ListTasksResponse):
            for each in map(values.task, page.tasks):
                yield each

    async def task(self, task_id: str) -> Task:
        """Return one task. TaskNotFoundError."""
        return values.task((await self._connection.ask("GetTask", env.GetTaskRequest(task_id=task_id), env.GetTaskResponse)).task)

    async def reset(
        self,
        task_id: str | None = None,
        *,
        choice: TaskChoice | None = None,
        trainer: str = "",
        reward: RewardOptions | None = None,
        request_id: str | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> AsyncEpisode:
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
        begun = await self.resetting(task_id, choice=choice, trainer=trainer, reward=reward, request_id=request_id)
        async for event in begun:
            if on_progress is not None:
                on_progress(event)
        return await begun.episode()

    async def resetting(
        self,
        task_id: str | None = None,
        *,
        choice: TaskChoice | None = None,
        trainer: str = "",
        reward: RewardOptions | None = None,
        request_id: str | None = None,
    ) -> "AsyncResetting":
        """Begin to open an episode: `reset` for who wants to iterate over the progress."""
        request = requests.reset(request_id or uuid.uuid4().hex, task_id, choice, trainer, reward)
        await self._connection.greet()
        return AsyncResetting(self._connection, Call("Reset", request, self._timeouts.reset_s))


class AsyncResetting(Ongoing[Progress, Ready]):
    """An episode that is being opened: iterate over its progress, then take the episode."""

    def __init__(self, connection: Connection, call: Call) -> None:
        self._connection = connection
        super().__init__(connection.transport, opening(call, connection.backoff()))

    async def episode(self) -> AsyncEpisode:
        """Wait until it is open."""
        return AsyncEpisode(self._connection, await self.result())

"""An episode's task and the one sandbox it is worked on in. Owns the sandbox; knows nothing of steps."""

from collections.abc import Callable

from codecraft_server.episodes.events import Progress
from codecraft_server.episodes.world import World
from codecraft_server.layout import lay_out
from codecraft_server.sandbox import Sandbox
from codecraft_server.task import Task

Report = Callable[[Progress], None]


class Workbench:
    """Has no task and no sandbox until `start`."""

    def __init__(self, world: World, episode_id: str) -> None:
        self._world = world
        self.episode_id = episode_id
        self._made = 0
        self.task: Task | None = None
        self.sandbox: Sandbox | None = None

    async def start(self, task: Task, report: Report) -> Sandbox:
        """Have the task laid out in a fresh sandbox. When it fails or is cancelled nothing is left behind.

        Raises:
            SandboxError, NotAllowedError: See `Sandboxes.open` and `lay_out`.
        """
        self._made += 1
        sandbox = await self._world.sandboxes.open(
            task.sandbox,
            name=self.episode_id if self._made == 1 else f"{self.episode_id}-{self._made}",
            labels={"episode": self.episode_id, "task": task.task_id},
            progress=report,
        )
        try:
            await lay_out(task, sandbox, report)
        except BaseException:
            await sandbox.close()
            raise
        self.task, self.sandbox = task, sandbox
        return sandbox

    async def restart(self, task: Task, report: Report) -> Sandbox:
        """The same in another fresh sandbox; the old one goes first, for there is a place for one only."""
        await self.close()
        return await self.start(task, report)

    async def close(self) -> None:
        """Remove the sandbox. Idempotent."""
        if self.sandbox is not None:
            await self.sandbox.close()
            self.sandbox = None

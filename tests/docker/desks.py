"""Desks: agents' sandboxes at which one work after another is made, for tests of what is graded and not of where it was made.

A work is copied before it is judged, in a sandbox of its own, so that its agent's can serve the next one: in a new session, when every
process has been ended and everything that is writable is as it was in a new sandbox. One that is not is thrown away.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from codecraft_server.docker import DockerSandboxes
from codecraft_server.layout import AGENT_UID, PATH
from codecraft_server.sandbox import Ended, EndReason, Execution, Output, OutputPolicy, Sandbox, SandboxSpec

WORKER = f"desk{os.getpid()}"  # apart from sandboxes that go with their test
# As the agent, whose all of it is; what it has shut stays, and is told by the complaint. Besides files only /proc/sysvipc has what outlives
# the processes.
_CLEAR = b"""
find /tmp /home/agent /dev/shm "$1" -xdev -mindepth 1 -delete
find /tmp /home/agent /dev/shm /dev/mqueue "$1" -xdev -exec stat -c '%n %F %a %u %g' {} +
cat /proc/sysvipc/*
"""
_SESSIONS = 7  # of the 8 that a sandbox may have, docs/guest-protocol.md; `main` is there from the start
_POLICY = OutputPolicy(stream=False, separate=False, kept=64 * 1024, max_output=1024 * 1024, window=0, stall_s=5.0, stall_total_s=5.0)


def fits(spec: SandboxSpec) -> bool:
    """Whether all that an agent can write in such a sandbox is known, so that it can be seen to be as it was."""
    return not spec.root_user and not spec.writable_rootfs and not spec.network


class Desk:
    """See above; `session` is the name of one that nobody had yet."""

    def __init__(self, sandbox: Sandbox, spec: SandboxSpec, untouched: bytes) -> None:
        self.sandbox = sandbox
        self._spec = spec
        self._untouched = untouched
        self._works = 0

    @property
    def session(self) -> str:
        """The work's."""
        return f"work-{self._works}"

    async def tidied(self) -> bool:
        """Whether the next work finds it as if it were new."""
        self._works += 1
        ended = not await self.sandbox.kill_all()
        return ended and await _cleared(self.sandbox, self._spec) == self._untouched and self._works < _SESSIONS


class Desks:
    """One a spec, opened when it is asked for. Whoever owns `sandboxes` closes them all."""

    def __init__(self, sandboxes: DockerSandboxes) -> None:
        self._sandboxes = sandboxes
        self._free: dict[SandboxSpec, Desk] = {}
        self._numbers = itertools.count(1)

    @asynccontextmanager
    async def desk(self, spec: SandboxSpec) -> AsyncIterator[Desk]:
        """Have one for a work."""
        desk = self._free.pop(spec, None) or await self._new(spec)
        try:
            yield desk
            usable = await desk.tidied()
        except BaseException:
            await desk.sandbox.close()
            raise
        if usable:
            self._free[spec] = desk
        else:
            await desk.sandbox.close()

    async def _new(self, spec: SandboxSpec) -> Desk:
        sandbox = await self._sandboxes.open(spec, name=f"desk-{next(self._numbers)}", labels={}, progress=lambda _: None)
        return Desk(sandbox, spec, await _cleared(sandbox, spec))


async def _cleared(sandbox: Sandbox, spec: SandboxSpec) -> bytes:
    """Empty what is writable, and describe what is found then; how the emptying ended is part of it."""
    execution = Execution(
        argv=(b"/bin/sh", b"-c", _CLEAR, b"sh", spec.working_dir),
        cwd=b"/",
        environment={"PATH": PATH},
        uid=AGENT_UID,
        timeout_s=20.0,
        output=_POLICY,
    )
    said = bytearray()
    async with asyncio.timeout(30):
        async for event in (await sandbox.execute(execution)).events():
            if isinstance(event, Output):
                said += event.data
            elif isinstance(event, Ended):
                said += f"{event.reason} {event.exit_code}".encode()
                assert event.reason is EndReason.EXITED, event
    return bytes(said)

"""The engine's own account of how containers died: its `oom` and `die` events, for the containers of one owner.

Owns the event stream and its reconnecting. Must not know sandboxes. A container that is removed as it dies leaves no other trace of
the cause.
"""

import asyncio
import contextlib
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from urllib.parse import quote

from codecraft_server.docker.create import OWNER_LABEL
from codecraft_server.docker.engine import Engine
from codecraft_server.docker.hijack import HijackedStream, HijackError
from codecraft_server.errors import EngineUnavailableError

_REMEMBERED = 4096  # containers whose death is remembered; a cause is asked for within a second of it
_RETRY_S = 0.5
_MAX_RETRY_S = 10.0
_MAX_LINE_BYTES = 1024 * 1024
_OOM_COUNTS_S = 5.0  # an out-of-memory kill this long before a death by KILL was its cause
_BREAK_COUNTS_S = 2.0  # a stream that ended this soon after the events did was cut with them
_GUEST_LEASE_LAPSED = 75
_GUEST_PROTOCOL = 70
_KILLED = 137


@dataclass(slots=True)
class _Fate:
    """What is known of one container."""

    oom_at: float | None = None
    died_at: float | None = None
    exit_code: int = 0
    known: asyncio.Event = field(default_factory=asyncio.Event)

    def cause(self) -> tuple[str, str]:
        if self.exit_code == _KILLED and self.oom_at is not None and (self.died_at or 0) - self.oom_at < _OOM_COUNTS_S:
            return "oom", "the sandbox ran out of memory and its guest was killed"
        if self.exit_code == _KILLED:
            return "killed", "the sandbox was killed from outside"
        if self.exit_code == _GUEST_PROTOCOL:
            return "protocol", "the sandbox's guest gave up on the protocol"
        if self.exit_code == _GUEST_LEASE_LAPSED:
            return "gone", "the sandbox's link lease lapsed"
        return "gone", f"the sandbox's guest ended with status {self.exit_code}"


class Deaths:
    """Watches from `start` to `close`; one stream for all containers of an owner."""

    def __init__(self, engine: Engine, owner: str) -> None:
        self._engine = engine
        self._filters = json.dumps({"type": ["container"], "event": ["oom", "die"], "label": [f"{OWNER_LABEL}={owner}"]})
        self._fates: OrderedDict[str, _Fate] = OrderedDict()
        self._line = bytearray()
        self._since = ""  # by the engine's clock: where to go on after a break
        self._gone = asyncio.Event()  # set while there is no stream
        self._gone.set()
        self._broke_at = -_BREAK_COUNTS_S  # by the loop's clock
        self._task: asyncio.Task[None] | None = None
        self._stream: HijackedStream | None = None

    async def start(self) -> None:
        """Subscribe, then watch in the background. Raises EngineUnavailableError."""
        try:
            await self._subscribe()
        except HijackError as error:
            raise EngineUnavailableError(f"the Docker Engine refuses its events ({error.status})") from error
        self._task = asyncio.create_task(self._keep_subscribed(), name="docker-events")

    async def _subscribe(self) -> None:
        since = f"since={self._since}&" if self._since else ""
        target = f"/events?{since}filters={quote(self._filters)}"
        self._line.clear()
        self._gone.clear()
        try:
            self._stream = await self._engine.listen(target, self._on_data, self._on_lost)
        except BaseException:
            self._gone.set()
            raise

    async def _keep_subscribed(self) -> None:
        wait_s = _RETRY_S
        while True:
            await self._gone.wait()
            try:
                await self._subscribe()
                wait_s = _RETRY_S
            except (EngineUnavailableError, HijackError):
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, _MAX_RETRY_S)

    def _on_lost(self, _error: Exception | None) -> None:
        self._broke_at = asyncio.get_running_loop().time()
        self._gone.set()

    def _broken(self) -> bool:
        """Whether the events are cut off, or were a moment ago."""
        return self._gone.is_set() or asyncio.get_running_loop().time() - self._broke_at < _BREAK_COUNTS_S

    def _on_data(self, data: bytes) -> None:
        self._line += data
        *lines, rest = bytes(self._line).split(b"\n")
        self._line[:] = rest[-_MAX_LINE_BYTES:]
        for line in lines:
            if line.strip():
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    self._take(json.loads(line))

    def _take(self, event: dict[str, object]) -> None:
        actor = event["Actor"]
        assert isinstance(actor, dict)  # noqa: S101 - told to the type checker; the engine's API says so
        nanoseconds = int(str(event["timeNano"]))
        self._since = f"{nanoseconds // 10**9}.{nanoseconds % 10**9:09d}"
        at = nanoseconds / 1e9
        fate = self._fate(str(actor["ID"]))
        if event["Action"] == "oom":
            fate.oom_at = at
        elif event["Action"] == "die":
            fate.died_at = at
            fate.exit_code = int(actor.get("Attributes", {}).get("exitCode", 0))
            fate.known.set()

    def _fate(self, container_id: str) -> _Fate:
        fate = self._fates.setdefault(container_id, _Fate())
        self._fates.move_to_end(container_id)
        while len(self._fates) > _REMEMBERED:
            self._fates.popitem(last=False)
        return fate

    async def cause(self, container_id: str, patience_s: float) -> tuple[str, str]:
        """Why this container's stream ended: one word of SandboxLostError's and a sentence. Waits for the news at most `patience_s`."""
        fate = self._fate(container_id)
        if self._broken():
            patience_s = 0.0
        waits = [asyncio.ensure_future(fate.known.wait()), asyncio.ensure_future(self._gone.wait())]
        try:
            await asyncio.wait(waits, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if fate.known.is_set():
            return fate.cause()
        if self._broken():
            return "engine", "the connection to the Docker Engine was lost"
        return "gone", "the sandbox's stream ended"

    async def died(self, container_id: str, patience_s: float) -> bool:
        """Wait until this container is known to have died; False when that is not known in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._fate(container_id).known.wait()
        return self._fate(container_id).known.is_set()

    async def close(self) -> None:
        """Stop watching."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._stream is not None:
            self._stream.close()

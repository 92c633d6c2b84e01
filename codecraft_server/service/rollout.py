"""One stream of a rollout: takes its requests up in order, answers each when it is done, and has no more under way than its bound.

Knows neither what requests mean nor gRPC: `environment` answers them, `calls` says what their errors are.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from codecraft.v1 import environment_pb2 as pb

Write = Callable[[pb.RolloutResponse], Awaitable[None]]
Answer = Callable[[pb.RolloutRequest, Write], Awaitable[None]]


class Rollout:
    """`answer` writes the one response to a request, and fails with nothing else than writing does; `write` takes one message at a time."""

    def __init__(self, answer: Answer, write: Write, in_flight: int) -> None:
        self._answer = answer
        self._write = write
        self._free = asyncio.Semaphore(in_flight)
        self._writing = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None

    async def serve(self, requests: AsyncIterator[pb.RolloutRequest]) -> None:
        """Answer every request until there are no more, or `end`. Cancelled, it gives up what is under way."""
        async with asyncio.TaskGroup() as under_way:
            self._reading = under_way.create_task(self._read(requests, under_way))

    def end(self) -> None:
        """Take no more requests up; what is under way is answered."""
        if self._reading is not None:
            self._reading.cancel()

    async def _read(self, requests: AsyncIterator[pb.RolloutRequest], under_way: asyncio.TaskGroup) -> None:
        async for request in requests:
            await self._free.acquire()  # meanwhile no further one is read
            under_way.create_task(self._one(request))

    async def _one(self, request: pb.RolloutRequest) -> None:
        """Who waits for his turn to write is under way still: a client that does not read is not read from either."""
        try:
            await self._answer(request, self._say)
        finally:
            self._free.release()

    async def _say(self, response: pb.RolloutResponse) -> None:
        async with self._writing:
            await self._write(response)

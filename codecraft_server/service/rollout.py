"""One stream of a rollout: takes its requests up in order, answers each when it is done, and has no more under way than its bound.

Knows neither what requests mean nor gRPC: `environment` answers them, `calls` says what their errors are.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from codecraft.v1 import environment_pb2 as pb

Answer = Callable[[pb.RolloutRequest], AsyncGenerator[pb.RolloutResponse, None]]
Write = Callable[[pb.RolloutResponse], Awaitable[None]]


class Rollout:
    """`answer` yields the one response to a request and never fails; `write` takes one message at a time."""

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
            async with aclosing(self._answer(request)) as answers:
                async for response in answers:
                    async with self._writing:
                        await self._write(response)
        finally:
            self._free.release()

"""The asynchronous client behind the synchronous one's names, so that one suite tests both."""

import asyncio
import inspect
import threading
from collections.abc import Coroutine, Iterator
from functools import cache
from typing import Any, Self

from codecraft_client.aio import AsyncClient, AsyncControlClient

SOON_S = 100
OVER = object()


@cache
def loop() -> asyncio.AbstractEventLoop:
    """The one event loop on which they all live, in a thread of its own."""
    made = asyncio.new_event_loop()
    threading.Thread(target=made.run_forever, daemon=True, name="blocking").start()
    return made


def wait_for(work: Coroutine[Any, Any, Any]) -> Any:
    return wrapped(asyncio.run_coroutine_threadsafe(work, loop()).result(SOON_S))


def wrapped(value: Any) -> Any:
    """A value as the synchronous client would return it."""
    return Blocking(value) if type(value).__module__.startswith("codecraft_client.aio.") else value


class Blocking:
    """An object of the asynchronous client. Whatever it does, it does on the event loop, and the caller waits."""

    def __init__(self, inner: Any) -> None:
        self.__dict__["_inner"] = inner

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = getattr(self._inner, name)
        if not callable(value):
            return value
        if inspect.isasyncgenfunction(value):
            return lambda *arguments, **options: iterated(value(*arguments, **options))
        return lambda *arguments, **options: wait_for(called(value, arguments, options))

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._inner, name, value)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        event = wait_for(following(self._inner))
        if event is OVER:
            raise StopIteration
        return event

    def __enter__(self) -> Self:
        wait_for(self._inner.__aenter__())
        return self

    def __exit__(self, *failure: Any) -> None:  # noqa: PYI036 - passed on as it came
        wait_for(self._inner.__aexit__(*failure))

    def __reduce__(self) -> tuple[object, ...]:
        return Blocking, (self._inner,)

    def __repr__(self) -> str:
        return repr(self._inner)


def blocking_client(*arguments: Any, **options: Any) -> Any:
    """Make an asynchronous client with the arguments of the synchronous one."""
    return Blocking(AsyncClient(*arguments, **options))


def blocking_control_client(*arguments: Any, **options: Any) -> Any:
    """Make an asynchronous control client with the arguments of the synchronous one."""
    return Blocking(AsyncControlClient(*arguments, **options))


async def called(method: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    result = method(*arguments, **options)
    return await result if inspect.isawaitable(result) else result


async def following(events: Any) -> Any:
    return await anext(events, OVER)


def iterated(events: Any) -> Iterator[Any]:
    while (event := wait_for(following(events))) is not OVER:
        yield event

"""What happens to clients when a process forks. Knows only whether gRPC was set up for it.

Found by experiment with grpcio 1.85: without its fork support, a child forked while the parent has a stream open dies of SIGSEGV at its
first call in about one case of ten, also on a channel of its own; a channel that was closed before the fork does no harm, nor does any with
GRPC_ENABLE_FORK_SUPPORT=1. So the child forgets what it inherited, and where it can't be safe it says so instead of crashing now and then.
"""

import os
import weakref
from importlib import import_module
from typing import Protocol

from codecraft_client.errors import ForkError

REMEDY = (
    "gRPC was in use when this process was forked, which it does not reliably survive. Either set GRPC_ENABLE_FORK_SUPPORT=1 before Python "
    "imports grpc, or use a Client only after the fork (or close it before), or start workers with multiprocessing's 'spawn'"
)


class Forkable(Protocol):
    """Something with a channel."""

    def forget(self) -> object | None:
        """Drop the channel without touching it and return it; None when none was open."""
        ...


class _Guard:
    """Knows everything in this process that may hold a channel."""

    def __init__(self) -> None:
        self._holders: weakref.WeakSet[Forkable] = weakref.WeakSet()
        # Kept for ever, so that nothing closes in the child what belongs to the parent.
        self._inherited: list[object] = []
        self._spoiled = False

    def watch(self, holder: Forkable) -> None:
        """Have `holder` forget its channel in every child."""
        self._holders.add(holder)

    def check(self) -> None:
        """Raise ForkError where gRPC can't be relied on any more."""
        if self._spoiled:
            raise ForkError(REMEDY)

    def in_child(self) -> None:
        """Take notice of a fork."""
        channels = [channel for holder in list(self._holders) if (channel := holder.forget()) is not None]
        self._inherited += channels
        self._spoiled = self._spoiled or (bool(channels) and not _supported())


def _supported() -> bool:
    """Whether gRPC was imported with its fork support on. Only its own flag knows: the variable may have been set too late."""
    return bool(getattr(import_module("grpc._cython.cygrpc"), "_GRPC_ENABLE_FORK_SUPPORT", False))


GUARD = _Guard()
if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=GUARD.in_child)

"""What happens to clients when a process forks: every channel is closed just before, and both sides open anew what they need.

gRPC does not survive a fork with a channel open. With grpcio 1.85 a child of a process that had a stream open died of SIGSEGV at its first
call, on a channel of its own, in about one case of ten; with GRPC_ENABLE_FORK_SUPPORT=1 it hung instead where the stream was read without a
helper thread. With the channels closed before the fork neither befell any of 8,000 children, most of them of a process that was streaming.
What is cut in the parent by that goes on by itself: streams from their exact offsets, other calls by repetition.
"""

import os
import threading
import weakref
from contextlib import AbstractContextManager
from typing import Protocol


class Forkable(Protocol):
    """Something with a channel."""

    def hang_up(self) -> None:
        """Close the channel, if there is one; the next call opens another. Called with `Guard.opening` held."""
        ...


class Guard:
    """Knows everything in this process that may hold a channel."""

    def __init__(self) -> None:
        self._holders: weakref.WeakSet[Forkable] = weakref.WeakSet()
        self._lock = threading.RLock()

    def watch(self, holder: Forkable) -> None:
        """Have `holder` hang up before each fork."""
        with self._lock:
            self._holders.add(holder)

    def opening(self) -> AbstractContextManager[bool]:
        """Hold this while a channel is opened or closed: no fork comes in between."""
        return self._lock

    def before(self) -> None:
        """Hang up, and have nobody open a channel until the fork is done. May be called twice, as then is `in_parent`."""
        self._lock.acquire()
        for holder in list(self._holders):
            holder.hang_up()

    def in_parent(self) -> None:
        """Go on."""
        self._lock.release()

    def in_child(self) -> None:
        """Go on, with a lock that no thread of the parent holds."""
        self._lock = threading.RLock()


GUARD = Guard()


def stand_guard() -> None:
    """Have the guard stand around all that is registered for forks so far: hooks that run before a fork run in the reverse order.

    Once at import, so that a child never finds the lock held; and once more when gRPC has registered its own. These stop, with
    GRPC_ENABLE_FORK_SUPPORT=1, the threads that a channel with a stream of requests needs in order to be closed, and the fork never ends
    (grpcio 1.85).
    """
    if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
        os.register_at_fork(before=GUARD.before, after_in_parent=GUARD.in_parent, after_in_child=GUARD.in_child)


stand_guard()

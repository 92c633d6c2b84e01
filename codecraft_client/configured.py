"""What a client is before it says anything: a target, a token, time-outs, and the connection that is made of them."""

import os
from types import TracebackType
from typing import ClassVar, Self

from codecraft_client.connection import Connection
from codecraft_client.errors import UsageError
from codecraft_client.retry import RetryPolicy
from codecraft_client.timeouts import Timeouts
from codecraft_client.transport import Transport

DEFAULT_TARGET = "127.0.0.1:50051"


class Configured:
    """What both clients have in common.

    May be shared by threads, pickled (as its configuration, token included) and inherited by forked processes: each process opens a channel
    of its own, at first use. Every call has a deadline, and every failure is a CodecraftError.
    """

    VARIABLE: ClassVar = "CODECRAFT_TOKEN"  # the one of the environment that has the token
    GREETS: ClassVar = True  # whether its token lets it ask the server what it is

    def __init__(
        self,
        target: str = DEFAULT_TARGET,
        *,
        token: str | None = None,
        timeouts: Timeouts | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        """No I/O.

        Args:
            target: HOST:PORT, or anything else that gRPC takes for a target.
            token: The token of the service it talks to, where the server has one.
            timeouts: Deadlines of the calls.
            retry: How a lost connection is won back.
        """
        self.target = target
        self._token = _header(token or "")
        self._timeouts = timeouts or Timeouts()
        self._retry = retry or RetryPolicy()
        self._connection = Connection(Transport(target, self._token), self._timeouts, self._retry, greets=self.GREETS)

    @classmethod
    def from_environment(cls, target: str | None = None) -> Self:
        """Make one for `target`, else for CODECRAFT_TARGET, else for the default; with the token of the environment."""
        return cls(target or os.environ.get("CODECRAFT_TARGET") or DEFAULT_TARGET, token=os.environ.get(cls.VARIABLE))

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close it."""
        self.close()

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as the configuration."""
        return (_made, (type(self), self.target, self._token, self._timeouts, self._retry))

    def __repr__(self) -> str:
        """Without the token."""
        return f"{type(self).__name__}({self.target!r})"

    def close(self) -> None:
        """Close the channel; whoever waits on it gets a DetachedError. Idempotent. Episodes live on until their lease ends."""
        self._connection.transport.close()


def _header(token: str) -> str:
    """What may stand in a header; gRPC's own refusal of anything else does not name the culprit."""
    if token and not (token.isascii() and token.isprintable()):
        raise UsageError("the token must be printable ASCII")
    return token


def _made(kind: type[Configured], target: str, token: str, timeouts: Timeouts, retry: RetryPolicy) -> Configured:
    return kind(target, token=token, timeouts=timeouts, retry=retry)

"""What a client and its episodes share: the transport, the time-outs, and that the server speaks our version of the contract."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from google.protobuf.message import Message

from codecraft.v1 import environment_pb2 as env
from codecraft_client.errors import CodecraftError, ProtocolVersionError
from codecraft_client.exchange import Call, Exchange, Unary
from codecraft_client.ongoing import Ongoing
from codecraft_client.retry import Backoff, RetryPolicy
from codecraft_client.timeouts import Timeouts
from codecraft_client.transport import Transport

PROTOCOL_VERSION = 1

MessageT = TypeVar("MessageT", bound=Message)
EventT = TypeVar("EventT")
ResultT = TypeVar("ResultT")


class Connection:
    """Calls with retries on one transport. May be used from several threads."""

    def __init__(self, transport: Transport, timeouts: Timeouts, retry: RetryPolicy, *, greets: bool = True) -> None:
        """`greets`: before anything else, see to it that the server speaks our version."""
        self.transport = transport
        self.timeouts = timeouts
        self._retry = retry
        self._greeted = not greets

    def begin(
        self, exchange: Exchange[EventT, ResultT], settled: Callable[[CodecraftError | None], None] | None = None
    ) -> Ongoing[EventT, ResultT]:
        """Start an exchange; see Ongoing."""
        self.greet()
        return Ongoing(self.transport, exchange, settled=settled)

    def ask(
        self, method: str, request: Message, answer: type[MessageT], *, episode_id: str = "", retry: RetryPolicy | None = None
    ) -> MessageT:
        """Make a call with a single answer. All of them may be repeated without harm."""
        self.greet()
        return self._ask(method, request, answer, episode_id, retry or self._retry)

    def pages(self, method: str, request: Any, answer: type[MessageT]) -> Iterator[Any]:
        """Yield the pages of a list, asking for one at a time; `request` is changed on the way."""
        while True:
            page: Any = self.ask(method, request, answer)
            yield page
            request.page_token = page.next_page_token
            if not request.page_token:
                return

    def backoff(self) -> Backoff:
        """A new one for one exchange."""
        return Backoff(self._retry)

    def server_info(self) -> env.GetServerInfoResponse:
        """Ask the server what it is. ProtocolVersionError when it is not for us."""
        info = self._ask("GetServerInfo", env.GetServerInfoRequest(), env.GetServerInfoResponse, "", self._retry)
        if info.protocol_version != PROTOCOL_VERSION:
            server = f"the server at {self.transport.target} (version {info.server_version or 'unknown'})"
            theirs = f"{server} speaks protocol {info.protocol_version}"
            raise ProtocolVersionError(f"{theirs}, this client {PROTOCOL_VERSION}; install the versions that belong together")
        self._greeted = True
        return info

    def greet(self) -> None:
        """Before anything else is said, make sure that we speak the same version of the contract."""
        if not self._greeted:
            self.server_info()

    def _ask(self, method: str, request: Message, answer: type[MessageT], episode_id: str, retry: RetryPolicy) -> MessageT:
        exchange = Unary(Call(method, request, self.timeouts.call_s, episode_id), Backoff(retry), answer)
        return Ongoing[None, MessageT](self.transport, exchange).result()

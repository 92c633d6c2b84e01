"""The token of a service, and what is said to a call that does not bring it. Knows no messages."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from codecraft.v1 import control_pb2 as ctl
from codecraft_server.errors import WrongServiceTokenError

_KEY, _SCHEME = "authorization", "bearer "
_CONTROL = ctl.DESCRIPTOR.services_by_name["ControlService"].full_name


@dataclass(frozen=True, slots=True)
class ServiceToken:
    """What the service of this full name wants to be sent; `token` empty: nothing."""

    service: str
    token: str

    @property
    def wanted(self) -> bool:
        """Whether there is one."""
        return bool(self.token)

    def check(self, metadata: Iterable[tuple[str, str | bytes]] | None) -> None:
        """Compare with the one that is wanted. WrongServiceTokenError."""
        values = [value for key, value in metadata or () if key == _KEY]
        given = values[0] if len(values) == 1 and isinstance(values[0], str) else ""
        scheme, token = given[: len(_SCHEME)], given[len(_SCHEME) :]
        if scheme.lower() != _SCHEME or not hmac.compare_digest(token.encode(), self.token.encode()):
            raise WrongServiceTokenError(self._told(sent=bool(values)))

    def _told(self, *, sent: bool) -> str:
        kind, variable = ("control", "CODECRAFT_CONTROL_TOKEN") if self.service == _CONTROL else ("agent", "CODECRAFT_TOKEN")
        what = (
            f"the token that was sent is not this server's {kind} token"
            if sent
            else f"no token was sent, and this server has a {kind} token"
        )
        name = self.service.rpartition(".")[2]
        return f"{what}; {name} wants it as metadata `authorization: Bearer TOKEN` (the command: {variable})"

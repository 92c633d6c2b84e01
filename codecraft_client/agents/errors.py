"""What can go wrong between an agent and its model. Nobody's episode is judged by any of these.

AgentError
EndpointError         one attempt failed; what the endpoint said
ModelError            no reply to be had for this conversation, after all attempts
ContextFullError    the conversation is longer than the model reads
ModelRefusedError     no reply to be had for any conversation: wrong key, unknown model, no quota, nobody there
AgentBrokenError      the agent has a defect that shows in every task
HaltedError           the run is being stopped
"""

import errno
import http
import socket


class AgentError(Exception):
    """Root of the tree."""


class EndpointError(AgentError):
    """One attempt to get a reply failed.

    Attributes:
        message: What happened, in the endpoint's words where it has some.
        status: The HTTP status; None when no whole reply came: a time-out, a cut line, something that is no JSON.
        code: The endpoint's own code, such as "context_length_exceeded"; empty when it gave none.
        retry_after_s: When the endpoint wants to be asked again, in seconds; None when it does not say.
        nobody_at: The URL where nobody could be reached at all; empty otherwise.
    """

    def __init__(
        self, message: str, *, status: int | None = None, code: str = "", retry_after_s: float | None = None, nobody_at: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s
        self.nobody_at = nobody_at

    @property
    def out_of_context(self) -> bool:
        """The conversation is too long. Servers that know no such code say it in these words (vLLM, llama.cpp)."""
        lowered = self.message.lower()
        return self.code == "context_length_exceeded" or "maximum context length" in lowered or "exceeds the available context" in lowered

    @property
    def hopeless(self) -> bool:
        """Nothing that is asked of this endpoint will ever be answered."""
        refused = (http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN, http.HTTPStatus.NOT_FOUND)
        return self.status in refused or self.code == "insufficient_quota"

    @property
    def transient(self) -> bool:
        """The same question may be answered later."""
        if self.hopeless or self.out_of_context:
            return False
        again = (http.HTTPStatus.REQUEST_TIMEOUT, http.HTTPStatus.CONFLICT, http.HTTPStatus.TOO_EARLY, http.HTTPStatus.TOO_MANY_REQUESTS)
        return self.status is None or self.status in again or self.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR


def nobody_there(error: BaseException | None) -> bool:
    """Return whether an error, or what it comes from, is that a host has no such name or port, or that no way leads there."""
    while error is not None:
        if isinstance(error, ConnectionRefusedError | socket.gaierror):
            return True
        if isinstance(error, OSError) and error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
            return True
        error = error.__cause__ or error.__context__
    return False


class ModelError(AgentError):
    """The model did not reply to this conversation, after all attempts."""


class ContextFullError(ModelError):
    """The conversation is longer than the model reads."""


class ModelRefusedError(AgentError):
    """The endpoint answers nothing of ours: a wrong key, an unknown model, no quota, nobody there. The whole run is over."""


class AgentBrokenError(AgentError):
    """The agent raises whatever it plays. The whole run is over."""


class HaltedError(AgentError):
    """The run is being stopped."""

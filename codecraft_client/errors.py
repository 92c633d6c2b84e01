"""Every way in which talking to a server can fail, as opposed to what the agent's program does wrong (that is data: an observation).

Knows nothing of gRPC: `wire.status` makes these from what the server said, `transport` from what the line did.

    CodecraftError
      UsageError                    this client can't be used so; nothing was sent
      TrajectoryError               a trajectory can't be written, or what is there is none
      DetachedError                 this client gave the call up itself (`Episode.close`, `Client.close`)
      TransportError                the line failed; the fate of the call is unknown
        ServerUnavailableError      nobody has ever answered at the target
        ConnectionLostError         the line broke and did not come back in time
        DeadlineExceededError       the call took longer than its deadline (never an action's own time-out)
      ProtocolError                 the server does not keep the contract
        ProtocolVersionError        it speaks another version of it
      ServerError                   the server said so, with a reason or (a proxy, a foreign server) without one
        InvalidFieldError           TaskNotFoundError           EpisodeNotFoundError       WrongEpisodeTokenError
        WrongServiceTokenError      EpisodeEndedError           StepOutOfOrderError        StepConflictError
        StepInProgressError         NoStepRunningError          StepNotFoundError          OutputNotKeptError
        RequestIdConflictError      NoCapacityError             ShuttingDownError          EngineUnavailableError
        ImageUnavailableError       SandboxStartError           TaskSetupError             NotAllowedError
        InternalServerError         StdinFullError              TooManyReadersError        WorkNotKeptError
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Where:
    """What was being done: the method's name in the schema and the episode, empty where none is meant."""

    method: str = ""
    episode_id: str = ""


class CodecraftError(Exception):
    """Root of the tree.

    Attributes:
        message: One or two sentences for people; names the remedy where there is one.
        where: The call that failed.
        reason: Name of the schema's ErrorReason without its prefix; empty when the failure is not the server's word.
        metadata: The variable parts of the message, for machines.
        retry_after_s: When a retry makes sense, in seconds; None when nothing is known of that.
    """

    def __init__(
        self,
        message: str,
        *,
        where: Where | None = None,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where or Where()
        self.reason = reason
        self.metadata = dict(metadata or {})
        self.retry_after_s = retry_after_s

    @property
    def method(self) -> str:
        """The method that was called, such as "Step"; empty when nothing was sent."""
        return self.where.method

    @property
    def episode_id(self) -> str:
        """The episode that was meant; empty when none was."""
        return self.where.episode_id

    def __reduce__(self) -> tuple[object, ...]:
        """Cross process borders whole, as results of worker processes do."""
        return (_rebuilt, (type(self), self.args, self.__dict__))


def _rebuilt(kind: type[CodecraftError], arguments: tuple[object, ...], state: dict[str, object]) -> CodecraftError:
    error = kind.__new__(kind, *arguments)
    error.args = arguments
    error.__dict__.update(state)
    return error


class UsageError(CodecraftError):
    """This client can't be used so; nothing was sent."""


class TrajectoryError(CodecraftError):
    """A trajectory can't be written (a full disk, say), or the file that is to be read is none. The episode itself is not concerned."""


class DetachedError(CodecraftError):
    """This client gave the call up itself. A running command lives on for the server's reattach_grace."""


class TransportError(CodecraftError):
    """The line failed; whether the server did what was asked is unknown."""


class ServerUnavailableError(TransportError):
    """Nobody has ever answered at the target."""


class ConnectionLostError(TransportError):
    """The line broke, and it did not come back in time."""


class DeadlineExceededError(TransportError):
    """The call took longer than its deadline. An action's own time-out is not this: it is data in the observation."""


class ProtocolError(CodecraftError):
    """The server does not keep the contract."""


class ProtocolVersionError(ProtocolError):
    """The server speaks another version of the contract."""


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """A field of a request, as the schema spells it, and what is wrong with it."""

    field: str
    problem: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the status said besides its message.

    Attributes:
        code: Name of the gRPC code, such as "NOT_FOUND".
        violations: The fields that are wrong, with INVALID_FIELD.
    """

    code: str = ""
    violations: tuple[FieldViolation, ...] = field(default=())


class ServerError(CodecraftError):
    """The server refused or failed. `refusal` has the gRPC code, and the wrong fields where there are any."""

    refusal = Refusal()

    @property
    def code(self) -> str:
        """Name of the gRPC code, such as "NOT_FOUND"."""
        return self.refusal.code


class InvalidFieldError(ServerError):
    """A field of the request is missing or out of range; `refusal.violations` names each."""


class TaskNotFoundError(ServerError):
    """The curriculum has no such task."""


class EpisodeNotFoundError(ServerError):
    """The server knows no such episode (any more)."""


class WrongEpisodeTokenError(ServerError):
    """The episode token is not the one that Reset returned."""


class WrongServiceTokenError(ServerError):
    """The service token is missing or wrong: give `token=` to the client, or see `codecraft --help`."""


class EpisodeEndedError(ServerError):
    """The episode has ended; metadata `outcome` says how."""


class StepOutOfOrderError(ServerError):
    """step_index is not the next one; metadata `expected` has it."""


class StepConflictError(ServerError):
    """This step_index was used with another action."""


class StepInProgressError(ServerError):
    """Another step of this episode is running."""


class NoStepRunningError(ServerError):
    """No step is running that the call could act on."""


class StepNotFoundError(ServerError):
    """No step of this index is running or kept."""


class OutputNotKeptError(ServerError):
    """Output from the asked offset on is no longer kept; metadata `stream` and `first_kept_offset` say from where on it is."""


class WorkNotKeptError(ServerError):
    """The work of this episode is not kept (any more), or was graded in place, so it can't be graded again."""


class RequestIdConflictError(ServerError):
    """This request_id was used for another Reset."""


class NoCapacityError(ServerError):
    """As many episodes as the server admits are open or queued; try again after `retry_after_s`."""


class ShuttingDownError(ServerError):
    """The server is shutting down."""


class EngineUnavailableError(ServerError):
    """The server's Docker Engine does not answer."""


class ImageUnavailableError(ServerError):
    """The task's sandbox image is not there and can't be had."""


class SandboxStartError(ServerError):
    """The sandbox could not be started; nothing was left behind."""


class TaskSetupError(ServerError):
    """A setup command or file of the task failed: the task is broken."""


class NotAllowedError(ServerError):
    """The task wants what this server does not allow; metadata `wanted` names it."""


class InternalServerError(ServerError):
    """A defect of the server; metadata `incident_id` finds it in the server's log."""


class StdinFullError(ServerError):
    """The command does not read, and the server buffers no more of its standard input."""


class TooManyReadersError(ServerError):
    """Too many calls are attached to one step."""


BY_REASON: Mapping[str, type[ServerError]] = {
    "INVALID_FIELD": InvalidFieldError,
    "TASK_NOT_FOUND": TaskNotFoundError,
    "EPISODE_NOT_FOUND": EpisodeNotFoundError,
    "WRONG_EPISODE_TOKEN": WrongEpisodeTokenError,
    "WRONG_SERVICE_TOKEN": WrongServiceTokenError,
    "EPISODE_ENDED": EpisodeEndedError,
    "STEP_OUT_OF_ORDER": StepOutOfOrderError,
    "STEP_CONFLICT": StepConflictError,
    "STEP_IN_PROGRESS": StepInProgressError,
    "NO_STEP_RUNNING": NoStepRunningError,
    "STEP_NOT_FOUND": StepNotFoundError,
    "OUTPUT_NOT_KEPT": OutputNotKeptError,
    "WORK_NOT_KEPT": WorkNotKeptError,
    "REQUEST_ID_CONFLICT": RequestIdConflictError,
    "NO_CAPACITY": NoCapacityError,
    "SHUTTING_DOWN": ShuttingDownError,
    "ENGINE_UNAVAILABLE": EngineUnavailableError,
    "IMAGE_UNAVAILABLE": ImageUnavailableError,
    "SANDBOX_START_FAILED": SandboxStartError,
    "TASK_SETUP_FAILED": TaskSetupError,
    "NOT_ALLOWED": NotAllowedError,
    "INTERNAL": InternalServerError,
    "STDIN_FULL": StdinFullError,
    "TOO_MANY_READERS": TooManyReadersError,
}
"""The class of each reason of the schema; an unknown reason is a plain ServerError."""

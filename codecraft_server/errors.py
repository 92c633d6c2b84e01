"""Everything that can go wrong with the service, as opposed to with the learner's program.

Knows nothing of gRPC: `wire` has the one table from here to statuses, and a test proves it total. Every error carries its
variable parts in `details`, which travel to the client; so they never hold a path of the host, a command line of ours or a trace.

    CodecraftError
      ConfigurationError            the operator's settings or curriculum can't be used
        CurriculumError
      InvalidFieldError             a field of a request is missing or out of range
      TaskNotFoundError
      EpisodeNotFoundError
      WrongEpisodeTokenError
      WrongServiceTokenError
      EpisodeEndedError
      StepOutOfOrderError
      StepConflictError
      StepInProgressError
      NoStepRunningError
      StepNotFoundError
      OutputNotKeptError
      WorkNotKeptError
      TooManyReadersError
      StdinFullError
      RequestIdConflictError
      NoCapacityError
      ShuttingDownError
      NotAllowedError
      SandboxError                  the world under the episodes failed
        EngineUnavailableError
        ImageUnavailableError
        SandboxStartError
        SandboxLostError            died under us; becomes a fault of its episode, never a status of Step
        TaskSetupError
"""

from collections.abc import Iterable

_LISTED = "`codecraft tasks` lists those of a server, `codecraft-server tasks list` those of a file"


def did_you_mean(near: Iterable[str]) -> str:
    """Join what was asked for in vain to what follows: by the names that may have been meant, or by a semicolon alone."""
    names = " or ".join(map(repr, near))
    return f"; did you mean {names}?" if names else ";"


class CodecraftError(Exception):
    """Root of the tree.

    Attributes:
        details: The variable parts of the message, for machines. Safe to show to any client.
        retry_after_s: When a retry makes sense, or None when it doesn't.
    """

    retry_after_s: float | None = None

    def __init__(self, message: str, **details: str) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class ConfigurationError(CodecraftError):
    """The operator's settings can't be used; the message names the remedy. Ends the process, never reaches a client."""


class CurriculumError(ConfigurationError):
    """A curriculum can't be used: the message has file, JSON path and reason."""


class InvalidFieldError(CodecraftError):
    """A field of a request is missing or out of range."""

    def __init__(self, field: str, problem: str) -> None:
        """`field` is the path of the field in the request, as the schema spells it."""
        super().__init__(f"{field}: {problem}", field=field)
        self.field = field
        self.problem = problem


class TaskNotFoundError(CodecraftError):
    """The curriculum has no task of this id, or none that fits a choice."""

    def __init__(self, task_id: str = "", *, near: tuple[str, ...] = (), wanted: str = "") -> None:
        """`task_id` as asked for and ids that are `near`, or in `wanted` the filter of a choice."""
        if wanted:
            super().__init__(f"no task with checks fits the choice ({wanted}); {_LISTED}", wanted=wanted)
            return
        super().__init__(f"no task {task_id[:128]!r} in the curriculum{did_you_mean(near)} {_LISTED}", task_id=task_id[:128])


class EpisodeNotFoundError(CodecraftError):
    """No episode of this id is known (any more)."""

    def __init__(self, episode_id: str) -> None:
        """`episode_id` as asked for."""
        super().__init__(f"no episode {episode_id[:128]!r} is known here", episode_id=episode_id[:128])


class WrongEpisodeTokenError(CodecraftError):
    """The episode token is not the one that Reset returned."""

    def __init__(self, episode_id: str) -> None:
        """`episode_id` as asked for."""
        super().__init__(f"wrong episode_token for episode {episode_id!r}; use the one that Reset returned", episode_id=episode_id)


class WrongServiceTokenError(CodecraftError):
    """The service token in the metadata is missing or wrong."""


class EpisodeEndedError(CodecraftError):
    """The episode has ended."""

    def __init__(self, episode_id: str, outcome: str) -> None:
        """`outcome` is the name of the outcome it ended with."""
        super().__init__(f"episode {episode_id!r} has ended ({outcome}); Reset opens a new one", episode_id=episode_id, outcome=outcome)


class StepOutOfOrderError(CodecraftError):
    """step_index is not the next one."""

    def __init__(self, expected: int, got: int) -> None:
        """`expected` is the only index that would be new."""
        super().__init__(f"step_index must be {expected}, not {got}", expected=str(expected), got=str(got))


class StepConflictError(CodecraftError):
    """This step_index was used with another action."""

    def __init__(self, step_index: int) -> None:
        """`step_index` as asked for."""
        super().__init__(f"step {step_index} was taken with another action", step_index=str(step_index))


class StepInProgressError(CodecraftError):
    """Another step of this episode is running."""

    def __init__(self, running: int) -> None:
        """`running` is its index."""
        super().__init__(f"step {running} is still running; wait for its result, Resume it or Interrupt it", running=str(running))


class NoStepRunningError(CodecraftError):
    """No step is running that the call could act on."""

    def __init__(self, step_index: int) -> None:
        """`step_index` as asked for."""
        super().__init__(f"step {step_index} is not running", step_index=str(step_index))


class StepNotFoundError(CodecraftError):
    """No step of this index is running or kept."""

    def __init__(self, step_index: int) -> None:
        """`step_index` as asked for."""
        super().__init__(f"no step {step_index} is running or kept", step_index=str(step_index))


class OutputNotKeptError(CodecraftError):
    """Output from the asked offset on is no longer kept."""

    def __init__(self, stream: str, offset: int, first_kept: int) -> None:
        """`stream` is "out" or "err"; offsets count bytes of it."""
        super().__init__(
            f"output of stream {stream!r} from {offset} on is no longer kept; the first byte kept is {first_kept}",
            stream=stream,
            offset=str(offset),
            first_kept_offset=str(first_kept),
        )


class WorkNotKeptError(CodecraftError):
    """The work of an episode is not kept: it was never submitted, was graded in place, or too much came after it."""

    def __init__(self, episode_id: str) -> None:
        """`episode_id` as asked for."""
        super().__init__(
            f"the work of episode {episode_id!r} is not kept: it was not copied, or is gone for age or room",
            episode_id=episode_id,
        )


class TooManyReadersError(CodecraftError):
    """Too many calls are attached to one step."""

    retry_after_s = 1.0


class StdinFullError(CodecraftError):
    """More standard input than is buffered; nothing of the call was taken."""

    retry_after_s = 0.1


class RequestIdConflictError(CodecraftError):
    """This request_id was used by a Reset with other fields."""

    def __init__(self, request_id: str) -> None:
        """`request_id` as asked for."""
        super().__init__(f"request_id {request_id!r} was used for another Reset; choose a new one", request_id=request_id)


class NoCapacityError(CodecraftError):
    """As many episodes as the server admits are open or queued."""

    retry_after_s = 1.0


class ShuttingDownError(CodecraftError):
    """The server is shutting down."""

    retry_after_s = 5.0

    def __init__(self) -> None:
        """Has no variable parts."""
        super().__init__("the server is shutting down")


class NotAllowedError(CodecraftError):
    """The task wants something the operator does not allow."""

    def __init__(self, wanted: str, remedy: str) -> None:
        """`wanted` is one word ("network", "root"); `remedy` a sentence for the operator."""
        super().__init__(f"the task wants {wanted}, which this server does not allow; {remedy}", wanted=wanted)


class SandboxError(CodecraftError):
    """The world under the episodes failed."""


class EngineUnavailableError(SandboxError):
    """The Docker Engine does not answer."""

    retry_after_s = 2.0


class ImageUnavailableError(SandboxError):
    """The image is not there and can't be had; the message names the remedy."""

    def __init__(self, image: str, reason: str, remedy: str) -> None:
        """`reason` is the engine's, in one line."""
        super().__init__(f"image {image!r} can't be had: {reason}. {remedy}", image=image)


class SandboxStartError(SandboxError):
    """The sandbox could not be started; nothing was left behind."""

    retry_after_s = 1.0


class SandboxLostError(SandboxError):
    """The sandbox died; `cause` says how ("oom", "overdue", "killed", "engine", "protocol", "gone").

    "overdue": a command did not end when it had to, so the sandbox was given up.
    """

    def __init__(self, message: str, cause: str) -> None:
        """`cause` is one word of the list above."""
        super().__init__(message, cause=cause)
        self.cause = cause


class TaskSetupError(SandboxError):
    """A setup command or file of the task failed."""

    def __init__(self, task_id: str, what: str) -> None:
        """`what` says which item and how it failed, in one line."""
        super().__init__(f"task {task_id!r} can't be set up: {what}", task_id=task_id)

"""The one table from errors to statuses, and how a status is written. Whatever is not in the table is INTERNAL and tells nothing."""

from dataclasses import dataclass

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from codecraft.v1 import errors_pb2
from codecraft.v1.errors_pb2 import ErrorReason
from codecraft_server import errors
from codecraft_server.wire.scalars import duration, shortened

DOMAIN = "codecraft.v1"
# A status travels in HTTP/2 trailers, where clients accept 8 KiB.
_MAX_MESSAGE_BYTES = 1024
_MAX_DETAIL_BYTES = 256
_MAX_DETAILS = 4


@dataclass(frozen=True, slots=True)
class Mapping:
    """What an error is on the wire, and whether RetryInfo comes with it (then the error says after how long)."""

    code: grpc.StatusCode
    reason: ErrorReason.ValueType
    retry: bool = False


_CODE = grpc.StatusCode
INTERNAL = Mapping(_CODE.INTERNAL, errors_pb2.ERROR_REASON_INTERNAL)
TABLE: dict[type[errors.CodecraftError], Mapping] = {
    errors.InvalidFieldError: Mapping(_CODE.INVALID_ARGUMENT, errors_pb2.ERROR_REASON_INVALID_FIELD),
    errors.TaskNotFoundError: Mapping(_CODE.NOT_FOUND, errors_pb2.ERROR_REASON_TASK_NOT_FOUND),
    errors.EpisodeNotFoundError: Mapping(_CODE.NOT_FOUND, errors_pb2.ERROR_REASON_EPISODE_NOT_FOUND),
    errors.WrongEpisodeTokenError: Mapping(_CODE.PERMISSION_DENIED, errors_pb2.ERROR_REASON_WRONG_EPISODE_TOKEN),
    errors.WrongServiceTokenError: Mapping(_CODE.UNAUTHENTICATED, errors_pb2.ERROR_REASON_WRONG_SERVICE_TOKEN),
    errors.EpisodeEndedError: Mapping(_CODE.FAILED_PRECONDITION, errors_pb2.ERROR_REASON_EPISODE_ENDED),
    errors.StepOutOfOrderError: Mapping(_CODE.FAILED_PRECONDITION, errors_pb2.ERROR_REASON_STEP_OUT_OF_ORDER),
    errors.StepConflictError: Mapping(_CODE.ALREADY_EXISTS, errors_pb2.ERROR_REASON_STEP_CONFLICT),
    errors.StepInProgressError: Mapping(_CODE.ABORTED, errors_pb2.ERROR_REASON_STEP_IN_PROGRESS),
    errors.NoStepRunningError: Mapping(_CODE.FAILED_PRECONDITION, errors_pb2.ERROR_REASON_NO_STEP_RUNNING),
    errors.StepNotFoundError: Mapping(_CODE.NOT_FOUND, errors_pb2.ERROR_REASON_STEP_NOT_FOUND),
    errors.OutputNotKeptError: Mapping(_CODE.OUT_OF_RANGE, errors_pb2.ERROR_REASON_OUTPUT_NOT_KEPT),
    errors.WorkNotKeptError: Mapping(_CODE.FAILED_PRECONDITION, errors_pb2.ERROR_REASON_WORK_NOT_KEPT),
    errors.TooManyReadersError: Mapping(_CODE.RESOURCE_EXHAUSTED, errors_pb2.ERROR_REASON_TOO_MANY_READERS, retry=True),
    errors.StdinFullError: Mapping(_CODE.RESOURCE_EXHAUSTED, errors_pb2.ERROR_REASON_STDIN_FULL, retry=True),
    errors.RequestIdConflictError: Mapping(_CODE.ALREADY_EXISTS, errors_pb2.ERROR_REASON_REQUEST_ID_CONFLICT),
    errors.NoCapacityError: Mapping(_CODE.RESOURCE_EXHAUSTED, errors_pb2.ERROR_REASON_NO_CAPACITY, retry=True),
    errors.ShuttingDownError: Mapping(_CODE.UNAVAILABLE, errors_pb2.ERROR_REASON_SHUTTING_DOWN, retry=True),
    errors.NotAllowedError: Mapping(_CODE.FAILED_PRECONDITION, errors_pb2.ERROR_REASON_NOT_ALLOWED),
    errors.EngineUnavailableError: Mapping(_CODE.UNAVAILABLE, errors_pb2.ERROR_REASON_ENGINE_UNAVAILABLE, retry=True),
    errors.ImageUnavailableError: Mapping(_CODE.FAILED_PRECONDITION, errors_pb2.ERROR_REASON_IMAGE_UNAVAILABLE),
    errors.SandboxStartError: Mapping(_CODE.UNAVAILABLE, errors_pb2.ERROR_REASON_SANDBOX_START_FAILED, retry=True),
    errors.TaskSetupError: Mapping(_CODE.FAILED_PRECONDITION, errors_pb2.ERROR_REASON_TASK_SETUP_FAILED),
}


def mapping(error: BaseException) -> Mapping:
    """Return what an error is on the wire: its own row, or that of its nearest ancestor which has one, else INTERNAL."""
    return next((TABLE[kind] for kind in type(error).__mro__ if kind in TABLE), INTERNAL)


def status(error: errors.CodecraftError) -> status_pb2.Status:
    """Encode an error of the table. What is not in it must become `internal`, for its words are not for clients."""
    row = mapping(error)
    details: list[Message] = [_error_info(row.reason, error.details)]
    if isinstance(error, errors.InvalidFieldError):
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=shortened(error.field, _MAX_DETAIL_BYTES), description=shortened(error.problem, _MAX_MESSAGE_BYTES)
        )
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    if row.retry and error.retry_after_s is not None:
        details.append(error_details_pb2.RetryInfo(retry_delay=duration(error.retry_after_s)))
    return _status(row.code, error.message, details)


def internal(incident_id: str) -> status_pb2.Status:
    """Encode a defect of ours: the incident id finds it in the log, and nothing else is told."""
    info = _error_info(INTERNAL.reason, {"incident_id": incident_id})
    return _status(INTERNAL.code, f"internal error; the server's log has it as incident {incident_id}", [info])


def _error_info(reason: ErrorReason.ValueType, details: dict[str, str]) -> error_details_pb2.ErrorInfo:
    metadata = {key: shortened(value, _MAX_DETAIL_BYTES) for key, value in list(details.items())[:_MAX_DETAILS]}
    return error_details_pb2.ErrorInfo(reason=ErrorReason.Name(reason).removeprefix("ERROR_REASON_"), domain=DOMAIN, metadata=metadata)


def _status(code: grpc.StatusCode, message: str, details: list[Message]) -> status_pb2.Status:
    status = status_pb2.Status(code=code.value[0], message=shortened(message, _MAX_MESSAGE_BYTES))
    for detail in details:
        status.details.add().Pack(detail)
    return status

"""A gRPC status, in its parts, to an error of ours. Knows the standard details (google.rpc), not the gRPC library."""

from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2 as details
from google.rpc import status_pb2

from codecraft_client.errors import BY_REASON, FieldViolation, Refusal, ServerError, Where
from codecraft_client.wire.values import seconds

DOMAIN = "codecraft.v1"


def server_error(code: str, message: str, packed: bytes | None, where: Where) -> ServerError | None:
    """Return what the server said.

    Args:
        code: Name of the gRPC code.
        message: The status's message.
        packed: A serialized google.rpc.Status, as the trailer `grpc-status-details-bin` has it; None when there was none.
        where: The call.

    Returns:
        None when the status does not come from a codecraft server: then it is the line's word, or a stranger's.
    """
    status = _parsed(packed)
    if status is None:
        return None
    info, retry, bad = details.ErrorInfo(), details.RetryInfo(), details.BadRequest()
    for each in status.details:
        _ = each.Unpack(info) or each.Unpack(retry) or each.Unpack(bad)
    if info.domain != DOMAIN:
        return None
    error = BY_REASON.get(info.reason, ServerError)(
        status.message or message,
        where=where,
        reason=info.reason,
        metadata=info.metadata,
        retry_after_s=seconds(retry.retry_delay) if retry.HasField("retry_delay") else None,
    )
    error.refusal = Refusal(code, tuple(FieldViolation(each.field, each.description) for each in bad.field_violations))
    return error


def _parsed(packed: bytes | None) -> status_pb2.Status | None:
    if packed is None:
        return None
    try:
        return status_pb2.Status.FromString(packed)
    except DecodeError:
        return None

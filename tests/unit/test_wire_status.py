"""The table from errors to statuses is total, tells what helps, and nothing else."""

from collections.abc import Iterator
from typing import Any, TypeVar

import grpc
from each import each
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from samples import filled

from codecraft.v1 import errors_pb2
from codecraft_server import errors
from codecraft_server.wire import status as wire

_Detail = TypeVar("_Detail", bound=Message)

# They have no row: what they say is for the operator, so clients get INTERNAL and an incident id.
NEVER_TOLD = {
    errors.CodecraftError,
    errors.ConfigurationError,
    errors.CurriculumError,
    errors.SandboxError,
    errors.SandboxLostError,
}


def tree(kind: type[errors.CodecraftError] = errors.CodecraftError) -> Iterator[type[errors.CodecraftError]]:
    """All error classes of ours that `errors` defines."""
    if kind.__module__ == errors.__name__:
        yield kind
    for child in kind.__subclasses__():
        yield from tree(child)


def sample(kind: type[errors.CodecraftError]) -> errors.CodecraftError:
    """An error of a class, with something for each argument of its own."""
    if "__init__" not in vars(kind):
        return kind("message", detail="value")
    arguments = {name: filled(hint) for name, hint in kind.__init__.__annotations__.items() if name != "return"}
    return kind(**arguments)


def details(status: status_pb2.Status, kind: type[_Detail]) -> list[_Detail]:
    """The details of a status that are of one kind."""
    found = []
    for packed in status.details:
        detail = kind()
        if packed.Unpack(detail):
            found.append(detail)
    return found


def test_the_table_is_total() -> None:
    """Every error class has a row of its own, but for the named ones which clients never see."""
    assert set(tree()) - set(wire.TABLE) == NEVER_TOLD


def test_every_reason_of_the_schema_is_produced() -> None:
    """No reason is promised that nothing gives."""
    promised = set(errors_pb2.ErrorReason.values()) - {errors_pb2.ERROR_REASON_UNSPECIFIED}
    assert {row.reason for row in wire.TABLE.values()} | {wire.INTERNAL.reason} == promised


def test_no_two_errors_share_a_reason() -> None:
    """Clients match on the reason, so it tells errors apart."""
    assert len({row.reason for row in wire.TABLE.values()}) == len(wire.TABLE)


@each("kind", [kind for kind in tree() if kind not in NEVER_TOLD])
def test_a_status_has_one_error_info_and_what_helps(kind: type[errors.CodecraftError]) -> None:
    """Code and reason are the table's, the details are the error's, and RetryInfo comes exactly where a retry makes sense."""
    error, row = sample(kind), wire.TABLE[kind]
    status = wire.status(error)
    (info,) = details(status, error_details_pb2.ErrorInfo)
    assert status.code == row.code.value[0]
    assert f"ERROR_REASON_{info.reason}" == errors_pb2.ErrorReason.Name(row.reason)
    assert (info.domain, dict(info.metadata), status.message) == ("codecraft.v1", error.details, error.message)
    retries = details(status, error_details_pb2.RetryInfo)
    assert [retry.retry_delay.ToTimedelta().total_seconds() for retry in retries] == ([error.retry_after_s] if error.retry_after_s else [])
    assert row.retry == bool(retries)


def test_the_code_is_the_one_that_the_schema_documents() -> None:
    """The first word of each reason's comment in errors.proto is its gRPC code."""
    for row in (*wire.TABLE.values(), wire.INTERNAL):
        assert DOCUMENTED[errors_pb2.ErrorReason.Name(row.reason)] == row.code.name


def _documented() -> dict[str, str]:
    from pathlib import Path  # noqa: PLC0415 - only here

    import codecraft.v1  # noqa: PLC0415 - likewise

    lines = (Path(codecraft.v1.__path__[0]) / "errors.proto").read_text().splitlines()
    codes: dict[str, str] = {}
    comment = ""
    for line in map(str.strip, lines):
        if line.startswith("ERROR_REASON_"):
            codes[line.split()[0]] = comment.removeprefix("// ").partition(":")[0]
            comment = ""
        elif line.startswith("//"):
            comment = comment or line
    return codes


DOCUMENTED: dict[str, Any] = _documented()


def test_an_invalid_field_comes_with_bad_request() -> None:
    """The field's path and what is wrong with it are there for machines too."""
    (bad,) = details(wire.status(errors.InvalidFieldError("action.kind", "is missing")), error_details_pb2.BadRequest)
    assert [(violation.field, violation.description) for violation in bad.field_violations] == [("action.kind", "is missing")]


def test_an_unmapped_error_tells_only_its_incident() -> None:
    """INTERNAL has the incident id, in words and for machines, and nothing of the error."""
    status = wire.internal("abc123")
    (info,) = details(status, error_details_pb2.ErrorInfo)
    assert (info.reason, dict(info.metadata)) == ("INTERNAL", {"incident_id": "abc123"})
    assert status.code == grpc.StatusCode.INTERNAL.value[0]
    assert wire.mapping(RuntimeError("/etc/shadow")) is wire.INTERNAL
    assert wire.mapping(errors.SandboxLostError("container 12ab", "gone")) is wire.INTERNAL


def test_a_status_fits_into_trailers() -> None:
    """However long what a client sent or the engine said, a status stays below the 8 KiB that clients accept."""
    for error in (
        errors.InvalidFieldError("f" * 100_000, "é" * 100_000),
        errors.ImageUnavailableError("i" * 100_000, "r" * 100_000, "x" * 100_000),
        errors.NoCapacityError("m" * 100_000, **{f"key{n}": "v" * 10_000 for n in range(50)}),
    ):
        assert wire.status(error).ByteSize() < 6000


def test_a_subclass_without_a_row_of_its_own_has_its_ancestors() -> None:
    """An error that a room refines for itself means what its public ancestor means."""

    class Refined(errors.EngineUnavailableError):
        pass

    assert wire.mapping(Refined("gone")) is wire.TABLE[errors.EngineUnavailableError]

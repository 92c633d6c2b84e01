"""The small things every message is made of: durations, timestamps, enum names and texts of bounded length."""

from enum import Enum
from functools import cache
from typing import Protocol, TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from codecraft_server.errors import InvalidFieldError

_NANOS = 1_000_000_000
_MAX_DURATION_S = 315_576_000_000  # google.protobuf.Duration: about 10,000 years
_Value_co = TypeVar("_Value_co", covariant=True)


class EnumType(Protocol[_Value_co]):
    """An enum of the schema, as generated."""

    def Value(self, name: str) -> _Value_co:  # noqa: N802 - protobuf's name
        """Return the number of a value's name; ValueError when there is none."""
        ...


def duration(seconds: float) -> Duration:
    """Encode seconds, to the nanosecond; what is negative counts as 0, for nothing we report can be."""
    if seconds <= 0:
        return Duration()
    whole, nanos = divmod(round(seconds * _NANOS), _NANOS)
    return Duration(seconds=whole, nanos=nanos)


def seconds(value: Duration, field: str) -> float:
    """Decode a duration that must not be negative. Raises InvalidFieldError for `field` when it is, or breaks the rules of Duration."""
    if abs(value.seconds) > _MAX_DURATION_S or abs(value.nanos) >= _NANOS or value.seconds * value.nanos < 0:
        raise InvalidFieldError(field, "is no valid google.protobuf.Duration")
    if value.seconds < 0 or value.nanos < 0:
        raise InvalidFieldError(field, "must not be negative")
    return value.seconds + value.nanos / _NANOS


def timestamp(unix_s: float) -> Timestamp:
    """Encode a Unix time in seconds."""
    whole, nanos = divmod(round(unix_s * _NANOS), _NANOS)
    return Timestamp(seconds=whole, nanos=nanos)


@cache  # every result has some, and there are as many as the schema has values
def named(kind: EnumType[_Value_co], prefix: str, member: Enum | None) -> _Value_co:
    """Return the schema's value that bears a domain member's name; None is UNSPECIFIED."""
    return kind.Value(f"{prefix}_{member.name if member else 'UNSPECIFIED'}")


def shortened(text: str, max_bytes: int) -> str:
    """Cut a text so that its UTF-8 fits, visibly and never inside a character; lone surrogates become question marks."""
    raw = text.encode(errors="replace")
    if len(raw) <= max_bytes:
        return raw.decode()
    return raw[: max_bytes - 3].decode(errors="ignore") + "…"

"""The modes that environments have in common, and how a wrong one is refused."""

from typing import Literal, TypeAlias

from codecraft_client.errors import UsageError

OnFault: TypeAlias = Literal["raise", "truncate"]


def one_of(name: str, value: object, allowed: tuple[object, ...]) -> None:
    """UsageError for an argument that is none of those it may be."""
    if value not in allowed:
        raise UsageError(f"{name} must be one of {', '.join(map(repr, allowed))}, not {value!r}")

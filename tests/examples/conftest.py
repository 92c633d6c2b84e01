"""A server with real containers for the examples to play against."""

from collections.abc import Iterator

import pytest

from codecraft_client.demo_server import own_server


@pytest.fixture(scope="session")
def served() -> Iterator[str]:
    """The address of a server process."""
    with own_server(lambda _: None) as address:
        yield address

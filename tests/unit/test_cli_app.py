"""What the composition root decides before anything runs."""

import logging

import pytest

from codecraft_server.app import _warn
from codecraft_server.settings import Settings


@pytest.mark.parametrize(
    ("settings", "open_"),
    [
        (Settings(host="0.0.0.0"), {"episodes", "control"}),  # noqa: S104 - what is warned of
        (Settings(host="0.0.0.0", agent_token="t"), {"control"}),  # noqa: S104 - likewise
        (Settings(host="0.0.0.0", agent_token="t", control_token="t"), set()),  # noqa: S104 - likewise
        (Settings(host="127.0.0.1"), set()),
    ],
)
def test_a_remote_server_without_tokens_is_warned_of_loudly(settings: Settings, open_: set[str], caplog: pytest.LogCaptureFixture) -> None:
    """Each service that no token guards is named with its option; on loopback nothing is said."""
    _warn(settings)
    assert {vars(record)["open"] for record in caplog.records} == open_
    assert all(record.levelno == logging.WARNING and "--" in vars(record)["remedy"] for record in caplog.records)

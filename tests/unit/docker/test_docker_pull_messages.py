"""Pull progress and pull failures, from messages as an engine sent them."""

import pytest
from each import each

from codecraft_server.docker.pull import progress_of, unavailable
from codecraft_server.errors import ImageUnavailableError
from codecraft_server.sandbox import PullProgress

RECORDED = [
    ({"status": "Pulling from library/alpine", "id": "3.20"}, PullProgress("a", "3.20", "Pulling from library/alpine", 0, 0)),
    ({"status": "Pulling fs layer", "progressDetail": {}, "id": "d25f55"}, PullProgress("a", "d25f55", "Pulling fs layer", 0, 0)),
    (
        {"status": "Downloading", "progressDetail": {"current": 36640, "total": 3623807}, "progress": "[>   ]", "id": "d25f55"},
        PullProgress("a", "d25f55", "Downloading", 36640, 3623807),
    ),
    ({"status": "Extracting", "progressDetail": {"current": 1}, "id": "d25f55"}, PullProgress("a", "d25f55", "Extracting", 1, 0)),
    ({"status": "Digest: sha256:77ed"}, PullProgress("a", "", "Digest: sha256:77ed", 0, 0)),
    ({"status": "Download complete", "progressDetail": None, "id": "x"}, PullProgress("a", "x", "Download complete", 0, 0)),
]


@each(("message", "expected"), RECORDED)
def test_a_message_is_progress(message: dict[str, object], expected: PullProgress) -> None:
    """Layer, status and bytes come out of the engine's words; what it does not say is 0."""
    assert progress_of("a", message) == expected


def test_an_error_in_the_middle_is_an_error() -> None:
    """A pull that fails after the answer's headers says so in a message."""
    message = {"errorDetail": {"message": "unexpected EOF"}, "error": "unexpected EOF"}
    with pytest.raises(ImageUnavailableError, match="unexpected EOF"):
        progress_of("a", message)


REMEDIES = [
    ("codecraft/debian:1", "the engine does not have it", "make images"),
    ("a/b", "pull access denied for a/b, repository does not exist or may require 'docker login'", "docker login"),
    ("r:5000/a", "Get https://r:5000/v2/: dial tcp: lookup r: no such host", "can't be reached"),
    ("a:9", "manifest for a:9 not found: manifest unknown", "docker pull a:9"),
]


@each(("image", "reason", "remedy"), REMEDIES)
def test_a_failure_names_the_remedy(image: str, reason: str, remedy: str) -> None:
    """The message has the image, the engine's reason and what to do about it."""
    error = unavailable(image, reason)
    assert image in error.message
    assert reason in error.message
    assert remedy in error.message

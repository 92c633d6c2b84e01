"""The base image our own images start from: the public one, or one of our own making.

Owns where a base comes from when no image registry can be reached (`images/base.sh`), and the little that
building and base-making share. Must not know which images we have. Everything here blocks.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
import textwrap
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import docker.errors
import requests

from codecraft_server.errors import ImageUnavailableError

Say = Callable[[str], None]

INPUTS_LABEL = "codecraft.inputs"  # on an image: the digest of what it was made from
PUBLIC_BASE = "debian:bookworm-slim"
OWN_BASE = "codecraft/base-debian:bookworm"

_REGISTRY_ANSWER_S = 8.0  # a registry that has not answered by then is taken as out of reach
_PACE_S = 3.0  # between two of the many small lines of a long build
_TAIL_LINES = 15  # repeated when something fails
_LINE_LENGTH = 110  # a step of a Dockerfile can be a page long
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # the builder marks what a command writes to stderr
_NOT_HERE = 3  # base.sh: this machine can't make a base


class ImageBuildError(ImageUnavailableError):
    """An image of ours is missing and couldn't be made."""

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        """`reason` is one line; `remedy` is what the operator can do."""
        super().__init__(name, reason, remedy)
        self.name = name
        self.reason = reason
        self.remedy = remedy


def provide(client: docker.DockerClient, script: Path, architecture: str, say: Say) -> str:
    """The public base where it is or can be had, else one of our own making by `script`; returns its reference."""
    if inspect(client, PUBLIC_BASE) is not None:
        return PUBLIC_BASE
    made_from = hashlib.sha256(script.read_bytes()).hexdigest()
    own = inspect(client, OWN_BASE)
    if own is not None and (own["Config"].get("Labels") or {}).get(INPUTS_LABEL) == made_from:
        return OWN_BASE
    if _registry_answers(client, say):
        _pull_base(client, say)
        return PUBLIC_BASE
    say(f"no registry within reach: making {OWN_BASE} on this machine")
    _make_base(client, [str(script), architecture], made_from, say)
    return OWN_BASE


def _registry_answers(client: docker.DockerClient, say: Say) -> bool:
    """Ask the engine to look up the public base, within bounds: a pull itself can't be given a deadline."""
    say(f"looking for {PUBLIC_BASE}")
    try:
        url = f"{client.api.base_url}/v{client.api.api_version}/distribution/{PUBLIC_BASE}/json"
        response = client.api.get(url, timeout=_REGISTRY_ANSWER_S)
    except requests.RequestException:
        return False
    return bool(response.ok)


def _pull_base(client: docker.DockerClient, say: Say) -> None:
    paced = Paced(say)
    for event in client.api.pull(PUBLIC_BASE, stream=True, decode=True):
        if "error" in event:
            raise ImageBuildError(PUBLIC_BASE, one_line(event["error"]), f"Try: docker pull {PUBLIC_BASE}")
        paced.line(" ".join(str(event[key]) for key in ("id", "status", "progress") if key in event))


def _make_base(client: docker.DockerClient, script: list[str], made_from: str, say: Say) -> None:
    repository, _, tag = OWN_BASE.partition(":")
    changes = [f"LABEL {INPUTS_LABEL}={made_from}", 'CMD ["bash"]']
    with tempfile.NamedTemporaryFile(suffix=".tar") as tar:
        _run_base_script(script, tar.fileno(), say)
        client.api.import_image_from_file(tar.name, repository, tag, changes=changes)


def _run_base_script(script: list[str], stdout: int, say: Say) -> None:
    paced = Paced(say)
    command = ["/bin/sh", *script]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        try:
            for line in process.stderr or ():
                paced.line(line, important=not line.startswith(("I: ", "Get:")))  # those are debootstrap's and apt's hundreds
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        paced.say_last()
        raise ImageBuildError(OWN_BASE, f"{Path(script[0]).name} ended with status {process.returncode}", _base_remedy(process.returncode))


def _base_remedy(status: int) -> str:
    if status == _NOT_HERE:
        return (
            "Without a registry only root on Debian or Ubuntu, on a machine of the engine's architecture, can make a base. "
            f"Else bring it here, as with: docker pull {PUBLIC_BASE}"
        )
    return "It needs the Debian archive: check this machine's network and its free disk."


def inspect(client: docker.DockerClient, reference: str) -> dict[str, Any] | None:
    """What the engine says of an image; None where it has no such image."""
    try:
        return client.images.get(reference).attrs
    except docker.errors.ImageNotFound:
        return None


def one_line(text: object) -> str:
    """A foreign message, short enough for one of ours."""
    return textwrap.shorten(str(text), _LINE_LENGTH * 3, placeholder=" …")


class Paced:
    """Passes on important lines at once, of the many others one now and then, and on a failure the last ones."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._last: deque[str] = deque(maxlen=_TAIL_LINES)
        self._next = 0.0

    def line(self, text: str, *, important: bool = False) -> None:
        """Take one line as the engine or a program wrote it."""
        text = textwrap.shorten(_COLOURS.sub("", text), _LINE_LENGTH, placeholder=" …")
        if not text:
            return
        self._last.append(text)
        if important or time.monotonic() >= self._next:
            self._say(text)
            self._next = time.monotonic() + _PACE_S

    def say_last(self) -> None:
        """Repeat the last lines, all of them."""
        for text in self._last:
            self._say(f"  | {text}")

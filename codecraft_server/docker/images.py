"""Our own sandbox images: which there are, whether they are up to date, how they are built.

Owns the recipes under `images/` (in a wheel: `codecraft_server/_images/`) and the label that says what
an image was made from. Must not know tasks, episodes or gRPC. Everything here blocks: call it in a thread.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import subprocess
import tempfile
import textwrap
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import docker.errors
import requests

from codecraft_server.errors import EngineUnavailableError, ImageUnavailableError

Say = Callable[[str], None]

VERSION = "1"  # the tag of every image of ours; a number, so that a task can name what it was written for
INPUTS_LABEL = "codecraft.inputs"
PUBLIC_BASE = "debian:bookworm-slim"
OWN_BASE = "codecraft/base-debian:bookworm"

_REGISTRY_ANSWER_S = 8.0  # a registry that has not answered by then is taken as out of reach
_SILENCE_S = 600.0  # the longest a build may stay without any word from the engine
_PACE_S = 3.0  # between two of the many small lines of a long build
_LINE_LENGTH = 110  # a step of a Dockerfile can be a page long
_TAIL_LINES = 15  # repeated when something fails
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


@dataclass(frozen=True)
class ImageRecipe:
    """How one image of ours is made: a folder with a Dockerfile, on a base that `base_script` can make."""

    name: str
    context: Path
    base_script: Path

    @property
    def reference(self) -> str:
        """What tasks and containers call the image."""
        return f"{self.name}:{VERSION}"

    def inputs(self, architecture: str) -> str:
        """The hex SHA-256 of all the image is made from; it changes when and only when the image should."""
        digest = hashlib.sha256(architecture.encode())
        files = sorted(path for path in self.context.rglob("*") if path.is_file())
        for path in (*files, self.base_script):
            content = path.read_bytes()
            name = os.path.relpath(path, self.context.parent)
            digest.update(f"\0{name}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()


def recipes(folder: Path | None = None) -> dict[str, ImageRecipe]:
    """Every image we can build, by its name without tag; `folder` defaults to the one we came with."""
    folder = folder or _images_folder()
    found = sorted(dockerfile.parent for dockerfile in folder.glob("*/Dockerfile"))
    made = (ImageRecipe(f"codecraft/{path.name}", path, folder / "base.sh") for path in found)
    return {recipe.name: recipe for recipe in made}


def ensure(client: docker.DockerClient, names: Iterable[str], say: Say) -> None:
    """Build those of our images that are missing or whose recipe has changed.

    Safe to call from several processes at once.

    Args:
        client: Of the engine that shall have the images.
        names: Of recipes, with or without our tag.
        say: Gets the progress line by line, and nothing where there is nothing to do.

    Raises:
        ImageBuildError: An image can't be made, or is none of ours.
        EngineUnavailableError: The engine does not answer, or not as it should.
    """
    wanted = [_recipe(name) for name in dict.fromkeys(names)]
    try:
        architecture = str(client.version()["Arch"])
        if all(_is_current(client, recipe, architecture) for recipe in wanted):
            return
        with _one_builder(say):
            for recipe in wanted:
                if not _is_current(client, recipe, architecture):
                    _build(client, recipe, architecture, say)
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise EngineUnavailableError(f"the Docker Engine failed while its images were being looked after: {error}") from error


def _images_folder() -> Path:
    package = Path(__file__).resolve().parent.parent
    in_wheel = package / "_images"
    return in_wheel if in_wheel.is_dir() else package.parent / "images"


def _recipe(name: str) -> ImageRecipe:
    known = recipes()
    try:
        return known[name.removesuffix(f":{VERSION}")]
    except KeyError:
        names = ", ".join(known) or "none: the installation is incomplete"
        raise ImageBuildError(name, "not an image of ours", f"known images: {names}") from None


def _is_current(client: docker.DockerClient, recipe: ImageRecipe, architecture: str) -> bool:
    image = _inspect(client, recipe.reference)
    labels = (image or {}).get("Config", {}).get("Labels") or {}
    return bool(labels.get(INPUTS_LABEL) == recipe.inputs(architecture))


def _inspect(client: docker.DockerClient, reference: str) -> dict[str, Any] | None:
    try:
        image: dict[str, Any] = client.api.inspect_image(reference)
    except docker.errors.ImageNotFound:
        return None
    return image


@contextlib.contextmanager
def _one_builder(say: Say) -> Iterator[None]:
    """One process of this user builds at a time; who waited finds the images made."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "codecraft"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "images.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process is building the images: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# --- one image ---


def _build(client: docker.DockerClient, recipe: ImageRecipe, architecture: str, say: Say) -> None:
    before = _inspect(client, recipe.reference)
    base = _base(client, recipe, say)
    say(f"building {recipe.reference} from {base}")
    events = client.api.build(
        path=str(recipe.context),
        tag=recipe.reference,
        buildargs={"BASE": base},
        labels={INPUTS_LABEL: recipe.inputs(architecture)},
        rm=True,
        forcerm=True,
        decode=True,
        timeout=_SILENCE_S,
    )
    _follow(events, recipe, say)
    say(f"built {recipe.reference}")
    if before is not None:
        _drop_replaced(client, before["Id"])


def _follow(events: Iterable[dict[str, Any]], recipe: ImageRecipe, say: Say) -> None:
    """Report a build as it goes: each step at once, the lines of its commands paced."""
    paced = _Paced(say)
    for event in events:
        for line in str(event.get("stream", "")).splitlines():
            paced.line(line, important=line.startswith("Step "))
        if "error" in event:
            paced.say_last()
            remedy = f"A build needs the Debian archive: check this machine's network, then run: codecraft-server images {recipe.name}"
            raise ImageBuildError(recipe.reference, _one_line(event["error"]), remedy)


def _drop_replaced(client: docker.DockerClient, image_id: str) -> None:
    """An image that lost its tag goes too, unless a container still runs on it."""
    with contextlib.suppress(docker.errors.APIError):
        if not client.api.inspect_image(image_id).get("RepoTags"):
            client.api.remove_image(image_id)


# --- its base ---


def _base(client: docker.DockerClient, recipe: ImageRecipe, say: Say) -> str:
    """The public base where it is or can be had, else one of our own making."""
    if _inspect(client, PUBLIC_BASE) is not None:
        return PUBLIC_BASE
    made_from = hashlib.sha256(recipe.base_script.read_bytes()).hexdigest()
    own = _inspect(client, OWN_BASE)
    if own is not None and (own["Config"].get("Labels") or {}).get(INPUTS_LABEL) == made_from:
        return OWN_BASE
    if _registry_answers(client, say):
        _pull_base(client, say)
        return PUBLIC_BASE
    _make_base(client, recipe, made_from, say)
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
    paced = _Paced(say)
    for event in client.api.pull(PUBLIC_BASE, stream=True, decode=True):
        if "error" in event:
            raise ImageBuildError(PUBLIC_BASE, _one_line(event["error"]), f"Try: docker pull {PUBLIC_BASE}")
        paced.line(" ".join(str(event[key]) for key in ("id", "status", "progress") if key in event))


def _make_base(client: docker.DockerClient, recipe: ImageRecipe, made_from: str, say: Say) -> None:
    say(f"no registry within reach: making {OWN_BASE} on this machine")
    before = _inspect(client, OWN_BASE)
    repository, _, tag = OWN_BASE.partition(":")
    changes = [f"LABEL {INPUTS_LABEL}={made_from}", 'CMD ["bash"]']
    with tempfile.NamedTemporaryFile(suffix=".tar") as tar:
        _run_base_script(recipe.base_script, tar.fileno(), say)
        client.api.import_image_from_file(tar.name, repository, tag, changes=changes)
    if before is not None:
        _drop_replaced(client, before["Id"])


def _run_base_script(script: Path, stdout: int, say: Say) -> None:
    paced = _Paced(say)
    command = ["/bin/sh", str(script)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own script
        try:
            for line in process.stderr or ():
                paced.line(line, important=not line.startswith(("I: ", "Get:")))  # those are debootstrap's and apt's hundreds
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        paced.say_last()
        raise ImageBuildError(OWN_BASE, f"{script.name} ended with status {process.returncode}", _base_remedy(process.returncode))


def _base_remedy(status: int) -> str:
    if status == _NOT_HERE:
        return f"Only root on Debian or Ubuntu can make a base without a registry. Else bring it here, as with: docker pull {PUBLIC_BASE}"
    return "It needs the Debian archive: check this machine's network and its free disk."


# --- words ---


def _one_line(text: object) -> str:
    return textwrap.shorten(str(text), _LINE_LENGTH * 3, placeholder=" …")


class _Paced:
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

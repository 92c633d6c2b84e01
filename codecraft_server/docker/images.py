"""Our own sandbox images: which there are, whether they are up to date, how they are built.

Owns the recipes under `images/` (in a wheel: `codecraft_server/_images/`) and the label that says what
an image was made from. Must not know tasks, episodes or gRPC. Everything here blocks: call it in a thread.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import docker.errors
import requests

from codecraft_server.docker import image_base
from codecraft_server.docker.image_base import INPUTS_LABEL, ImageBuildError, Paced, Say
from codecraft_server.errors import EngineUnavailableError

__all__ = ["VERSION", "ImageBuildError", "ImageRecipe", "ensure", "recipes"]

VERSION = "1"  # the tag of every image of ours; a number, so that a task can name what it was written for
STAGE_LABEL = "codecraft.stage"  # on what a Dockerfile makes on the way

_SILENCE_S = 600  # the longest a build may stay without any word from the engine


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
    image = image_base.inspect(client, recipe.reference)
    labels = (image or {}).get("Config", {}).get("Labels") or {}
    return bool(labels.get(INPUTS_LABEL) == recipe.inputs(architecture))


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


def _build(client: docker.DockerClient, recipe: ImageRecipe, architecture: str, say: Say) -> None:
    before = image_base.inspect(client, recipe.reference)
    base = image_base.provide(client, recipe.base_script, architecture, say)
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
    _drop_leftovers(client, before)


def _follow(events: Iterable[dict[str, Any]], recipe: ImageRecipe, say: Say) -> None:
    """Report a build as it goes: each step at once, the lines of its commands paced."""
    paced = Paced(say)
    for event in events:
        for line in str(event.get("stream", "")).splitlines():
            paced.line(line, important=line.startswith("Step "))
        if "error" in event:
            paced.say_last()
            remedy = f"A build needs the Debian archive: check this machine's network, then run: codecraft-server images {recipe.name}"
            raise ImageBuildError(recipe.reference, image_base.one_line(event["error"]), remedy)


def _drop_leftovers(client: docker.DockerClient, replaced: dict[str, Any] | None) -> None:
    """What only served the build goes, and so does the image that lost its tag, unless a container still runs on it."""
    with contextlib.suppress(docker.errors.APIError):
        client.images.prune(filters={"dangling": True, "label": STAGE_LABEL})
        if replaced is not None and not client.images.get(replaced["Id"]).tags:
            client.images.remove(replaced["Id"])

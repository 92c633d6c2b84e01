"""Our sandbox images, built on an engine that only remembers what it was asked."""

import fcntl
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest
import requests

from codecraft_server.docker import image_base, images
from codecraft_server.errors import EngineUnavailableError, ImageUnavailableError

NAME = "codecraft/tiny"
REFERENCE = "codecraft/tiny:1"
MAKES_A_BASE = "echo making it >&2; echo tar"


class FakeEngine:
    """As much of docker-py as building needs: images by reference, a registry that may answer, a log of what was done."""

    def __init__(self) -> None:
        """An engine without images, whose registry is out of reach and whose builds succeed."""
        self.stored: dict[str, SimpleNamespace] = {}
        self.done: list[str] = []
        self.registry: Exception | int = requests.ReadTimeout()
        self.build_events: list[dict[str, Any]] = [{"stream": "Step 1/1 : FROM base\n"}]
        self.images = self.api = self
        self.base_url, self.api_version = "http+docker://localhost", "1.41"

    def add(self, reference: str, labels: dict[str, str]) -> None:
        """Store an image; one that has the reference already loses it, and stays under its id."""
        identity = f"sha256:{len(self.stored)}"
        if reference in self.stored:
            self.stored[reference].tags.remove(reference)
        attributes = {"Id": identity, "Config": {"Labels": labels or None}}
        self.stored[reference] = self.stored[identity] = SimpleNamespace(attrs=attributes, tags=[reference])

    def version(self) -> dict[str, str]:
        """Tell the architecture."""
        return {"Arch": "amd64"}

    def get(self, reference: str, timeout: float | None = None) -> Any:
        """Find an image, or ask the engine's address for one in the registry."""
        if not reference.startswith("http"):
            if reference not in self.stored:
                raise docker.errors.ImageNotFound(reference)
            return self.stored[reference]
        assert timeout is not None
        assert timeout < 10
        assert reference == "http+docker://localhost/v1.41/distribution/debian:bookworm-slim/json"
        if isinstance(self.registry, Exception):
            raise self.registry
        return SimpleNamespace(ok=self.registry == 200)

    def remove(self, identity: str) -> None:
        """Note the removal."""
        self.done.append(f"remove {identity}")

    def prune(self, filters: dict[str, object]) -> None:
        """Accept only what can't hit the images of anybody else."""
        assert filters == {"dangling": True, "label": "codecraft.stage"}

    def pull(self, reference: str, *, stream: bool, decode: bool) -> Iterator[dict[str, str]]:
        """Store the image, with one event."""
        assert stream
        assert decode
        self.done.append(f"pull {reference}")
        yield {"id": "1a2b", "status": "Downloading", "progress": "1MB/2MB"}
        self.add(reference, {})

    def import_image_from_file(self, path: str, repository: str, tag: str, *, changes: list[str]) -> None:
        """Store an image that has the label of the first change."""
        self.done.append(f"import {repository}:{tag} of {Path(path).read_text().strip()}")
        label = changes[0].removeprefix("LABEL ").split("=")
        self.add(f"{repository}:{tag}", {label[0]: label[1]})

    def build(self, *, path: str, tag: str, buildargs: dict[str, str], labels: dict[str, str], **_: object) -> Iterator[dict[str, Any]]:
        """Play the events; who reads them to the end has the image."""
        self.done.append(f"build {tag} in {Path(path).name} on {buildargs['BASE']}")
        yield from self.build_events
        self.add(tag, labels)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one recipe, taken for the one we came with; and a cache folder of its own."""
    made = tmp_path / "images"
    (made / "tiny").mkdir(parents=True)
    (made / "tiny/Dockerfile").write_text("FROM base\n")
    (made / "base.sh").write_text(MAKES_A_BASE)
    monkeypatch.setattr(images, "_images_folder", lambda: made)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return made


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


def ensure(engine: FakeEngine, *names: str) -> list[str]:
    said: list[str] = []
    images.ensure(engine, names or [NAME], said.append)  # type: ignore[arg-type]
    return said


# --- recipes ---


def test_the_checkout_has_our_two_images() -> None:
    """The folder we came with holds the Debian and the busybox image, under the tags that tasks name."""
    found = images.recipes()
    assert {recipe.reference for recipe in found.values()} == {"codecraft/debian:1", "codecraft/busybox:1"}
    assert all((recipe.context / "Dockerfile").is_file() and recipe.base_script.is_file() for recipe in found.values())


def test_an_installed_wheel_uses_the_recipes_it_carries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the package there is no checkout then; the recipes are package data."""
    carried = tmp_path / "codecraft_server/_images/tiny/Dockerfile"
    carried.parent.mkdir(parents=True)
    carried.touch()
    monkeypatch.setattr(images, "__file__", str(tmp_path / "codecraft_server/docker/images.py"))
    assert images.recipes()[NAME].context == carried.parent


def test_the_inputs_of_a_recipe_stay_the_same_elsewhere(folder: Path, tmp_path: Path) -> None:
    """Where a checkout lies does not matter, or every clone would build anew."""
    moved = folder.rename(tmp_path / "moved")
    there = images.recipes(moved)[NAME].inputs("amd64")
    moved.rename(folder)
    assert images.recipes()[NAME].inputs("amd64") == there


@pytest.mark.parametrize("change", ["content", "another file", "renamed file", "base", "architecture"])
def test_the_inputs_change_with_whatever_an_image_is_made_from(folder: Path, change: str) -> None:
    """Each of them alone gives another digest."""
    (folder / "tiny/extra").write_text("extra")
    before = images.recipes()[NAME].inputs("amd64")
    match change:
        case "content":
            (folder / "tiny/Dockerfile").write_text("FROM other\n")
        case "another file":
            (folder / "tiny/empty").touch()
        case "renamed file":
            (folder / "tiny/extra").rename(folder / "tiny/other")
        case "base":
            (folder / "base.sh").write_text("exit 1")
    assert images.recipes()[NAME].inputs("arm64" if change == "architecture" else "amd64") != before


# --- ensure ---


@pytest.mark.usefixtures("folder")
def test_a_missing_image_is_built_and_then_left_alone(engine: FakeEngine) -> None:
    """The first call builds, saying so; the second does and says nothing."""
    engine.add(image_base.PUBLIC_BASE, {})
    assert f"built {REFERENCE}" in ensure(engine)
    assert engine.done == [f"build {REFERENCE} in tiny on {image_base.PUBLIC_BASE}"]
    assert ensure(engine) == []
    assert len(engine.done) == 1


@pytest.mark.usefixtures("folder")
def test_an_image_may_be_named_with_its_tag(engine: FakeEngine) -> None:
    """What tasks call an image is understood too, and named twice it is built once."""
    engine.add(image_base.PUBLIC_BASE, {})
    ensure(engine, REFERENCE, NAME)
    assert len([line for line in engine.done if line.startswith("build")]) == 1


def test_a_changed_recipe_builds_the_image_again_and_drops_the_old_one(folder: Path, engine: FakeEngine) -> None:
    """An image made from other inputs is replaced, and leaves nothing behind."""
    engine.add(image_base.PUBLIC_BASE, {})
    ensure(engine)
    old = engine.get(REFERENCE).attrs["Id"]
    (folder / "tiny/Dockerfile").write_text("FROM other\n")
    ensure(engine)
    assert engine.done[-1] == f"remove {old}"
    assert len([line for line in engine.done if line.startswith("build")]) == 2


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["debian", "codecraft/none", "codecraft/tiny:2"])
def test_an_unknown_image_is_refused_with_the_known_ones(engine: FakeEngine, name: str) -> None:
    """Nothing is asked of the engine for an image that is none of ours."""
    with pytest.raises(images.ImageBuildError, match="not an image of ours") as caught:
        ensure(engine, name)
    assert NAME in caught.value.remedy
    assert isinstance(caught.value, ImageUnavailableError)


@pytest.mark.usefixtures("folder")
def test_a_failing_build_names_reason_and_remedy(engine: FakeEngine) -> None:
    """The engine's reason is in the error, the last lines of the build are said, and no image is taken for built."""
    engine.add(image_base.PUBLIC_BASE, {})
    engine.build_events = [
        {"stream": "Step 1/1 : RUN apt-get update\n"},
        {"stream": "\x1b[91mErr: no network\x1b[0m\n"},
        {"error": "The command returned 100"},
    ]
    said: list[str] = []
    with pytest.raises(images.ImageBuildError) as caught:
        images.ensure(engine, [NAME], said.append)  # type: ignore[arg-type]
    assert caught.value.name == REFERENCE
    assert caught.value.reason == "The command returned 100"
    assert f"codecraft-server images {NAME}" in caught.value.remedy
    assert said[-2:] == ["  | Step 1/1 : RUN apt-get update", "  | Err: no network"]
    assert REFERENCE not in engine.stored


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("error", [docker.errors.APIError("500"), requests.ConnectionError("gone")])
def test_an_engine_that_fails_is_an_error_of_ours(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """No type of a foreign library passes the door."""

    def version() -> dict[str, str]:
        raise error

    monkeypatch.setattr(engine, "version", version)
    with pytest.raises(EngineUnavailableError):
        ensure(engine)


def test_who_waits_for_another_builder_finds_the_image_made(folder: Path, engine: FakeEngine, tmp_path: Path) -> None:
    """While one process builds, another one waits, saying so, and then has nothing to do."""
    lock_path = tmp_path / "cache/codecraft/images.lock"
    lock_path.parent.mkdir(parents=True)
    said: list[str] = []
    with lock_path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        def say(line: str) -> None:
            said.append(line)
            engine.add(REFERENCE, {image_base.INPUTS_LABEL: images.recipes(folder)[NAME].inputs("amd64")})
            fcntl.flock(lock, fcntl.LOCK_UN)

        images.ensure(engine, [NAME], say)  # type: ignore[arg-type]
    assert said == ["another process is building the images: waiting for it"]
    assert engine.done == []


# --- the base ---


@pytest.mark.usefixtures("folder")
def test_a_base_within_reach_is_pulled(engine: FakeEngine) -> None:
    """A registry that answers is used, and its progress shown."""
    engine.registry = 200
    said = ensure(engine)
    assert engine.done == [f"pull {image_base.PUBLIC_BASE}", f"build {REFERENCE} in tiny on {image_base.PUBLIC_BASE}"]
    assert "1a2b Downloading 1MB/2MB" in said


@pytest.mark.parametrize("answer", [requests.ReadTimeout(), requests.ConnectionError(), 500, 404], ids=str)
def test_without_a_registry_a_base_is_made_once(folder: Path, engine: FakeEngine, answer: Exception | int) -> None:
    """A registry that's silent, refuses or fails is done without; the base that was made serves the next build too."""
    engine.registry = answer
    said = ensure(engine)
    assert engine.done == [f"import {image_base.OWN_BASE} of tar", f"build {REFERENCE} in tiny on {image_base.OWN_BASE}"]
    assert "making it" in said
    (folder / "tiny/Dockerfile").write_text("FROM other\n")
    ensure(engine)
    assert len([line for line in engine.done if line.startswith("import")]) == 1


def test_a_changed_base_script_makes_the_base_again(folder: Path, engine: FakeEngine) -> None:
    """The base is as old as the script that made it, not older."""
    ensure(engine)
    (folder / "base.sh").write_text("echo newer")
    ensure(engine)
    assert f"import {image_base.OWN_BASE} of newer" in engine.done


@pytest.mark.parametrize(("status", "remedy"), [(3, "docker pull debian:bookworm-slim"), (1, "network")])
def test_a_base_that_cannot_be_made_names_a_remedy(folder: Path, engine: FakeEngine, status: int, remedy: str) -> None:
    """Where this machine can't make a base the error says what else would do; nothing is imported or built."""
    (folder / "base.sh").write_text(f"echo half; echo why >&2; exit {status}")
    said: list[str] = []
    with pytest.raises(images.ImageBuildError) as caught:
        images.ensure(engine, [NAME], said.append)  # type: ignore[arg-type]
    assert remedy in caught.value.remedy
    assert said[-1] == "  | why"
    assert engine.done == []


def test_the_base_script_is_told_the_architecture_of_the_engine(folder: Path, engine: FakeEngine) -> None:
    """An engine elsewhere may be of another architecture than this machine."""
    (folder / "base.sh").write_text('echo "for $1"')
    ensure(engine)
    assert engine.done[0] == f"import {image_base.OWN_BASE} of for amd64"


# --- progress ---


def test_many_small_lines_are_paced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a flood one line passes now and then; important ones always do; long ones are cut."""
    now = 0.0
    monkeypatch.setattr(image_base.time, "monotonic", lambda: now)
    said: list[str] = []
    paced = image_base.Paced(said.append)
    for line in ("one", "two", "   ", "three"):
        paced.line(line)
    paced.line("Step 2", important=True)
    now = 10.0
    paced.line("four " * 100)
    assert said[:2] == ["one", "Step 2"]
    assert len(said) == 3
    assert len(said[2]) <= 110

"""The wheel is whole: installed alone into a clean virtual environment it brings guest, images and curriculum, and works."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the checkout."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--outdir", out, ROOT], check=True, capture_output=True, text=True)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install it into a virtual environment of its own; returns that one's bin."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=True)
    subprocess.run([home / "bin" / "pip", "install", "--quiet", wheel], check=True, capture_output=True, text=True)
    return home / "bin"


def test_the_wheel_carries_what_stands_outside_of_the_packages(wheel: Path) -> None:
    """Guests for both architectures, image recipes, curriculum, schema and type markers are in it."""
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "codecraft_server/_guest/codecraft-guest-linux-amd64",
        "codecraft_server/_guest/codecraft-guest-linux-arm64",
        "codecraft_server/_data/curriculum.json",
        "codecraft_server/_images/debian/Dockerfile",
        "codecraft/v1/environment.proto",
        "codecraft/v1/environment_pb2.py",
        "codecraft/py.typed",
        "codecraft_client/py.typed",
        "codecraft_server/py.typed",
    } <= names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]


def test_the_wheel_carries_every_file_of_every_task(wheel: Path) -> None:
    """The folders of tasks lie beside the curriculum that names them, and nothing is missing or added."""
    carried = {name.removeprefix("codecraft_server/_data/") for name in zipfile.ZipFile(wheel).namelist() if "/_data/tasks/" in name}
    assert carried == {str(file.relative_to(ROOT)) for file in (ROOT / "tasks").rglob("*") if file.is_file()}


@pytest.mark.timeout(300)
def test_the_installed_programs_answer(installed: Path, tmp_path: Path) -> None:
    """Both commands help, and the server lists the curriculum it brought along, far from any checkout."""
    for program in ("codecraft", "codecraft-server"):
        shown = subprocess.run([installed / program, "--help"], capture_output=True, text=True, check=True, cwd=tmp_path)
        assert program in shown.stdout
    listed = subprocess.run([installed / "codecraft-server", "tasks", "list"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert {"Hello World", "First files and folders"} <= {line[line.rfind("  ") + 2 :] for line in listed.stdout.splitlines()}


@pytest.mark.docker
@pytest.mark.timeout(300)
def test_the_installed_server_plays_the_demo(installed: Path, tmp_path: Path) -> None:
    """`codecraft demo` of the installed wheel starts the installed server and every reward is as expected."""
    played = subprocess.run(
        [installed / "codecraft", "demo", "--target", "127.0.0.1:1"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert played.returncode == 0, played.stdout[-3000:] + played.stderr[-3000:]

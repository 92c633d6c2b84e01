"""The training example on real containers: its tasks are what its model says, prove themselves, and are learned."""

import csv
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from codecraft_client import Client
from codecraft_client.actions import Text
from codecraft_client.demo_server import own_server
from codecraft_server.cli import main
from examples.learn.__main__ import main as learn
from examples.learn.curriculum import FILE
from examples.learn.families import FAMILIES, STAGES, SUBMIT, Family
from examples.learn.model import UNSEEN, act
from examples.learn.playing import text

pytestmark = pytest.mark.docker

ROOT = Path(__file__).parents[2]
EPISODES, STEPS = 6, 7


@pytest.fixture(scope="module")
def learning_address() -> Iterator[str]:
    """The address of a server that serves the example's tasks."""
    with own_server(lambda _: None, ("--curriculum", str(FILE), "--warm", "8")) as address:
        yield address


def drawn(family: Family, state: int, right: str, chance: np.random.Generator) -> str:
    """A candidate, no submission: in half of the cases the one that gets on, so that the tests see all stages."""
    if chance.random() < 0.5:
        return family.look if state == UNSEEN else right
    return str(chance.choice([str(candidate) for candidate in family.candidates if candidate != SUBMIT]))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_model_is_true(learning_address: str, family: Family) -> None:
    """Drawn sequences show in a sandbox what the model says they show, reach its milestones, and score what it says."""
    chance = np.random.default_rng(1)
    with Client(learning_address) as client:
        for number in range(EPISODES):
            place = int(chance.integers(len(family.variants))) if number else 0
            variant, state = family.variants[place], UNSEEN
            with client.reset(family.task_ids[place]) as episode:
                for _ in range(STEPS):
                    right = variant.acts[min(max(state, 0), STAGES - 1)]
                    candidate = drawn(family, state, right, chance)
                    expected = act(family, variant, state, candidate)
                    result = episode.step(Text(text(candidate)))
                    if expected.output is not None:
                        assert result.observation.output.decode().strip() == expected.output.strip(), (variant.name, state, candidate)
                    assert (result.label.value == "progress") == (expected.state > max(state, 0)), (variant.name, state, candidate)
                    state = expected.state
                assert episode.submit().reward.value == act(family, variant, state, SUBMIT).score


@pytest.mark.timeout(240)
def test_the_tasks_prove_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    """`codecraft-server tasks check` finds nothing wrong with two tasks of each family: solution, wrong answers, milestones, budget."""
    tasks = [family.task_ids[place] for family in FAMILIES for place in (0, 5)]
    options = ["--curriculum", str(FILE), "--no-images", "--cheats", "none", "--worker", "learncheck"]
    assert main(["tasks", "check", *tasks, *options]) == 0, capsys.readouterr().out


def test_another_curriculum_is_told(served: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A server that has other tasks: one line says how to start one that has them, and no file is left."""
    assert learn(["--quick", "--target", served, "--out", str(tmp_path / "quick")]) == 1
    told = "does not serve examples/learn/curriculum.json; start it with --curriculum examples/learn/curriculum.json\n"
    assert capsys.readouterr().out.endswith(f"the server at {served} {told}")
    assert not list(tmp_path.iterdir())


@pytest.mark.timeout(240)
def test_it_learns(tmp_path: Path) -> None:
    """One task, one seed: within 224 episodes most are solved, where chance solves one in a hundred; numbers and picture are written."""
    command = [sys.executable, "-m", "examples.learn", "--quick", "--out", str(tmp_path / "quick")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=230, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with (tmp_path / "quick.csv").open(newline="") as file:
        scores = [float(line["score"]) for line in csv.DictReader(file)]
    assert len(scores) == 14
    assert np.mean(scores[:3]) < 0.2
    assert np.mean(scores[-4:]) > 0.5
    assert (tmp_path / "quick.png").read_bytes().startswith(b"\x89PNG")
    assert "224/224" in done.stdout

"""The training example without sandboxes: its gradient, that it learns, what a fixed sequence comes to, its numbers and picture."""

import io
import json
import zlib
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from simulated import scores
from snippets import ROOT, table

from codecraft_server.curriculum import load
from codecraft_server.settings import TaskDefaults
from examples.learn import plot, telling
from examples.learn.__main__ import main as learn
from examples.learn.__main__ import new_csv
from examples.learn.curriculum import FILE, STEPS, document
from examples.learn.families import FAMILIES, STAGES, SUBMIT, Family
from examples.learn.learner import Batch, Settings, advantages, gradient, loss
from examples.learn.model import LOST, UNSEEN, act, best_fixed, chance, shown
from examples.learn.policy import WORDS, Features, Policy
from examples.learn.training import Row

NAMES = [family.name for family in FAMILIES]
each_family = pytest.mark.parametrize("family", FAMILIES, ids=NAMES)


# The learner


def some_batch(chance: np.random.Generator) -> tuple[Policy, Batch]:
    """A policy that is not at its start, and steps some of which are beyond the clip."""
    policy = Policy(features=7, actions=4)
    policy.actor[:] = chance.normal(size=policy.actor.shape)
    policy.critic[:] = chance.normal(size=policy.critic.shape)
    seen, actions = chance.normal(size=(30, 7)), chance.integers(4, size=30)
    now = policy.log_probabilities(seen)[np.arange(30), actions]
    return policy, Batch(seen, actions, now + chance.normal(scale=0.4, size=30), chance.normal(size=30), chance.normal(size=30))


@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_is_that_of_the_loss(seed: int) -> None:
    """Every number of the gradient is what moving that number of the policy does to the loss."""
    settings, small = Settings(), 1e-6
    policy, of = some_batch(np.random.default_rng(seed))
    for array, slopes in zip((policy.actor, policy.critic), gradient(policy, of, settings), strict=True):
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + small
            above = loss(policy, of, settings)
            array[place] = kept - small
            below = loss(policy, of, settings)
            array[place] = kept
            assert slopes[place] == pytest.approx((above - below) / (2 * small), abs=1e-6)


def test_advantages_are_what_the_papers_formula_says() -> None:
    """With a trace of 1 they are the discounted return less the value; with 0 one step's surprise."""
    rewards, values = np.array([0.0, 1.0, 2.0]), np.array([0.5, 0.25, 1.0])
    long, short = Settings(discount=0.5, trace=1.0), Settings(discount=0.5, trace=0.0)
    assert advantages(rewards, values, long) == pytest.approx([0.0 + 0.5 + 0.5 - 0.5, 1.0 + 1.0 - 0.25, 2.0 - 1.0])
    assert advantages(rewards, values, short) == pytest.approx([0.125 - 0.5, 1.0 + 0.5 - 0.25, 2.0 - 1.0])


def test_features_are_the_same_in_every_process() -> None:
    """They come from the words, not from Python's own hash, which differs from run to run."""
    features = Features(actions=3, steps=5)
    one = features.of("log: disk is read-only\n", 2, 4)
    assert one.shape == (features.size,)
    words = {zlib.crc32(word) % WORDS for word in (b"log", b"disk", b"is", b"read-only")}
    assert set(np.flatnonzero(one)) == words | {WORDS + 1 + 2, WORDS + 4 + 4, features.size - 1}
    assert np.linalg.norm(one[:WORDS]) == pytest.approx(1.0)
    assert (features.of("", -1, 0) != features.of("", 0, 0)).any()
    assert (features.of("log: disk is writable\n", 2, 4) != one).any()


@each_family
def test_the_learner_learns_on_the_model_of_the_tasks(family: Family) -> None:
    """From next to nothing to nearly always, with milestones; for the outcome alone it takes longer."""
    seeds = range(2)
    milestones = np.mean([scores(family, "milestones", seed, 20) for seed in seeds], axis=0)
    outcome = np.mean([scores(family, "outcome", seed, 20) for seed in seeds], axis=0)
    assert milestones[:3].mean() < 0.15
    assert milestones[-4:].mean() > 0.6
    assert milestones.mean() > outcome.mean() + 0.2


# The tasks


def test_the_curriculum_is_what_the_families_say() -> None:
    """The file is written by `python -m examples.learn.curriculum`, and loads."""
    assert FILE.read_text() == document()
    catalog = load(FILE, TaskDefaults())
    assert tuple(catalog.tasks) == tuple(task_id for family in FAMILIES for task_id in family.task_ids)


@each_family
def test_variants_read_the_same(family: Family) -> None:
    """What the agent is told at the start is the same in all of them; and there are enough candidates, no two alike."""
    entries = [json.loads(document())["tasks"][task_id] for task_id in family.task_ids]
    assert len(entries) == 2**STAGES
    for key in ("title", "description", "test", "limits"):
        assert all(entry[key] == entries[0][key] for entry in entries)
    assert len({str(candidate) for candidate in family.candidates}) == len(family.candidates) >= 10


@each_family
def test_no_fixed_sequence_solves_more_than_one_variant_in_eight(family: Family) -> None:
    """Whatever is done, in whatever order, without looking at what comes back: 1/8 at the best, with any number of steps."""
    assert best_fixed(family) == 1 / 8
    assert best_fixed(family, steps=4 * STEPS) == 1 / 8
    assert 0.001 < chance(family) < 0.05


@each_family
def test_three_acts_are_needed_in_order_after_a_look(family: Family) -> None:
    """No shorter sequence and no other order of the right acts solves a variant; one other choice loses it for good."""
    for variant in family.variants:
        for sequence in product(family.candidates[:-1], repeat=STAGES):
            state = UNSEEN
            for candidate in sequence:
                state = act(family, variant, state, candidate).state
            assert state < STAGES  # a look and two acts at the most
        state = act(family, variant, UNSEEN, family.look).state
        for stage, right in enumerate(variant.acts):
            for wrong in set(family.acts[stage]) - {right}:
                assert act(family, variant, state, wrong).state == LOST
            state = act(family, variant, state, right).state
        assert act(family, variant, state, SUBMIT).score == 1.0


@each_family
def test_each_act_shows_what_the_next_one_depends_on(family: Family) -> None:
    """What is shown before an act tells which one is right, and nothing that is shown earlier does."""
    for stage in range(STAGES):
        told: dict[str, set[str]] = {}
        for variant in family.variants:
            told.setdefault(shown(family, variant)[stage], set()).add(variant.acts[stage])
        assert all(len(acts) == 1 for acts in told.values())
    for stage in range(1, STAGES):
        earlier: dict[tuple[str, ...], set[str]] = {}
        for variant in family.variants:
            earlier.setdefault(shown(family, variant)[:stage], set()).add(variant.acts[stage])
        assert all(len(acts) == len(family.acts[stage]) for acts in earlier.values())


# Numbers and picture


def rows(seeds: int = 3, batches: int = 6) -> list[Row]:
    """Made-up curves."""
    kinds = product(NAMES, ("milestones", "outcome"), range(1, seeds + 1), range(1, batches + 1))
    return [Row(task, mode, seed, batch, batch * 16, round(batch / 10 + seed / 100, 4), 0.5, 7.25) for task, mode, seed, batch in kinds]


def test_numbers_come_back_as_they_were_written(tmp_path: Path) -> None:
    """A CSV with a line for each batch."""
    plot.write_csv(tmp_path / "numbers.csv", rows())
    assert plot.read_csv(tmp_path / "numbers.csv") == rows()
    assert (tmp_path / "numbers.csv").read_text().startswith("task,reward,seed,batch,episodes,score,total,steps\n")


def test_the_band_is_the_confidence_interval_over_seeds() -> None:
    """Student's t with one degree of freedom less than seeds; the mean runs over the last batches."""
    episodes, lines = plot.curves([row for row in rows() if (row.task, row.reward) == ("link", "outcome")])
    assert list(episodes) == [16, 32, 48, 64, 80, 96]
    assert lines.mean(axis=0) == pytest.approx([0.12, 0.17, 0.22, 0.32, 0.42, 0.52])
    assert plot.band(lines) == pytest.approx(4.303 * 0.01 / 3**0.5)
    assert not plot.band(lines[:1]).any()


def lines(shown: object) -> list[str]:
    """What a terminal of 80 columns shows."""
    console = Console(width=80, file=io.StringIO())
    console.print(shown)
    return str(console.file.getvalue()).splitlines()  # type: ignore[attr-defined]


def test_one_seed_has_no_band() -> None:
    """With one there is nothing to tell a precision from, so none is shown; with more there is. Chance stands beside."""
    one, three = "\n".join(lines(telling.table(rows(seeds=1)))), "\n".join(lines(telling.table(rows())))
    assert "±" not in one
    assert "0.52 ± 0.02" in three
    assert "0.010" in one
    assert "0.125" in one
    assert "96 episodes" in one


def test_the_bar_says_what_its_numbers_are() -> None:
    """Share solved, episodes, time taken and time left, the longest of them in one line of 80 columns."""
    now = iter((0.0, 5940.0))
    bar = telling.progress(Console(width=80, file=io.StringIO()))
    bar.get_time = lambda: next(now, 5940.0)
    training = bar.add_task("episodes", total=9600)
    bar.update(training, advance=4800, description=telling.described(Row("settings", "milestones", 5, 20, 320, 1.0, 1.0, 5.0)))
    (line,) = lines(bar.get_renderable())
    assert line.startswith("settings, milestones, seed 5: solved 100 % ")
    assert line.rstrip().endswith(" 4800/9600 99 min, 99 min left")
    bar.update(training, completed=9600)
    assert lines(bar.get_renderable())[0].rstrip().endswith(" 9600/9600 99 min")
    assert [telling.duration(seconds) for seconds in (0.2, 51.4, 99.6, 5940, 9000)] == ["0 s", "51 s", "2 min", "99 min", "2.5 h"]


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    """A PNG with a panel for each task, also of one training only."""
    plot.draw(tmp_path / "all.png", rows())
    plot.draw(tmp_path / "one.png", [row for row in rows(seeds=1) if row.task == "link"])
    for name in ("all.png", "one.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_a_training_replaces_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers and picture get a name that both are free under, kept from then on; nothing written leaves none."""
    out = tmp_path / "learning"
    for name in ("learning", "learning-2"):
        with new_csv(out) as path, new_csv(out) as beside:
            assert (path.stem, beside.stem != name) == (name, True)
            plot.write_csv(path, rows())
        assert not beside.exists()
    (tmp_path / "learning-3.png").touch()
    with new_csv(out) as path:
        assert path == tmp_path / "learning-4.csv"
    assert learn(["--draw", "--out", str(out)]) == 0
    assert capsys.readouterr().out.endswith(f"numbers: {out}.csv\npicture: {out}.png\n")
    assert learn(["--draw", "--out", str(tmp_path / "none")]) == 1
    assert "none.csv" in capsys.readouterr().out


def test_the_page_says_what_the_numbers_say() -> None:
    """The table of docs/training.md is made of docs/training.csv, and its picture is there."""
    cells = plot.cells(plot.read_csv(ROOT / "docs/training.csv"))
    assert table("docs/training.md", "curves") == [[f"`{task}`", *others] for task, *others in cells]
    assert (ROOT / "docs/training.png").read_bytes().startswith(b"\x89PNG")

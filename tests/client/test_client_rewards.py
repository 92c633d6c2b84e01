"""Reward modes, milestones and labels as a trainer sees them."""

from collections.abc import Iterator

import pytest
from fakes.milestones import with_milestones
from fakes.tasks import FakeGrader
from worlds import fake_world

from codecraft_client import Client, MilestoneChange, RewardMode, RewardOptions, StepLabel, errors
from codecraft_client.rewards import RewardKind


@pytest.fixture
def client() -> Iterator[Client]:
    """A client of a server with a task that has milestones."""
    with fake_world(tasks=[with_milestones()], grader=FakeGrader()) as address, Client(address) as client:
        yield client


def test_an_episode_pays_as_it_was_asked_to(client: Client) -> None:
    """Terms, parts, changes and labels are typed values, and the rewards add up to the return."""
    task = client.task("1")
    assert (task.milestone_count, task.milestone_share) == (2, 0.5)
    with client.reset("1", reward=RewardOptions(RewardMode.MILESTONES)) as episode:
        assert episode.ready.reward == RewardOptions(RewardMode.MILESTONES, milestone_share=0.5)
        first = episode.write_file("a", "")
        assert [(part.kind, part.value, part.name) for part in first.reward.components] == [(RewardKind.MILESTONE, 0.125, "a")]
        assert first.milestones == (MilestoneChange("a", "Title of a", holds=True, first=True, weight=0.25),)
        assert first.label is StepLabel.PROGRESS
        nonsense = episode.act("nonsense")
        assert (nonsense.label, nonsense.milestones) == (StepLabel.REGRESS, ())
        result = episode.submit()
        assert result.label is StepLabel.PROGRESS
        assert result.episode_return == 0.125 - 1.0 + 0.5


def test_the_default_pays_for_the_outcome(client: Client) -> None:
    """Who asks for nothing gets the score, and labels all the same."""
    with client.reset("1") as episode:
        assert episode.ready.reward == RewardOptions(RewardMode.OUTCOME)
        step = episode.write_file("a", "")
        assert (step.reward.value, step.label) == (0.0, StepLabel.PROGRESS)
        assert episode.submit().episode_return == 1.0


def test_options_that_make_no_sense_are_refused_by_name(client: Client) -> None:
    """The server's refusal is an error that names the field."""
    with pytest.raises(errors.InvalidFieldError, match=r"reward\.discount"):
        client.reset("1", reward=RewardOptions(RewardMode.SHAPED))

"""The example in docs/rewards.md is what happens."""

import pytest
from fakes.game import Games, Player
from fakes.milestones import behind_its_back, with_milestones
from snippets import table

from codecraft_server.episodes.events import ReadFile, StepResult, SubmitResult, WriteFile
from codecraft_server.rewards import RewardMode, RewardTerms

DISCOUNT = 0.9
TERMS = {
    RewardMode.OUTCOME: RewardTerms(),
    RewardMode.MILESTONES: RewardTerms(RewardMode.MILESTONES),
    RewardMode.SHAPED: RewardTerms(RewardMode.SHAPED, discount=DISCOUNT),
}


async def take(player: Player, step: str) -> StepResult | SubmitResult:
    match step:
        case "makes `a`":
            return await player.step(WriteFile(b"a", b""))
        case "reads a file":
            return await player.step(ReadFile(b"a"))
        case "says nonsense":
            return await player.say("nonsense")
        case "loses `a`":
            behind_its_back(player, "a", there=False)
            return await player.step("true")
        case "makes `a` and `b`":
            behind_its_back(player, "a", there=True)
            return await player.step(WriteFile(b"b", b""))
        case "submits":
            return await player.submit()
    raise AssertionError(step)


@pytest.mark.parametrize("mode", RewardMode, ids=lambda mode: mode.value)
async def test_the_example_is_what_happens(games: Games, mode: RewardMode) -> None:
    """Every number and every label of the table, in each mode."""
    game = await games(with_milestones())
    game.grader.score = 0.8
    player = await game.reset(reward=TERMS[mode])
    head, *lines = table("docs/rewards.md", "example", head=True)
    column = head.index(mode.name)
    returned, discounted = None, 0.0
    for number, line in enumerate(lines[:-1]):
        result = await take(player, line[0])
        assert result.reward.value == pytest.approx(float(line[column])), line[0]
        assert result.label.value == line[head.index("label")], line[0]
        discounted += DISCOUNT**number * (result.reward.value or 0.0)
        returned = result.episode_return if isinstance(result, SubmitResult) else None
    assert returned == pytest.approx(float(lines[-1][column]))
    if mode is RewardMode.SHAPED:
        assert discounted == pytest.approx(0.9**5 * 0.8 - 0.9**2)

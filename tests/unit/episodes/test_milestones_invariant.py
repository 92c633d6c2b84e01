"""The invariant of rewards with milestones: what the steps paid is the return is the formula, in every mode."""

import asyncio
import math
from contextlib import AsyncExitStack

import pytest
from fakes.game import Games
from fakes.milestones import behind_its_back, with_milestones, write
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from codecraft_server.episodes.events import ReadFile
from codecraft_server.rewards import Reward, RewardKind, RewardMode, RewardTerms

OUTCOME = RewardTerms()

moves = st.sampled_from(["a", "b", "-a", "-b", "look", "nonsense", '{"action": "fly"}', '{"action": "reset"}', "read"])
terms = st.one_of(
    st.just(OUTCOME),
    st.builds(lambda share: RewardTerms(RewardMode.MILESTONES, share), st.none() | st.floats(0, 1)),
    st.builds(lambda discount: RewardTerms(RewardMode.SHAPED, None, discount), st.just(1.0) | st.floats(0.01, 1)),
)


async def play(made: list[str], wanted: RewardTerms, score: float, penalty: float, *, in_words: bool) -> tuple[list[Reward], float | None]:
    """Play an episode to its end; all rewards that were paid, and the return."""
    async with AsyncExitStack() as stack:
        game = await Games(stack)(with_milestones(malformed_penalty=penalty))
        game.grader.score = score
        player = await game.reset(reward=wanted)
        rewards = []
        for move in made:
            if move in {"a", "b"}:
                result = await write(player, move)
            elif move in {"-a", "-b"}:
                behind_its_back(player, move[1:], there=False)
                result = await player.step("true")
            elif move in {"look", "read"}:
                result = await player.step(ReadFile(b"a") if move == "read" else "true")
            else:
                result = await player.say(move)
            rewards.append(result.reward)
        if in_words:
            rewards.append((await player.say('{"action": "submit"}')).reward)
        result_of_all = await player.submit()
        return rewards if in_words else [*rewards, result_of_all.reward], result_of_all.episode_return


@examples(0.6)
@given(made=st.lists(moves, max_size=10), wanted=terms, score=st.floats(0, 1), penalty=st.floats(-10, 0), in_words=st.booleans())
def test_what_the_steps_paid_is_the_return_is_the_formula(
    made: list[str], wanted: RewardTerms, score: float, penalty: float, *, in_words: bool
) -> None:
    """Whatever is played, in every mode: the rewards add up to the return, and that is what docs/rewards.md says."""
    rewards, returned = asyncio.run(play(made, wanted, score, penalty, in_words=in_words))
    values = [reward.value for reward in rewards]
    assert None not in values
    parts = [part for reward in rewards for part in reward.components]
    assert all(math.isfinite(part.value) for part in parts)
    assert returned == math.fsum(part.value for part in parts)
    assert returned == pytest.approx(math.fsum(value for value in values if value is not None), abs=1e-12)
    penalties = penalty * sum(move in {"nonsense", '{"action": "fly"}'} for move in made)
    match wanted.mode:
        case RewardMode.OUTCOME:
            assert returned == pytest.approx(score + penalties)
        case RewardMode.MILESTONES:
            share = 0.5 if wanted.milestone_share is None else wanted.milestone_share
            earned = 0.25 * ("a" in made) + 0.75 * ("b" in made)
            assert returned == pytest.approx(share * earned + (1 - share) * score + penalties)
            names = [part.name for part in parts if part.kind is RewardKind.MILESTONE]
            assert len(names) == len(set(names))
        case RewardMode.SHAPED if wanted.discount == 1.0:
            assert math.fsum(part.value for part in parts if part.kind is not RewardKind.PENALTY) == score

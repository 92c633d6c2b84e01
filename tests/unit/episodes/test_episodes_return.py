"""The invariant of rewards: what the steps paid adds up to what the episode returned."""

import asyncio
import math
from contextlib import AsyncExitStack

from fakes import a_task
from fakes.game import Games
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from codecraft_server.grading.verdict import FaultKind, GradingFault
from codecraft_server.rewards import Reward

texts = st.sampled_from(
    [
        "nonsense",
        '{"action": "fly"}',
        '{"action": "start", "task_id": "1"}',
        '{"action": "start", "task_id": "none"}',
        '{"action": "command", "command": "echo x"}',
        '{"action": "command", "command": "false"}',
        '{"action": "read_file", "path": "none"}',
        '{"action": "list_files"}',
        '{"action": "reset"}',
    ]
)


async def play(said: list[str], penalty: float, score: float, *, faults: bool, in_words: bool) -> tuple[list[Reward], float | None]:
    """Play an episode to its submission; return all rewards that were paid, and the return."""
    async with AsyncExitStack() as stack:
        game = await Games(stack)(a_task(malformed_penalty=penalty, limits={"steps": 100}))
        game.grader.score = score
        game.grader.error = GradingFault(FaultKind.GRADER_FAILED, "m") if faults else None
        player = await game.reset(None)
        paid = [(await player.say(text)).reward for text in [*said, '{"action": "start", "task_id": "1"}']]
        if in_words:
            paid.append((await player.say('{"action": "submit"}')).reward)
        result = await player.submit()
        if not in_words:
            paid.append(result.reward)
        return paid, result.episode_return


@examples(0.4)
@given(
    said=st.lists(texts, max_size=12),
    penalty=st.floats(-10, 0),
    score=st.floats(0, 1),
    faults=st.booleans(),
    in_words=st.booleans(),
)
def test_the_rewards_add_up_to_the_return(said: list[str], penalty: float, score: float, faults: bool, in_words: bool) -> None:
    """The sum of the step rewards is the return, whatever was played; where any reward is absent so is the return."""
    paid, returned = asyncio.run(play(said, penalty, score, faults=faults, in_words=in_words))
    values = [reward.value for reward in paid]
    if faults:
        assert values[-1] is None
        assert returned is None
    else:
        assert returned == math.fsum(value for value in values if value is not None)
        assert None not in values

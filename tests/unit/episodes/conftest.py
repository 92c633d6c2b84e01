"""Games for tests of the rules, checked for leftovers after each test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from fakes import settle
from fakes.game import Game, Games


@pytest.fixture
async def games() -> AsyncIterator[Games]:
    """Games, each checked afterwards: nothing of theirs may be left."""
    async with AsyncExitStack() as stack:
        games = Games(stack)
        yield games
        for game in games.made:
            for sandbox in game.sandboxes.made:
                sandbox.closing = None
            game.grader.hold = None
            await stop(game)


async def stop(game: Game) -> None:
    """Leave the episodes, and see that everything is gone: sandboxes, places, timers."""
    leaving = asyncio.ensure_future(game.episodes.__aexit__(None, None, None))
    await settle()
    while not leaving.done():
        await game.clock.advance(1.0)
    await leaving
    assert not game.sandboxes.alive
    assert game.sandboxes.opening == 0
    assert game.episodes.load().episodes == 0
    assert game.episodes.views() == []
    await game.clock.advance(game.settings.episodes.reattach_grace_s)
    assert game.clock.pending == 0


@pytest.fixture
async def game(games: Games) -> Game:
    """A game with one plain task: 10 steps, 100 s, 30 s a command, 1000 bytes of output kept."""
    return await games()

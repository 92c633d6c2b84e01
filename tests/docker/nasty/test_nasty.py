"""The corpus of nasty commands, on ash, dash and bash, in real containers, as uid 1000 and as root."""

import pytest
from nasty_attacks import ATTACK_ROWS
from nasty_ends import ENDING_ROWS
from nasty_output import OUTPUT_ROWS
from nasty_play import House
from nasty_processes import PROCESS_ROWS
from nasty_row import SHELLS, USERS, Row
from nasty_state import STATE_ROWS
from nasty_text import TEXT_ROWS

ROWS = TEXT_ROWS + ENDING_ROWS + OUTPUT_ROWS + PROCESS_ROWS + STATE_ROWS + ATTACK_ROWS

pytestmark = [pytest.mark.docker, pytest.mark.timeout(90)]


HOUSES = tuple((shell, user) for shell in SHELLS for user in USERS)
# Ordered so that each house serves all its rows before the next opens. pytest keeps a fixture while its parameter is the very same object.
PLAYED = [(house, row) for house in HOUSES for row in ROWS if house[0] in row.shells and house[1] in row.users]


def played(house: tuple[str, str], row: Row) -> object:
    """A row in a house as a parameter: what forks without end fills the machine."""
    return pytest.param(house, row, id="-".join((*house, row.name)), marks=[pytest.mark.alone] if "fork bomb" in row.name else [])


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("house", "row"), [played(house, row) for house, row in PLAYED], indirect=["house"], scope="module")
async def test_nasty(house: House, row: Row) -> None:
    """Each nasty command prints exactly its bytes, ends as it must, and leaves a session that works, its state kept or flagged as lost."""
    await house.play(row)


def test_the_corpus_is_what_it_claims() -> None:
    """No two rows share a name, so that each failure names its row."""
    assert len({row.name for row in ROWS}) == len(ROWS)

"""The corpus of nasty commands, on ash, dash and bash, in real containers, as uid 1000 and as root."""

import pytest
from nasty_attacks import ATTACK_ROWS
from nasty_ends import ENDING_ROWS
from nasty_output import OUTPUT_ROWS
from nasty_play import House
from nasty_processes import PROCESS_ROWS
from nasty_row import Row
from nasty_state import STATE_ROWS
from nasty_text import TEXT_ROWS

ROWS = TEXT_ROWS + ENDING_ROWS + OUTPUT_ROWS + PROCESS_ROWS + STATE_ROWS + ATTACK_ROWS

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(90)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_nasty(house: House, row: Row) -> None:
    """Each nasty command prints exactly its bytes, ends as it must, and leaves a session that works with its state kept or flagged as lost."""
    if house.shell not in row.shells or house.user not in row.users:
        pytest.skip(row.why_not_all)
    await house.play(row)


def test_the_corpus_is_what_it_claims() -> None:
    """No two rows share a name, so that each failure names its row."""
    assert len({row.name for row in ROWS}) == len(ROWS)

"""What every file of ours keeps to."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("benchmarks", "codecraft_client", "codecraft_server", "examples")
MOST = 400  # lines


@pytest.mark.parametrize("room", ROOMS)
def test_no_module_is_too_long_to_be_read(room: str) -> None:
    """Beyond this a module owns more than one thing."""
    lengths = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in (ROOT / room).rglob("*.py")}
    assert lengths
    assert {path: length for path, length in lengths.items() if length > MOST} == {}

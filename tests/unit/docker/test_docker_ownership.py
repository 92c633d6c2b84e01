"""Whose container is abandoned: owners' locks, and the decision of a sweep."""

import os
from pathlib import Path

import pytest
from each import each

from codecraft_server.docker.owner import Alive, Place
from codecraft_server.docker.sweep import is_abandoned
from codecraft_server.errors import ConfigurationError

LABELS = {"codecraft.sandbox": "1", "codecraft.owner": "o", "codecraft.place": "p", "codecraft.expires": "1000"}
DECISIONS = [
    (Alive.YES, 999, False),
    (Alive.YES, 9999, False),
    (Alive.NO, 999, True),
    (Alive.NO, 9999, True),
    (Alive.UNKNOWN, 999, False),
    (Alive.UNKNOWN, 1001, True),
]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A runtime directory of the test's own."""
    return Place.open(tmp_path / "run")


@each(("state", "now", "abandoned"), DECISIONS)
def test_who_may_be_removed(state: Alive, now: float, *, abandoned: bool) -> None:
    """A living owner's container never, a dead one's always, one whose owner can't be seen when it has expired."""
    assert is_abandoned(LABELS, lambda _owner, _place: state, now) is abandoned


def test_what_is_not_ours_is_left_alone() -> None:
    """Without our label nothing is abandoned, however dead its owner; without a readable expiry neither."""
    assert not is_abandoned({"codecraft.owner": "o"}, lambda _owner, _place: Alive.NO, 9999)
    assert not is_abandoned(LABELS | {"codecraft.expires": "soon"}, lambda _owner, _place: Alive.UNKNOWN, 9999)


def test_an_owner_lives_until_it_is_released(place: Place) -> None:
    """A claimed instance is alive, a released one is not, one of another place can't be seen."""
    ownership = place.claim()
    assert place.alive(ownership.owner, place.identity) is Alive.YES
    assert place.alive(ownership.owner, "another place") is Alive.UNKNOWN
    ownership.release()
    assert place.alive(ownership.owner, place.identity) is Alive.NO


def test_a_name_that_is_no_owner_leads_nowhere(place: Place) -> None:
    """An owner label can't name a file elsewhere."""
    assert place.alive("../../etc/passwd", place.identity) is Alive.UNKNOWN


def test_all_processes_of_a_place_have_its_identity(place: Place) -> None:
    """Opening a place again gives the same identity, and leaves nothing lying about."""
    assert Place.open(place.directory) == place
    assert [path.name for path in place.directory.iterdir()] == ["place"]


def test_a_place_of_somebody_elses_is_refused(tmp_path: Path) -> None:
    """A runtime directory that others may write to, or that is a link, is not trusted."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(ConfigurationError, match="XDG_RUNTIME_DIR"):
        Place.open(shared)
    linked = tmp_path / "link"
    linked.symlink_to(tmp_path / "run")
    with pytest.raises(ConfigurationError):
        Place.open(linked)


def test_a_place_that_cant_be_made_is_the_operators_business(tmp_path: Path) -> None:
    """Where the runtime directory can't be made the remedy is named."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="XDG_RUNTIME_DIR"):
        Place.open(tmp_path / "file" / "run")
    assert os.path.lexists(tmp_path / "file")

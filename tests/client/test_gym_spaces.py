"""The space of text: what is in it, what it draws, and that Gymnasium can batch it, store it and compare it."""

import copy
import json
import pickle
from typing import Any

import numpy as np
import pytest
from gymnasium.error import CustomSpaceError
from gymnasium.spaces import Dict, Tuple
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array, create_shared_memory, iterate
from hypothesis import given
from hypothesis import strategies as st

from codecraft_client.gym import Utf8

WORDS = ("one", "two", "three", "चार")


@given(st.text(max_size=200))
def test_any_text_is_in_it(text: str) -> None:
    """Whatever the script, controls and line breaks included."""
    assert text in Utf8(800)
    assert Utf8(800).from_jsonable(json.loads(json.dumps(Utf8(800).to_jsonable([text])))) == [text]


def test_its_bound_is_in_bytes() -> None:
    """Two characters of three bytes each need six."""
    assert "你好" in Utf8(6, samples=("",))
    assert "你好" not in Utf8(5, samples=("",))


@pytest.mark.parametrize("other", ["\ud800", "a\udcff", b"bytes", None, 7, ["text"], np.array("text")], ids=repr)
def test_what_is_no_text_is_not_in_it(other: Any) -> None:
    """Lone surrogates have no UTF-8; and other types are no text."""
    assert other not in Utf8(100)


def test_it_draws_from_its_samples() -> None:
    """The same seed draws the same again, and all samples are drawn some time."""
    space = Utf8(100, samples=WORDS, seed=3)
    drawn = [space.sample() for _ in range(60)]
    space.seed(3)
    assert [space.sample() for _ in range(60)] == drawn
    assert set(drawn) == set(WORDS)


def test_masks() -> None:
    """A mask says what may be drawn, a probability how often."""
    space = Utf8(100, samples=WORDS, seed=3)
    mask = np.array([0, 1, 0, 1], dtype=np.int8)
    assert {space.sample(mask=mask) for _ in range(50)} == {"two", "चार"}
    assert {space.sample(probability=np.array([0.0, 0.0, 1.0, 0.0])) for _ in range(10)} == {"three"}
    assert Dict({"text": space}).sample(mask={"text": np.array([1, 0, 0, 0], dtype=np.int8)}) == {"text": "one"}


@pytest.mark.parametrize("mask", [np.zeros(4, np.int8), np.ones(3, np.int8), np.array([1, -1, 1, 1], np.int8)], ids=str)
def test_masks_that_make_no_sense(mask: Any) -> None:
    """Nothing to draw, or a mask of another size."""
    with pytest.raises(ValueError, match="one for each sample"):
        Utf8(100, samples=WORDS).sample(mask=mask)
    with pytest.raises(ValueError, match="not both"):
        Utf8(100, samples=WORDS).sample(mask=mask, probability=mask)


@pytest.mark.parametrize("samples", [(), ("too long",), ("\ud800",)])
def test_samples_must_be_in_it(samples: tuple[str, ...]) -> None:
    """A space that draws what is not in it is refused."""
    with pytest.raises(ValueError, match="samples"):
        Utf8(5, samples=samples)


def test_equality_and_copies() -> None:
    """Spaces of the same texts and samples are equal, copies and pickles included, and a copy draws as the original would."""
    space = Utf8(100, samples=WORDS, seed=3)
    assert space == Utf8(100, samples=WORDS)
    assert hash(space) == hash(Utf8(100, samples=WORDS))
    assert space not in (Utf8(99, samples=WORDS), Utf8(100), "Utf8(100)")
    assert copy.deepcopy(space) == pickle.loads(pickle.dumps(space)) == space
    drawn = [copy.deepcopy(space), pickle.loads(pickle.dumps(space)), space]
    assert len({tuple(each.sample() for _ in range(20)) for each in drawn}) == 1
    assert repr(space) == "Utf8(100)"
    assert not space.is_np_flattenable


def test_batches() -> None:
    """A batch is a tuple of strings, made, walked through and drawn as Gymnasium does it with any space."""
    space = Utf8(100, samples=WORDS, seed=3)
    batch = batch_space(space, 3)
    assert isinstance(batch, Tuple)
    empty = create_empty_array(space, n=3)
    assert empty == ("", "", "")
    assert empty in batch
    texts = concatenate(space, ("a", "文", ""), empty)
    assert texts == ("a", "文", "")
    assert texts in batch
    assert list(iterate(batch, texts)) == ["a", "文", ""]
    assert batch.sample() in batch


def test_batches_within_a_dict() -> None:
    """The same within a Dict, which is what observations are."""
    space = Dict({"text": Utf8(100), "other": Utf8(5, samples=("x",))})
    items = [{"text": "ä", "other": "y"}, {"text": "🚀", "other": ""}]
    together = concatenate(space, items, create_empty_array(space, n=2))
    assert together == {"text": ("ä", "🚀"), "other": ("y", "")}
    assert together in batch_space(space, 2)
    assert list(iterate(batch_space(space, 2), together)) == items


def test_shared_memory_is_refused() -> None:
    """Text has no fixed size."""
    with pytest.raises(CustomSpaceError, match="shared_memory=False"):
        create_shared_memory(Dict({"text": Utf8(100)}), n=2)

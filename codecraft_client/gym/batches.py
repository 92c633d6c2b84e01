"""How what is said to many environments at once is told apart, and what they say is put together: Gymnasium's conventions, and no more."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from gymnasium.error import InvalidAction
from gymnasium.spaces import Space
from gymnasium.vector import VectorEnv
from gymnasium.vector.utils import concatenate, create_empty_array, iterate
from numpy.typing import NDArray

from codecraft_client.errors import UsageError
from codecraft_client.gym.player import Turn

Stepped: TypeAlias = tuple[dict[str, Any], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]

MASK = "reset_mask"


def seeds(seed: int | Sequence[int | None] | None, number: int) -> list[int | None]:
    """Return each environment's seed: `seed` and those after it, or the ones that are listed."""
    if seed is None:
        return [None] * number
    if isinstance(seed, int | np.integer):
        return [int(seed) + place for place in range(number)]
    if len(seed) != number:
        raise UsageError(f"{number} environments need {number} seeds, not {len(seed)}")
    return list(seed)


def reset_mask(options: dict[str, Any], number: int) -> NDArray[np.bool_]:
    """Return which environments are to be reset: all of them unless the options have a mask, which must be an array of bool."""
    if MASK not in options:
        return np.ones(number, dtype=np.bool_)
    mask = options[MASK]
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (number,) or not mask.any():
        raise UsageError(f"{MASK} must be a NumPy array of {number} bool, at least one of them True, not {mask!r}")
    return mask


def each(options: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """Return each environment's options: a list, tuple or array has one value for each of them, anything else is for all."""
    shared = {name: value for name, value in options.items() if name != MASK}
    own = {name: shared.pop(name) for name, value in options.items() if name != MASK and isinstance(value, list | tuple | np.ndarray)}
    for name, values in own.items():
        if len(values) != number:
            raise UsageError(f"{number} environments need {number} values of {name}, not {len(values)}")
    return [shared | {name: values[place] for name, values in own.items()} for place in range(number)]


def actions_of(space: Space[Any], actions: Any, number: int) -> list[Any]:
    """Return the single actions of a batch. InvalidAction when it is no batch of so many."""
    if isinstance(actions, str):
        raise InvalidAction(f"a batch of {number} actions is needed, not a single text")
    single = list(iterate(space, actions))
    if len(single) != number:
        raise InvalidAction(f"{number} actions are needed, not {len(single)}")
    return single


def observed(space: Space[Any], observations: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a batch of observations of this (single) space."""
    empty: Any = create_empty_array(space, n=len(observations))
    batch: Any = concatenate(space, observations, empty)
    return dict(batch)


def infos(told: Sequence[Iterable[dict[str, Any]]]) -> dict[str, Any]:
    """Return a batch of infos; an environment may have several, later ones over earlier ones."""
    batch = _Infos(len(told))
    for place, single in enumerate(told):
        for info in single:
            batch.add(info, place)
    return batch.infos


def stepped(space: Space[Any], turns: Sequence[Turn]) -> Stepped:
    """Return what `step` returns."""
    return (
        observed(space, [turn.observation for turn in turns]),
        np.array([turn.reward for turn in turns], dtype=np.float64),
        np.array([turn.terminated for turn in turns], dtype=np.bool_),
        np.array([turn.truncated for turn in turns], dtype=np.bool_),
        infos([turn.infos for turn in turns]),
    )


class _Infos(VectorEnv[Any, Any, Any]):
    """Gymnasium's own way of batching infos, which is a method of its vector environments."""

    def __init__(self, number: int) -> None:
        self.num_envs = number
        self.infos: dict[str, Any] = {}

    def add(self, info: dict[str, Any], place: int) -> None:
        """Add an environment's."""
        self.infos = self._add_info(self.infos, info, place)

"""The tasks without sandboxes: what each candidate comes to, how far chance gets, and the best that a fixed sequence can do.

A test compares it with real sandboxes. Nothing that learns uses it: the lines of the plot do.
"""

from dataclasses import dataclass
from functools import cache

from examples.learn.curriculum import STEPS
from examples.learn.families import STAGES, SUBMIT, Family, Variant

UNSEEN = -1  # the state before the look; then it is the number of stages that are done
LOST = -2


@dataclass(frozen=True)
class Seen:
    """What a step comes to; `output` is None where the sandbox shows what nothing depends on."""

    state: int
    output: str | None
    over: bool = False

    @property
    def score(self) -> float:
        """What the submission scores."""
        return float(self.over and self.state == STAGES)


def shown(family: Family, variant: Variant) -> tuple[str, ...]:
    """Return what the look and each right act show: by the number of stages that are done."""
    if family.name == "layers":
        return (variant.file("parcel").splitlines()[0], *(text.splitlines()[0] for _, _, text in variant.marks))
    if family.name == "settings":
        return (*(f"{key}: {variant.file(f'machine/{key}').strip()}" for key in ("mode", "port", "log")), "complete")
    return (variant.file("main").strip(), *variant.judged[1].splitlines())


def act(family: Family, variant: Variant, state: int, candidate: str | dict[str, str]) -> Seen:
    """Take a step."""
    if candidate == SUBMIT:
        return Seen(state, None, over=True)
    if candidate == family.look:
        state = max(state, 0) if state != LOST else LOST
        return Seen(state, None if state == LOST else shown(family, variant)[state])
    if candidate in family.idle or state in (UNSEEN, LOST, STAGES) or candidate not in family.acts[state]:
        return Seen(state, None)
    if candidate != variant.acts[state]:
        return Seen(LOST, None)
    return Seen(state + 1, shown(family, variant)[state + 1])


def chance(family: Family, steps: int = STEPS) -> float:
    """Return the mean score of an agent that draws each action alike."""

    def of(variant: Variant) -> float:
        @cache
        def worth(state: int, left: int) -> float:
            if not left:
                return 0.0
            seen = [act(family, variant, state, candidate) for candidate in family.candidates]
            return sum(each.score if each.over else worth(each.state, left - 1) for each in seen) / len(seen)

        return worth(UNSEEN, steps)

    return sum(map(of, family.variants)) / len(family.variants)


def best_fixed(family: Family, steps: int = STEPS) -> float:
    """Return the highest mean score of any one sequence of actions over the variants. All are tried, those that come to the same once."""
    reached = {(UNSEEN,) * len(family.variants)}
    best = 0.0
    for _ in range(steps):
        best = max(best, *(sum(state == STAGES for state in states) / len(states) for states in reached))
        reached |= {
            tuple(act(family, variant, state, candidate).state for variant, state in zip(family.variants, states, strict=True))
            for states in reached
            for candidate in family.candidates
            if candidate != SUBMIT
        }
    return best

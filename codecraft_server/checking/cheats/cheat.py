"""What a cheat is, and what proves that it would work somewhere."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from codecraft_server.checking.cheats.lax import Lax
from codecraft_server.task import Deed, Task

# A grader that is weak in one way: whether it would pay. It raises GradingFault where it can be kept from judging.
Weakened = Callable[[Lax], Awaitable[bool]]


def unchanged(task: Task) -> Task:
    """Return the task as it is."""
    return task


@dataclass(frozen=True, slots=True)
class Control:
    """A world in which a cheat earns the reward: without it, a cheat that fails proves nothing.

    Attributes:
        probe: A tiny task. The real grader must not pay for the cheat here either.
        weakness: The one thing that is wrong with this grader, in words.
        pays: The weakened grader.
        weaken: How the probe differs in that world, for what a task must not leak.
    """

    probe: Task
    weakness: str
    pays: Weakened
    weaken: Callable[[Task], Task] = unchanged


@dataclass(frozen=True, slots=True)
class Cheat:
    """A way to a reward without the work, or (`dodges`) to no verdict where it should be 0.

    Attributes:
        aim: What it aims at, in one line.
        deeds: What is done at a task; it may know what an agent is shown and all of our source, but nothing that is hidden.
        peeks: Whether having seen something hidden is success already.
    """

    name: str
    aim: str
    deeds: Callable[[Task], Sequence[Deed]]
    control: Control
    dodges: bool = False
    peeks: bool = False

"""Playing a trajectory in a terminal, at its own speed or another."""

import math
import threading
from collections.abc import Callable
from typing import IO

from codecraft_client.trajectory.frames import frames
from codecraft_client.trajectory.reader import Trajectory


def replay(
    trajectory: Trajectory,
    screen: IO[str],
    *,
    speed: float = 1.0,
    idle_limit_s: float = math.inf,
    colour: bool = True,
    wait: Callable[[float], object] | None = None,
) -> None:
    """Write to `screen` what was seen.

    Args:
        trajectory: What is played.
        screen: Flushed after each piece.
        speed: 2 is twice as fast; infinite: at once.
        idle_limit_s: No pause is longer, before `speed` shortens it.
        colour: Whether colours that were printed are shown.
        wait: Passes seconds; None: by the clock.
    """
    passing = wait or threading.Event().wait
    before_s = 0.0
    for frame in frames(trajectory, colour=colour):
        pause_s = min(max(frame.at_s - before_s, 0.0), idle_limit_s) / speed
        before_s = frame.at_s
        if pause_s > 0:
            passing(pause_s)
        screen.write(frame.text)
        screen.flush()

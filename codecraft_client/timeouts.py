"""How long calls may take. Values only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Deadlines of calls, in seconds. Time-outs of commands are not among them: those belong to the action.

    Attributes:
        call_s: A call with a single answer.
        reset_s: Opening an episode, or the sandbox that it is graded in, pulling its image and waiting for a place included.
        grading_s: Submitting, where the task's own limit is not known.
        margin_s: Added to an action's time-out (and to a task's grading limit), for the way and for waiting.
    """

    call_s: float = 20.0
    reset_s: float = 1800.0
    grading_s: float = 600.0
    margin_s: float = 60.0

"""How long calls may take. Values only."""

from dataclasses import dataclass

from codecraft_client.actions import Action, RunCommand, Text

LONGEST_S = 7 * 86_400.0  # a deadline further away is none


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

    def step_s(self, action: Action, command_s: float) -> float:
        """How long the call of a step may take: what the action may take by itself, and the margin. `command_s`: the task's own limit."""
        match action:
            case RunCommand():
                own = command_s if action.timeout_s is None else action.timeout_s
            case Text():  # may start a task, run a command or submit
                own = max(self.reset_s, self.grading_s, command_s)
            case _:
                own = self.call_s
        return min(max(own, 0.0), LONGEST_S) + self.margin_s

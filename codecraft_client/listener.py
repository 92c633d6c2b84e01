"""Who is told what is done in an episode, as it is done. Knows only values; what it does with them is its own affair."""

from codecraft_client.actions import Action
from codecraft_client.errors import CodecraftError
from codecraft_client.events import StepEvent, StepResult, SubmitEvent, SubmitResult
from codecraft_client.types import Outcome


class Listener:
    """Hears everything and does nothing; override what matters.

    Called in the thread that acts, iterates or closes; `typing` and `interrupting` in any. What it raises reaches that caller.
    """

    def acting(self, index: int, action: Action, stream: bool) -> None:
        """A step is about to be taken."""

    def typing(self, data: bytes, end_of_file: bool) -> None:
        """The running step is about to be given input."""

    def interrupting(self, grace_s: float) -> None:
        """The running step is about to be interrupted."""

    def told(self, event: StepEvent | SubmitEvent) -> None:
        """An event of the running step or submission."""

    def stepped(self, result: StepResult) -> None:
        """The step has ended."""

    def submitting(self) -> None:
        """The work is about to be submitted."""

    def submitted(self, result: SubmitResult) -> None:
        """It was graded, or that failed."""

    def failed(self, error: CodecraftError) -> None:
        """The step or submission came to no result."""

    def closed(self, outcome: Outcome | None) -> None:
        """The episode was closed; None: nobody knows how it ended."""

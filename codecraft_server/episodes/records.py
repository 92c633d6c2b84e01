"""The steps of an episode that can be asked for: the one that is running, and those that are remembered for repeats. Knows nothing else."""

from collections import OrderedDict

from codecraft_server.episodes.fields import check_step_index
from codecraft_server.episodes.steps import StepRun
from codecraft_server.errors import NoStepRunningError, StepNotFoundError


class Records:
    """Steps by index; those that are over are bounded in number and bytes.

    Only the last of them has its streamed output still: who takes the next step has seen it.

    Attributes:
        current: The step that is running.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._runs: OrderedDict[int, StepRun] = OrderedDict()
        self._sizes: dict[int, int] = {}
        self.kept_bytes = 0
        self.current: StepRun | None = None

    def get(self, index: int) -> StepRun | None:
        """One of them, or the one that is running."""
        run = self.current
        return run if run is not None and run.index == index else self._runs.get(index)

    def find(self, index: int) -> StepRun:
        """A running or remembered step. StepNotFoundError."""
        check_step_index(index)
        run = self.get(index)
        if run is None:
            raise StepNotFoundError(index)
        return run

    def running(self, index: int) -> StepRun:
        """A step that is running, or was. NoStepRunningError."""
        check_step_index(index)
        run = self.get(index)
        if run is None:
            raise NoStepRunningError(index)
        return run

    def add(self, run: StepRun) -> None:
        """Remember the step that was running; the oldest are forgotten when there are too many."""
        self.current = None
        self._runs[run.index] = run
        self._weigh(run)
        while len(self._runs) > 1 and (len(self._runs) > self._most or self.kept_bytes > self._most_bytes):
            self._drop_oldest()

    def forget_output(self) -> None:
        """Let the last one's streamed output go."""
        if self._runs:
            run = next(reversed(self._runs.values()))
            if run.streamed:
                run.forget_output()
                self._weigh(run)

    def keep_last(self) -> None:
        """Forget all but the last."""
        while len(self._runs) > 1:
            self._drop_oldest()

    def _weigh(self, run: StepRun) -> None:
        size = run.kept_bytes
        self.kept_bytes += size - self._sizes.get(run.index, 0)
        self._sizes[run.index] = size

    def _drop_oldest(self) -> None:
        index, _ = self._runs.popitem(last=False)
        self.kept_bytes -= self._sizes.pop(index)

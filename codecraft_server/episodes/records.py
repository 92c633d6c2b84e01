"""The steps that an episode remembers for repeats: bounded in number and bytes. Knows nothing else."""

from collections import OrderedDict

from codecraft_server.episodes.steps import StepRun


class Records:
    """Steps that are over, by index. Only the last has its streamed output still: who takes the next step has seen it."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._runs: OrderedDict[int, StepRun] = OrderedDict()
        self._sizes: dict[int, int] = {}
        self.kept_bytes = 0

    def get(self, index: int) -> StepRun | None:
        """One of them."""
        return self._runs.get(index)

    def add(self, run: StepRun) -> None:
        """Remember a step; the oldest are forgotten when there are too many."""
        self._runs[run.index] = run
        self._weigh(run)
        while len(self._runs) > 1 and (len(self._runs) > self._most or self.kept_bytes > self._most_bytes):
            self._drop_oldest()

    def forget_output(self) -> None:
        """Let the last one's streamed output go."""
        if self._runs:
            run = next(reversed(self._runs.values()))
            run.forget_output()
            self._weigh(run)

    def keep_last(self) -> None:
        """Forget all but the last."""
        while len(self._runs) > 1:
            self._drop_oldest()

    def _weigh(self, run: StepRun) -> None:
        self.kept_bytes += run.kept_bytes - self._sizes.get(run.index, 0)
        self._sizes[run.index] = run.kept_bytes

    def _drop_oldest(self) -> None:
        index, _ = self._runs.popitem(last=False)
        self.kept_bytes -= self._sizes.pop(index)

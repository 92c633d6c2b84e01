"""The service failed in the middle of an episode: what is raised then, by one environment and by many."""

import copy
from collections.abc import Mapping
from typing import Any

from codecraft_client.errors import CodecraftError, Where
from codecraft_client.types import Fault, FaultReason


class EpisodeFaultError(CodecraftError):
    """The episode ended because the service failed; there is no reward for the step, and nothing may be learned from it. Reset goes on.

    Attributes:
        fault: What failed.
    """

    fault = Fault(FaultReason.UNKNOWN, "", can_submit_again=False)

    def __init__(self, message: "str | EpisodeFaultError", *, fault: Fault | None = None, where: Where | None = None) -> None:
        """Take a message; or another one, whole: AsyncVectorEnv raises the error of a worker as `type(error)(error)`."""
        original = message if isinstance(message, EpisodeFaultError) else None
        super().__init__(str(message), where=original.where if original else where)
        self.fault = (original.fault if original else fault) or EpisodeFaultError.fault


class VectorFaultError(EpisodeFaultError):
    """The service failed in some environments of a batch. What the others came to is not lost.

    Attributes:
        errors: What failed, by the number of the environment. Fault, reason and `retry_after_s` of the first are this error's, too.
        results: What `step` or `recv` would have returned with `on_fault="truncate"`: an environment that failed has NaN for a reward, is
            truncated, and has `reward_valid` False. It needs a reset, which with NEXT_STEP is its next step.
    """

    def __init__(self, errors: Mapping[int, CodecraftError], results: Any) -> None:
        number, first = min(errors.items())
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        fault = first.fault if isinstance(first, EpisodeFaultError) else None
        super().__init__(f"environment {number}: {first}{more}", fault=fault, where=first.where)
        self.reason, self.metadata, self.retry_after_s = first.reason, first.metadata, first.retry_after_s
        self.errors = dict(errors)
        self.results = results


def named(error: CodecraftError, number: int, remark: str = "") -> CodecraftError:
    """Return the same error, of the same type, whose message says which environment it is about."""
    told = copy.copy(error)
    told.message = f"environment {number}: {error.message}{remark}"
    told.args = (told.message,)
    return told

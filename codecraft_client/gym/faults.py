"""The service failed in the middle of an episode: what is raised then."""

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

"""What is told of a defect in an agent of somebody's own: an exception that is no known failure. Knows no episode."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from codecraft_client.agents.errors import AgentError
from codecraft_client.agents.protocol import AgentEvent
from codecraft_client.errors import CodecraftError

SHOWN = 300  # characters of an exception's own words


class AgentRaisedError(AgentError):
    """The agent raised what is no known failure.

    Attributes:
        trace: From the agent's first line to where it was raised.
    """

    def __init__(self, message: str, trace: str) -> None:
        super().__init__(message)
        self.trace = trace


@contextmanager
def raising() -> Iterator[None]:
    """Have what the agent raises within come out as AgentRaisedError, known failures apart."""
    try:
        yield
    except (AgentError, CodecraftError):
        raise
    except (Exception, SystemExit) as error:
        raise AgentRaisedError(f"agent raised {told(error)}", "".join(traceback.format_exception(error))) from error


def followed(play: Callable[[], Iterator[AgentEvent]]) -> Iterator[AgentEvent]:
    """Yield what an agent yields. AgentRaisedError also for what is no event."""
    with raising():
        for event in play():
            if not isinstance(event, AgentEvent):
                raise TypeError(f"play yielded a {type(event).__name__}, which is no AgentEvent")
            yield event


def told(error: BaseException) -> str:
    """Return an exception and where in the agent's file it arose, as one line."""
    words = " ".join(str(error).split())[:SHOWN]
    where = _where(error)
    return type(error).__name__ + (f": {words}" if words else "") + (f" ({where})" if where else "")


def _where(error: BaseException) -> str:
    """Return the last line in the file that was entered first: what a library raises further down is told by the trace."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _on_the_way(frame.filename)]
    mine = [frame for frame in frames if frame.filename == frames[0].filename]
    return f"{Path(mine[-1].filename).name}:{mine[-1].lineno}" if mine else ""


def _on_the_way(file: str) -> bool:
    return Path(file).parent == Path(__file__).parent or "importlib" in file

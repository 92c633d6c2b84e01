"""Whether colours are wanted (https://no-color.org)."""

import os
from typing import IO


def wanted(stream: IO[str]) -> bool:
    """Whether `stream` is a terminal that should get colours."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

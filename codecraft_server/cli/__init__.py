"""The command line of the server: what was asked for becomes settings, what went wrong one clear line. Must not know episodes."""

import sys
from collections.abc import Sequence

from codecraft_server.cli.ending import FAILURE, ended
from codecraft_server.cli.parser import new_parser
from codecraft_server.errors import CodecraftError, ConfigurationError

__all__ = ["main"]

_USAGE = 2
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status.

    0; 1 for a failure; 2 for usage and configuration; 130 when interrupted; 141 when nobody reads what it prints.
    """
    return ended("codecraft-server", lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        chosen = new_parser().parse_args(arguments)
        return int(chosen.run(chosen))
    except ConfigurationError as error:
        return _explain(error, _USAGE)
    except CodecraftError as error:
        return _explain(error, FAILURE)
    except KeyboardInterrupt:
        return _INTERRUPTED


def _explain(error: CodecraftError, status: int) -> int:
    sys.stderr.write(f"codecraft-server: {error.message}\n")
    return status

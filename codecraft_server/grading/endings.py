"""Says in words how a program ended."""

from codecraft_server.sandbox import Ended, EndReason

_WORDS = {
    EndReason.TIMED_OUT: "ran out of time",
    EndReason.INTERRUPTED: "was interrupted",
    EndReason.OUTPUT_LIMIT: "printed too much",
    EndReason.OUT_OF_MEMORY: "ran out of memory",
    EndReason.SHELL_ENDED: "ended its shell",
}


def how(ended: Ended) -> str:
    """Return, for instance, "exited with 1"."""
    if ended.reason is EndReason.EXITED:
        return f"exited with {ended.exit_code}"
    if ended.reason is EndReason.SIGNALLED:
        return f"died of signal {ended.signal}"
    return f"{_WORDS[ended.reason]} after {ended.wall_s:.1f} s"

"""Runs a hidden Python script in a process that no other of its user can look into or write to.

The learner's code that a script starts runs as the same user, and whoever may write to a process's memory may have it exit with 0 (tried).
A process that is not dumpable is closed to all but root, see ptrace(2); exec undoes that, so the script runs in this process.
Arguments: the script and its own.
"""

import ctypes
import runpy
import sys

_PR_SET_DUMPABLE = 4


def main() -> None:
    """Become closed, then become the script."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "the process can't be closed to others")
    del sys.argv[0]
    sys.path.append(sys.path.pop(0))  # CHECK_DIR: what the library imports late must not be found in what that code may write to
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()

"""Writing a trajectory: each line is with the operating system before the call returns. Knows no episode."""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

from codecraft_client.errors import TrajectoryError
from codecraft_client.trajectory.format import Header, Line, encode

NO_DISK = (errno.EINVAL, errno.ENOTSUP)  # of a pipe or a device, which has no disk to wait for (fsync(2))


class Writer:
    """A file that is being written. A process that is killed loses nothing that was written; a machine that loses power may.

    Several threads may write. After the first failure nothing is written any more, so that no hole is hidden in the middle.
    """

    def __init__(self, path: str | Path, header: Header) -> None:
        """Make the file, and its directory. TrajectoryError, also where the file is there already."""
        self.path = Path(path)
        self._lock = threading.Lock()
        self._failure: OSError | None = None
        self._descriptor: int | None = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._refusal(error) from error
        try:
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except FileExistsError as error:
            raise TrajectoryError(f"{self.path} is there already; trajectories are never overwritten") from error
        except OSError as error:
            raise self._refusal(error) from error
        self.write(header)

    def write(self, line: Header | Line) -> None:
        """Append a line. TrajectoryError when it can't be; does nothing after `close`."""
        data = encode(line)
        with self._lock:
            if self._failure is not None:
                raise self._refusal(self._failure)
            if self._descriptor is not None:
                descriptor = self._descriptor
                self._guarded(lambda: _write_all(descriptor, data))

    def close(self) -> None:
        """Have the disk take it all, and close the file. Idempotent."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, None
            if descriptor is None:
                return
            try:
                self._guarded(lambda: _synchronised(descriptor))
            finally:
                os.close(descriptor)

    def abandon(self) -> None:
        """Close the file as it is. Idempotent."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, None
            if descriptor is not None:
                os.close(descriptor)

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except OSError as error:
            self._failure = error
            raise self._refusal(error) from error

    def _refusal(self, error: OSError) -> TrajectoryError:
        return TrajectoryError(f"the trajectory {self.path} can't be written: {error.strerror or error}")


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _synchronised(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NO_DISK:
            raise

"""A work: the copy of what an agent made, on its way from the agent's sandbox to a fresh one. Knows nothing of checks.

The archive lies on disk in a file without a name, so that it takes no memory while it waits and is gone with the process whatever happens.
"""

import asyncio
import hashlib
import os
import posixpath
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from codecraft_server.grading.verdict import FaultKind, GradingFault
from codecraft_server.sandbox import FileProblem, FileProblemKind, FileType, Sandbox
from codecraft_server.settings import MIB, GradingBounds
from codecraft_server.task import Task

_BLOCK = 512
_SIZE, _MODIFIED_AND_CHECKSUM, _KIND = slice(124, 136), slice(136, 156), slice(156, 157)
_WITHOUT_CONTENT = frozenset(b"12345")  # kinds of entry that may state a size and have no content
_SERVICE_PROBLEMS = frozenset({FileProblemKind.IO, FileProblemKind.BUSY, FileProblemKind.LIMIT})


@dataclass(frozen=True, slots=True)
class Root:
    """An absolute path that a work was copied from, and whether it was a directory."""

    path: bytes
    directory: bool


class Work:
    """See above. Whoever has one made closes it.

    Attributes:
        roots: Where it was copied from, and belongs.
        digest: SHA-256 (hex) of names, kinds, modes and contents; times do not count. Empty where nothing could be copied.
        size: Of the archive, in bytes.
        problem: Why nothing could be copied, by the learner's doing; empty when all was. Such a work fails every check.
    """

    def __init__(self, roots: Sequence[Root], *, digest: str = "", size: int = 0, file: IO[bytes] | None = None, problem: str = "") -> None:
        self.roots = tuple(roots)
        self.digest = digest
        self.size = size
        self.problem = problem
        self._file = file
        self._lock = asyncio.Lock()  # a descriptor that is closed under a reader may be another file's by then

    async def read(self) -> bytes:
        """Return the archive. GradingFault once it is closed."""
        async with self._lock:
            file = self._file
            if file is None:
                raise GradingFault(FaultKind.GRADER_FAILED, "The work is no longer kept.")
            return await asyncio.to_thread(_read, file, self.size)

    async def close(self) -> None:
        """Let it go. Idempotent."""
        async with self._lock:
            file, self._file = self._file, None
            if file is not None:
                await asyncio.to_thread(file.close)


async def copy(task: Task, sandbox: Sandbox, bounds: GradingBounds) -> Work:
    """Copy a task's grading paths out of a sandbox. Nothing is followed; what nobody may read is copied too, and stays shut.

    GradingFault; SandboxLostError.
    """
    paths = [posixpath.normpath(posixpath.join(task.sandbox.working_dir, path.encode())) for path in task.grading_paths]
    roots = [await _root(sandbox, path) for path in paths]
    try:
        # As root, or a file that its owner may not read (a task may ask for one) could not be copied; the guest follows no link.
        archive = await sandbox.pack(paths, max_bytes=bounds.work_bytes, max_entries=bounds.work_entries, as_root=True)
    except FileProblem as problem:
        return Work(roots, problem=_why(problem, bounds))
    return await _stored(roots, archive)


async def _root(sandbox: Sandbox, path: bytes) -> Root:
    try:
        return Root(path, (await sandbox.stat(path, follow=False)).type is FileType.DIRECTORY)
    except FileProblem:
        return Root(path, directory=False)


def _why(problem: FileProblem, bounds: GradingBounds) -> str:
    """Say why the learner's work can't be copied; raise where that is not the learner's doing."""
    if problem.kind is FileProblemKind.TOO_LARGE:
        return (
            f"the work is larger than {bounds.work_bytes // MIB} MiB, has more than {bounds.work_entries} files "
            "or directories more than 256 deep"
        )
    if problem.kind in _SERVICE_PROBLEMS:
        raise GradingFault(FaultKind.GRADER_FAILED, "The work could not be copied.") from problem
    if problem.kind is FileProblemKind.INVALID:
        raise GradingFault(FaultKind.TASK_BROKEN, "A path of the task's grading can't be copied.") from problem
    return f"the work can't be copied: {problem.message}"


async def _stored(roots: Sequence[Root], archive: bytes) -> Work:
    storing = asyncio.ensure_future(asyncio.to_thread(_store, archive))
    try:
        digest, file = await asyncio.shield(storing)
    except asyncio.CancelledError:
        storing.add_done_callback(_discard)  # a thread can't be stopped, and nobody takes what it makes
        raise
    except OSError as error:
        raise GradingFault(FaultKind.GRADER_FAILED, "The copy of the work could not be kept.") from error
    return Work(roots, digest=digest, size=len(archive), file=file)


def _discard(storing: asyncio.Future[tuple[str, IO[bytes]]]) -> None:
    if not storing.cancelled() and storing.exception() is None:
        storing.result()[1].close()


def _store(archive: bytes) -> tuple[str, IO[bytes]]:
    file = tempfile.TemporaryFile(prefix="codecraft-work-", buffering=0)  # noqa: SIM115 - the Work closes it
    try:
        view = memoryview(archive)
        while view:
            view = view[file.write(view) :]
        return digest_of(archive), file
    except BaseException:
        file.close()
        raise


def _read(file: IO[bytes], size: int) -> bytes:
    pieces, at = [], 0
    while at < size and (piece := os.pread(file.fileno(), size - at, at)):
        pieces.append(piece)
        at += len(piece)
    return b"".join(pieces)


def digest_of(archive: bytes) -> str:
    """SHA-256 (hex) of a tar archive as if all of its times were 0 (POSIX.1-1988 ustar header: mtime at 136, chksum at 148)."""
    whole, view, at = hashlib.sha256(), memoryview(archive), 0
    while at + _BLOCK <= len(archive):
        header = bytearray(view[at : at + _BLOCK])
        kind, size = header[_KIND], _number(header[_SIZE])
        header[_MODIFIED_AND_CHECKSUM] = bytes(20)
        whole.update(header)
        end = at + _BLOCK + (0 if kind[0] in _WITHOUT_CONTENT else size)
        whole.update(view[at + _BLOCK : end])
        at = -(-end // _BLOCK) * _BLOCK
    return whole.hexdigest()


def _number(field: bytearray) -> int:
    """A number of a header: octal, or big-endian with the highest bit set (GNU)."""
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    return int(bytes(field).rstrip(b"\0 ") or b"0", 8)

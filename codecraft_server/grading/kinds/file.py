"""Runs a check of kind `file`: looks at one path with the agent's rights and no more.

A symbolic link counts as the regular file that it leads to; where it leads to anything else, or nowhere, it is a link and no file.
Directories on the way may be links. What must not exist must not be there as a dangling link either.
Looking and judging are two: a milestone is looked at while everything stands still, and judged when it goes on.
"""

import hashlib

from codecraft_server.grading.matching import mismatch
from codecraft_server.grading.place import Place, learners
from codecraft_server.sandbox import FileEntry, FileProblem, FileProblemKind, FileType, Look, Seen
from codecraft_server.settings import GradingBounds
from codecraft_server.task import Expected, FileCheck

_ABSENT = frozenset({FileProblemKind.NOT_FOUND, FileProblemKind.NOT_DIRECTORY})


async def run(body: FileCheck, place: Place, _timeout_s: float) -> str:
    """Say why the check failed; empty when it passed."""
    entry = await place.look(body.path, follow=False)
    leads_to: FileEntry | None = None
    if body.exists and isinstance(entry, FileEntry) and entry.type is FileType.LINK:
        target = await place.look(body.path, follow=True)
        leads_to = target if isinstance(target, FileEntry) else None
    seen = Seen(entry, leads_to)
    return _misfit(body, seen) or await _inside(body, place)


def wish(body: FileCheck, path: bytes, bounds: GradingBounds) -> Look:
    """What a milestone of this kind has to see of its path, in one look."""
    content = bounds.looked_bytes if body.content is not None else 0
    return Look(path, content, bounds.looked_hashed_bytes if body.sha256 is not None else 0)


async def unfulfilled(body: FileCheck, seen: Seen, bounds: GradingBounds) -> str:
    """Say why a milestone does not hold, by what was seen; empty when it does. GradingFault where the service could not look."""
    for problem in (seen.entry, seen.unread):
        if isinstance(problem, FileProblem):
            learners(problem)
    if misfit := _misfit(body, seen):
        return misfit
    if seen.unread is not None:
        return f"{body.path} can't be read: {seen.unread.message}"
    if body.sha256 is not None and seen.sha256 != body.sha256:
        return f"{body.path} must have SHA-256 {body.sha256}, but has {seen.sha256 or 'more bytes than are hashed'}"
    if body.content is None:
        return ""
    if not seen.whole:
        return f"{body.path} is larger than the {bounds.looked_bytes} bytes that are compared"
    return await mismatch(body.content, seen.content, body.path, bounds)


def _misfit(body: FileCheck, seen: Seen) -> str:
    """Say what is wrong with a path, its content aside."""
    entry = seen.entry
    if not body.exists:
        return _absent(body.path, entry)
    if isinstance(entry, FileEntry) and entry.type is FileType.LINK and seen.leads_to and seen.leads_to.type is FileType.FILE:
        entry = seen.leads_to
    if isinstance(entry, FileProblem):
        return f"{body.path} can't be looked at: {entry.message}"
    wanted = FileType.DIRECTORY if body.directory else FileType.FILE
    if entry.type is not wanted:
        return f"{body.path} must be a {wanted.value}, but is a {entry.type.value}"
    if body.mode is not None and entry.mode & 0o7777 != body.mode:
        return f"{body.path} must have mode {body.mode:04o}, but has {entry.mode & 0o7777:04o}"
    return ""


def _absent(path: str, entry: FileEntry | FileProblem) -> str:
    if isinstance(entry, FileEntry):
        return f"{path} must not exist, but is a {entry.type.value}"
    return "" if entry.kind in _ABSENT else f"{path} can't be looked at: {entry.message}"


async def _inside(body: FileCheck, place: Place) -> str:
    if body.sha256 is not None:
        difference = await _wrong_hash(body.path, body.sha256, place)
        if difference:
            return difference
    return "" if body.content is None else await _wrong_content(body.path, body.content, place)


async def _wrong_content(path: str, expected: Expected, place: Place) -> str:
    most = place.bounds.file_bytes
    content = b""
    while len(content) <= most:
        piece = await place.read(path, offset=len(content), max_bytes=place.bounds.chunk_bytes)
        if isinstance(piece, FileProblem):
            return f"{path} can't be read: {piece.message}"
        if not piece:
            return await mismatch(expected, content, path, place.bounds)
        content += piece
    return f"{path} is larger than the {most} bytes that are compared"


async def _wrong_hash(path: str, expected: str, place: Place) -> str:
    hashed, size = hashlib.sha256(), 0
    while size <= place.bounds.hashed_bytes:
        piece = await place.read(path, offset=size, max_bytes=place.bounds.chunk_bytes)
        if isinstance(piece, FileProblem):
            return f"{path} can't be read: {piece.message}"
        if not piece:
            came = hashed.hexdigest()
            return "" if came == expected else f"{path} must have SHA-256 {expected}, but has {came}"
        hashed.update(piece)
        size += len(piece)
    return f"{path} is larger than the {place.bounds.hashed_bytes} bytes that are hashed"

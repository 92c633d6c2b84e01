"""LOOK, said to a guest: what some paths are at one moment. Knows the frames of this one request, not what is looked for."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from codecraft_server.docker.commands import problem
from codecraft_server.docker.frames import FrameType, pack_bytes
from codecraft_server.docker.link import GuestRefusalError, Link, Reply
from codecraft_server.errors import SandboxLostError
from codecraft_server.sandbox import FileEntry, FileProblem, FileProblemKind, FileType, Look, Seen

_TYPES = {kind.value: kind for kind in FileType}


async def look(link: Link, looks: Sequence[Look], timeout_s: float) -> tuple[Seen, ...]:
    """See `sandbox.Sandbox.look`."""
    wishes = [{"path_b64": pack_bytes(each.path), "content": each.content_bytes, "hashed": each.hashed_bytes} for each in looks]
    try:
        reply = await link.request(FrameType.LOOK, {}, json.dumps(wishes, separators=(",", ":")).encode(), timeout_s=timeout_s)
        unstopped, answers = int(reply.header["unstopped"]), tuple(_answers(reply, len(looks)))
    except GuestRefusalError as error:
        raise problem(error) from None
    except (ValueError, KeyError, TypeError) as error:
        raise SandboxLostError(f"the sandbox's guest gave a look that is none: {type(error).__name__}: {error}", "protocol") from error
    if unstopped:
        raise FileProblem(FileProblemKind.BUSY, "not every process could be stopped")
    return answers


def _answers(reply: Reply, asked: int) -> Iterator[Seen]:
    content, offset = b"".join(reply.data), 0
    if len(reply.header["seen"]) != asked:
        raise ValueError(f"{len(reply.header['seen'])} answers to {asked} questions")
    for each in reply.header["seen"]:
        size = int(each["bytes"])
        yield _seen(each, content[offset : offset + size])
        offset += size


def _seen(header: Mapping[str, Any], content: bytes) -> Seen:
    failed = problem(GuestRefusalError(header["failed"]["error"], header["failed"]["message"])) if "failed" in header else None
    if isinstance(failed, SandboxLostError):
        raise failed
    if "entry" not in header:
        return Seen(failed or FileProblem(FileProblemKind.IO, "nothing is known of it"))
    return Seen(
        entry=_entry(header["entry"]),
        leads_to=_entry(header["leads_to"]) if "leads_to" in header else None,
        content=content,
        whole=bool(header["whole"]),
        sha256=str(header.get("sha256", "")),
        unread=failed,
    )


def _entry(header: Mapping[str, Any]) -> FileEntry:
    return FileEntry(path=b"", type=_TYPES[header["type"]], size=int(header["size"]), mode=int(header["mode"]))

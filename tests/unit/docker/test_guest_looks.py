"""LOOK: what is asked of a guest, and what its answers mean."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from each import each
from scripted_guest import ScriptedGuest

from codecraft_server.docker.frames import FrameType
from codecraft_server.errors import SandboxLostError
from codecraft_server.sandbox import FileEntry, FileProblem, FileProblemKind, FileType, Look, Seen

ENTRY = {"type": "file", "size": 3, "mode": 0o644}
NOTHING = {"bytes": 0, "whole": False}


@pytest.fixture
async def guest() -> ScriptedGuest:
    """A guest and its link, on the test's loop."""
    return ScriptedGuest()


async def answered(guest: ScriptedGuest, header: Mapping[str, Any], *data: bytes) -> tuple[Seen, ...]:
    """Ask for two looks, and have the guest answer so."""
    asked = asyncio.create_task(guest.sandbox().look([Look(b"a\xff", 5, 6), Look(b"/b")]))
    frame = await guest.next_request(FrameType.LOOK)
    assert json.loads(bytes(frame.body)) == [
        {"path_b64": "Yf8=", "content": 5, "hashed": 6},
        {"path_b64": "L2I=", "content": 0, "hashed": 0},
    ]
    for piece in data:
        guest.say(FrameType.DATA, frame.id, {"offset": 0}, piece)
    guest.say(FrameType.DONE, frame.id, header)
    return await asked


async def test_contents_go_to_the_paths_they_belong_to(guest: ScriptedGuest) -> None:
    """The bytes of all contents follow on one another, however they were cut."""
    link = {"entry": ENTRY | {"type": "link"}, "leads_to": ENTRY, "bytes": 3, "whole": True, "sha256": "ab"}
    seen = await answered(guest, {"unstopped": 0, "seen": [link, {"entry": ENTRY, "bytes": 2, "whole": False}]}, b"ab", b"cde")
    file = FileEntry(b"", FileType.FILE, 3, 0o644)
    assert seen == (
        Seen(FileEntry(b"", FileType.LINK, 3, 0o644), leads_to=file, content=b"abc", whole=True, sha256="ab"),
        Seen(file, content=b"de"),
    )


async def test_what_can_not_be_seen_is_a_value(guest: ScriptedGuest) -> None:
    """A path that is not there, and a file that can't be read, are problems of their own look only."""
    missing = NOTHING | {"failed": {"error": "not_found", "message": "no such file"}}
    shut = NOTHING | {"entry": ENTRY, "failed": {"error": "permission", "message": "permission denied"}}
    first, second = await answered(guest, {"unstopped": 0, "seen": [missing, shut]})
    assert isinstance(first.entry, FileProblem)
    assert first.entry.kind is FileProblemKind.NOT_FOUND
    assert isinstance(second.entry, FileEntry)
    assert second.unread is not None
    assert second.unread.kind is FileProblemKind.PERMISSION


async def test_what_moved_was_not_seen(guest: ScriptedGuest) -> None:
    """Where not every process could be stopped there is no one moment, so there is nothing."""
    with pytest.raises(FileProblem) as problem:
        await answered(guest, {"unstopped": 1, "seen": [NOTHING | {"entry": ENTRY}] * 2})
    assert problem.value.kind is FileProblemKind.BUSY


@each(
    "header",
    [
        {},
        {"unstopped": 0},
        {"unstopped": 0, "seen": [{}]},
        {"unstopped": 0, "seen": [NOTHING | {"entry": ENTRY}]},
        {"unstopped": 0, "seen": [NOTHING | {"entry": {"type": "odd"}}] * 2},
        {"unstopped": 0, "seen": [NOTHING | {"failed": {"error": "internal", "message": "a defect"}}] * 2},
    ],
)
async def test_nonsense_is_the_sandboxes_failure(header: Mapping[str, Any]) -> None:
    """An answer that is none, or belongs to other questions, is the guest's defect and nobody's milestone."""
    with pytest.raises(SandboxLostError):
        await answered(ScriptedGuest(), header)

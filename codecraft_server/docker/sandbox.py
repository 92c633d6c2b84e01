"""A sandbox: what `codecraft_server.sandbox.Sandbox` promises, said to a guest over its link.

Owns the translation of requests and answers and which sessions are busy. Must not know the engine; `start` knows how a sandbox comes to be
and hands in how it goes.
"""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from codecraft_server.docker.commands import STDIN_BUFFER_BYTES, GuestCommand, output_header, problem
from codecraft_server.docker.frames import (
    MAX_BODY_TO_GUEST,
    MAX_HEADER_BYTES,
    FrameError,
    FrameType,
    encode_header,
    pack_bytes,
    unpack_bytes,
)
from codecraft_server.docker.link import GuestRefusalError, Link, Reply, again
from codecraft_server.docker.looks import look
from codecraft_server.errors import SandboxLostError
from codecraft_server.sandbox import (
    Execution,
    FileContent,
    FileEntry,
    FileList,
    FileProblem,
    FileProblemKind,
    FileType,
    Look,
    Origin,
    OutputPolicy,
    Seen,
)
from codecraft_server.settings import SandboxSettings

_MAX_SESSIONS = 8  # the guest's bound
_SESSION_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MAX_READ_BYTES = 16 * 1024 * 1024  # the guest's bound per request
_WRITE_PIECE_BYTES = 256 * 1024  # small enough that other frames of the link come in between
_FILE_TYPES = {kind.value: kind for kind in FileType}


class DockerSandbox:
    """Implements `sandbox.Sandbox`."""

    def __init__(self, name: str, image_digest: str, link: Link, capabilities: tuple[str, ...], settings: SandboxSettings) -> None:
        """`link` is configured; whoever made it sees to it that the container goes when the link is lost. `capabilities` are root's."""
        self._name = name
        self._origin = Origin.COLD
        self._image_digest = image_digest
        self._link = link
        self._capabilities = capabilities
        self._settings = settings
        self._sessions: dict[str, bool] = {"main": False}  # live ones, and whether each is busy
        self._closed = False

    @property
    def name(self) -> str:
        """See `sandbox.Sandbox.name`."""
        return self._name

    @property
    def origin(self) -> Origin:
        """See `sandbox.Sandbox.origin`."""
        return self._origin

    @property
    def image_digest(self) -> str:
        """See `sandbox.Sandbox.image_digest`."""
        return self._image_digest

    @property
    def alive(self) -> bool:
        """Whether its link still stands."""
        return self._link.lost is None

    def claim(self, name: str) -> None:
        """Take over a warm sandbox under a name of one's own."""
        self._name = name
        self._origin = Origin.WARM

    # Commands

    async def run(
        self,
        command: bytes,
        *,
        session: str,
        timeout_s: float,
        output: OutputPolicy,
        stdin: bytes | None = None,
        stdin_open: bool = False,
    ) -> GuestCommand:
        """See `sandbox.Sandbox.run`."""
        self._check_alive()
        self._check_command(command, session, stdin or b"")
        header = _run_header(output, timeout_s, session, piped=stdin is not None or stdin_open)
        started = GuestCommand(
            output,
            stdin_open=stdin_open,
            patience_s=self._settings.kill_timeout_s,
            on_over=lambda: self._free(session),
        )
        self._sessions[session] = True
        try:
            started.start(self._link, FrameType.RUN, header, command, self._overdue_s(timeout_s, output))
        except SandboxLostError:
            self._free(session)
            raise
        if stdin is not None:
            started.put_stdin(stdin, end_of_file=not stdin_open)
        await self._link.drained()
        return started

    def _check_command(self, command: bytes, session: str, stdin: bytes) -> None:
        if b"\0" in command:
            raise FileProblem(FileProblemKind.INVALID, "a command can't hold a NUL byte")
        if len(command) > MAX_BODY_TO_GUEST or len(stdin) > STDIN_BUFFER_BYTES:
            raise FileProblem(FileProblemKind.TOO_LARGE, "the command or its input is too long")
        if not _SESSION_NAME.fullmatch(session):
            raise FileProblem(FileProblemKind.INVALID, "a session's name is 1 to 64 letters, digits, `_`, `.` or `-`")
        if self._sessions.get(session, False):
            raise FileProblem(FileProblemKind.BUSY, f"session {session!r} runs another command")
        if session not in self._sessions and len(self._sessions) >= _MAX_SESSIONS:
            raise FileProblem(FileProblemKind.LIMIT, f"no more than {_MAX_SESSIONS} sessions")

    def _free(self, session: str) -> None:
        if session in self._sessions:
            self._sessions[session] = False

    def _overdue_s(self, timeout_s: float, output: OutputPolicy) -> float:
        return timeout_s + (output.stall_total_s if output.stream else 0.0) + self._settings.kill_timeout_s

    async def execute(self, execution: Execution) -> GuestCommand:
        """See `sandbox.Sandbox.execute`."""
        self._check_alive()
        header = _execution_header(execution, self._capabilities if execution.uid == 0 else ())
        if len(execution.stdin) > MAX_BODY_TO_GUEST or len(json.dumps(header)) > MAX_HEADER_BYTES:
            raise FileProblem(FileProblemKind.TOO_LARGE, "the program's arguments, environment or input are too long")
        started = GuestCommand(execution.output, stdin_open=False, patience_s=self._settings.kill_timeout_s, on_over=lambda: None)
        started.start(self._link, FrameType.EXEC, header, execution.stdin, self._overdue_s(execution.timeout_s, execution.output))
        try:
            await started.begun
        except BaseException:
            started.interrupt()
            raise
        if started.failure is not None and not started.has_events:
            raise started.failure
        return started

    async def kill_all(self) -> int:
        """See `sandbox.Sandbox.kill_all`."""
        reply = await self._ask(FrameType.KILL_ALL, {})
        self._sessions = {name: busy for name, busy in self._sessions.items() if busy}
        return _number(reply, "unkilled")

    # Files

    async def read_file(self, path: bytes, *, offset: int, max_bytes: int, as_root: bool = False) -> FileContent:
        """See `sandbox.Sandbox.read_file`."""
        header = {
            "path_b64": pack_bytes(path),
            "offset": offset,
            "limit": min(max_bytes, _MAX_READ_BYTES),
            "as": _identity(as_root=as_root),
        }
        reply = await self._ask(FrameType.READ, header)
        data = reply.data[0] if len(reply.data) == 1 else b"".join(reply.data)
        return FileContent(data, _number(reply, "size"), _number(reply, "mode"), bool(reply.header.get("eof", False)))

    async def write_file(self, path: bytes, content: bytes, *, mode: int | None, offset: int | None, as_root: bool = False) -> None:
        """See `sandbox.Sandbox.write_file`."""
        header: dict[str, Any] = {"path_b64": pack_bytes(path), "parents": True, "as": _identity(as_root=as_root)}
        header |= {key: value for key, value in (("mode", mode), ("offset", offset)) if value is not None}
        await self._send_pieces(FrameType.WRITE, FrameType.WRITE_DATA, header, content, self._settings.request_timeout_s)

    async def _send_pieces(self, first: FrameType, further: FrameType, header: dict[str, Any], content: bytes, timeout_s: float) -> None:
        """A request whose content may be longer than a frame, and its answer."""
        view = memoryview(content)
        header = header | {"eof": len(content) <= _WRITE_PIECE_BYTES}
        try:
            with self._link.conversation(first, header, view[:_WRITE_PIECE_BYTES]) as (request_id, reply):
                for start in range(_WRITE_PIECE_BYTES, len(content), _WRITE_PIECE_BYTES):
                    await self._link.drained()
                    piece = view[start : start + _WRITE_PIECE_BYTES]
                    is_last = reply.done() or start + len(piece) >= len(content)
                    self._link.send(further, request_id, {"eof": is_last}, piece)
                    if is_last:
                        break
                await self._link.answer(reply, timeout_s)
        except GuestRefusalError as error:
            raise problem(error) from None

    async def list_files(self, path: bytes, *, depth: int, max_entries: int) -> FileList:
        """See `sandbox.Sandbox.list_files`."""
        reply = await self._ask(FrameType.LIST, {"path_b64": pack_bytes(path), "depth": depth, "limit": max_entries, "as": "agent"})
        try:
            entries = json.loads(b"".join(reply.data) or b"[]")
            return FileList(tuple(_entry(entry, unpack_bytes(entry["name_b64"])) for entry in entries), bool(reply.header["truncated"]))
        except (ValueError, KeyError, TypeError, FrameError) as error:
            raise _nonsense(error) from error

    async def stat(self, path: bytes, *, follow: bool) -> FileEntry:
        """See `sandbox.Sandbox.stat`."""
        reply = await self._ask(FrameType.STAT, {"path_b64": pack_bytes(path), "follow": follow, "as": "agent"})
        try:
            return _entry(reply.header, b"")
        except (ValueError, KeyError, TypeError, FrameError) as error:
            raise _nonsense(error) from error

    async def remove(self, path: bytes) -> None:
        """See `sandbox.Sandbox.remove`."""
        await self._ask(FrameType.REMOVE, {"path_b64": pack_bytes(path), "recursive": True, "as": "root"}, self._settings.archive_timeout_s)

    # Archives

    async def pack(self, paths: Sequence[bytes], *, max_bytes: int, max_entries: int, as_root: bool = False) -> bytes:
        """See `sandbox.Sandbox.pack`."""
        header = {
            "paths_b64": [pack_bytes(path) for path in paths],
            "max_bytes": min(max_bytes, self._settings.packed_bytes),
            "max_entries": max_entries,
            "as": _identity(as_root=as_root),
        }
        return b"".join((await self._ask(FrameType.PACK, header, self._settings.archive_timeout_s)).data)

    async def unpack(self, path: bytes, data: bytes, *, uid: int) -> None:
        """See `sandbox.Sandbox.unpack`."""
        header = {"path_b64": pack_bytes(path), "uid": uid, "gid": uid}
        await self._send_pieces(FrameType.UNPACK, FrameType.UNPACK_DATA, header, data, self._settings.archive_timeout_s)

    async def freeze(self) -> int:
        """See `sandbox.Sandbox.freeze`."""
        return _number(await self._ask(FrameType.FREEZE, {}), "unstopped")

    async def thaw(self) -> None:
        """See `sandbox.Sandbox.thaw`."""
        await self._ask(FrameType.THAW, {})

    async def look(self, looks: Sequence[Look]) -> tuple[Seen, ...]:
        """See `sandbox.Sandbox.look`."""
        return await look(self._link, looks, self._settings.request_timeout_s)

    # Ends

    async def close(self) -> None:
        """See `sandbox.Sandbox.close`. Its going away is in the hands of the guest, of the link's owner and, if both fail, of the lease."""
        if self._closed:
            return
        self._closed = True
        self._link.send(FrameType.SHUTDOWN, 0)
        self._link.lose(SandboxLostError("the sandbox is closed", "gone"))

    def _check_alive(self) -> None:
        if self._link.lost is not None:
            raise again(self._link.lost)

    async def _ask(self, kind: FrameType, header: dict[str, Any], timeout_s: float | None = None) -> Reply:
        try:
            return await self._link.request(kind, header, timeout_s=timeout_s or self._settings.request_timeout_s)
        except GuestRefusalError as error:
            raise problem(error) from None


def _identity(*, as_root: bool) -> str:
    return "root" if as_root else "agent"


@lru_cache(256)  # an episode's commands have few different ones
def _run_header(output: OutputPolicy, timeout_s: float, session: str, *, piped: bool) -> bytes:
    return encode_header(output_header(output, timeout_s) | {"session": session, "stdin": "pipe" if piped else "null"})


def _execution_header(execution: Execution, capabilities: tuple[str, ...]) -> dict[str, Any]:
    return output_header(execution.output, execution.timeout_s) | {
        "argv_b64": [pack_bytes(argument) for argument in execution.argv],
        "cwd_b64": pack_bytes(execution.cwd),
        "env": dict(execution.environment),
        "uid": execution.uid,
        "gid": execution.uid,
        "groups": list(execution.groups),
        "capabilities": list(capabilities),
        "hidden_dir": execution.hidden_dir,
    }


def _entry(header: dict[str, Any], path: bytes) -> FileEntry:
    return FileEntry(
        path=path,
        type=_FILE_TYPES[header["type"]],
        size=int(header["size"]),
        mode=int(header["mode"]),
        target=unpack_bytes(header.get("target_b64", "")),
    )


def _number(reply: Reply, key: str) -> int:
    try:
        return int(reply.header[key])
    except (KeyError, TypeError, ValueError) as error:
        raise _nonsense(error) from error


def _nonsense(error: Exception) -> SandboxLostError:
    return SandboxLostError(f"the sandbox's guest gave an answer that is none: {type(error).__name__}: {error}", "protocol")

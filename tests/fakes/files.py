"""Files of a fake sandbox, in memory, with just enough of users and modes."""

import hashlib
import io
import posixpath
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field

from codecraft_server.sandbox import FileContent, FileEntry, FileList, FileProblem, FileProblemKind, FileType, Look, Seen

AGENT = 1000


@dataclass
class _Node:
    mode: int
    uid: int
    data: bytes | None  # None: a directory


@dataclass
class FakeFiles:
    """Absolute, normalised path to node."""

    working_dir: bytes
    _nodes: dict[bytes, _Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in (b"/tmp", b"/home/agent", self.working_dir):
            self._make_directories(path)

    def absolute(self, path: bytes, cwd: bytes | None = None) -> bytes:
        """Resolve as the sandbox would."""
        return posixpath.normpath(posixpath.join(cwd or self.working_dir, path))

    def is_directory(self, path: bytes) -> bool:
        """Whether there is one."""
        node = self._nodes.get(path)
        return node is not None and node.data is None

    def read(self, path: bytes, offset: int, max_bytes: int, *, as_root: bool) -> FileContent:
        """See Sandbox.read_file."""
        node = self._find(path)
        if node.data is None:
            raise FileProblem(FileProblemKind.IS_DIRECTORY, "it is a directory")
        if not as_root and node.uid != AGENT and not node.mode & 0o004:
            raise FileProblem(FileProblemKind.PERMISSION, "permission denied")
        piece = node.data[offset : offset + max_bytes]
        return FileContent(piece, len(node.data), node.mode, end_of_file=offset + len(piece) >= len(node.data))

    def write(self, path: bytes, content: bytes, mode: int | None, offset: int | None, *, as_root: bool) -> None:
        """See Sandbox.write_file."""
        where = self.absolute(path)
        old = self._nodes.get(where)
        if old is not None and old.data is None:
            raise FileProblem(FileProblemKind.IS_DIRECTORY, "it is a directory")
        if old is not None and not as_root and old.uid != AGENT:
            raise FileProblem(FileProblemKind.PERMISSION, "permission denied")
        self._make_directories(posixpath.dirname(where))
        before = (old.data or b"") if old is not None and offset is not None else b""
        start = offset or 0
        data = before[:start].ljust(start, b"\0") + content + before[start + len(content) :]
        kept = old.mode if old is not None else 0o644
        self._nodes[where] = _Node(kept if mode is None else mode, 0 if as_root else AGENT, data)

    def list(self, path: bytes, depth: int, max_entries: int) -> FileList:
        """See Sandbox.list_files."""
        where = self.absolute(path)
        if self._find(path).data is not None:
            raise FileProblem(FileProblemKind.NOT_DIRECTORY, "it is no directory")
        prefix = where.rstrip(b"/") + b"/"
        below = sorted(name[len(prefix) :] for name in self._nodes if name.startswith(prefix))
        entries = [self._entry(name, self._nodes[prefix + name]) for name in below if name and name.count(b"/") < depth]
        return FileList(tuple(entries[:max_entries]), truncated=len(entries) > max_entries)

    def stat(self, path: bytes) -> FileEntry:
        """See Sandbox.stat."""
        return self._entry(b"", self._find(path))

    def remove(self, path: bytes) -> None:
        """See Sandbox.remove."""
        self._find(path)
        top = self.absolute(path)
        below = [name for name in self._nodes if name.startswith(top.rstrip(b"/") + b"/")]
        for name in below:
            del self._nodes[name]
        if top in (b"/tmp", b"/home/agent", self.working_dir):
            raise FileProblem(FileProblemKind.BUSY, "device or resource busy")
        self._nodes.pop(top, None)

    def look(self, wish: Look) -> Seen:
        """See Sandbox.look."""
        if b"\0" in wish.path:
            raise FileProblem(FileProblemKind.INVALID, "a path can't hold a NUL byte")
        try:
            entry = self.stat(wish.path)
        except FileProblem as problem:
            return Seen(problem)
        if entry.type is not FileType.FILE or not wish.content_bytes + wish.hashed_bytes:
            return Seen(entry)
        try:
            whole = self.read(wish.path, 0, entry.size, as_root=False).data
        except FileProblem as problem:
            return Seen(entry, unread=problem)
        digest = hashlib.sha256(whole).hexdigest() if len(whole) <= wish.hashed_bytes else ""
        return Seen(entry, content=whole[: wish.content_bytes], whole=len(whole) <= wish.content_bytes, sha256=digest)

    def pack(self, paths: Sequence[bytes], max_bytes: int, max_entries: int, *, as_root: bool = False) -> bytes:
        """See Sandbox.pack."""
        members: list[tuple[bytes, _Node]] = []
        for path in paths:
            if b".." in path.split(b"/"):
                raise FileProblem(FileProblemKind.INVALID, "a path to pack can't hold `..`")
            top, named = self.absolute(path), posixpath.normpath(path.lstrip(b"/"))
            prefix = top.rstrip(b"/") + b"/"
            found = sorted(name for name in self._nodes if name == top or name.startswith(prefix))
            members += [(posixpath.normpath(posixpath.join(named, name[len(prefix) :])), self._nodes[name]) for name in found]
        members = [(name, node) for name, node in members if name != b"."]
        if not as_root and any(node.mode & 0o444 == 0 for _, node in members):
            raise FileProblem(FileProblemKind.PERMISSION, "permission denied")
        archive = _archive(members)
        if len(archive) > max_bytes or len(members) > max_entries:
            raise FileProblem(FileProblemKind.TOO_LARGE, "too large to be packed")
        return archive

    def unpack(self, path: bytes, data: bytes, uid: int) -> None:
        """See Sandbox.unpack."""
        try:
            with tarfile.open(fileobj=io.BytesIO(data), mode="r:", errors="surrogateescape") as archive:
                for member in archive:
                    content = data[member.offset_data : member.offset_data + member.size] if member.isreg() else None
                    name = member.name.encode("utf-8", "surrogateescape")
                    if name.startswith(b"/") or b".." in name.split(b"/") or not (member.isreg() or member.isdir()):
                        raise FileProblem(FileProblemKind.INVALID, "the archive leads out, or holds what is no file")
                    where = self.absolute(name, self.absolute(path))
                    self._make_directories(posixpath.dirname(where))
                    self._nodes[where] = _Node(member.mode, uid, content)
        except tarfile.TarError as error:
            raise FileProblem(FileProblemKind.INVALID, f"the archive: {error}") from None

    def _entry(self, name: bytes, node: _Node) -> FileEntry:
        kind = FileType.DIRECTORY if node.data is None else FileType.FILE
        return FileEntry(name, kind, len(node.data or b""), node.mode)

    def _find(self, path: bytes) -> _Node:
        where = self.absolute(path)
        node = self._nodes.get(where)
        if node is not None:
            return node
        parent = posixpath.dirname(where)
        while parent not in self._nodes:
            parent = posixpath.dirname(parent)
        if self._nodes[parent].data is not None:
            raise FileProblem(FileProblemKind.NOT_DIRECTORY, "a part of the path is no directory")
        raise FileProblem(FileProblemKind.NOT_FOUND, "no such file or directory")

    def _make_directories(self, path: bytes) -> None:
        while path not in self._nodes:
            self._nodes[path] = _Node(0o755, AGENT, None)
            path = posixpath.dirname(path)
        if self._nodes[path].data is not None:
            raise FileProblem(FileProblemKind.NOT_DIRECTORY, "a part of the path is no directory")


def _archive(members: Sequence[tuple[bytes, _Node]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT, errors="surrogateescape") as archive:
        for name, node in members:
            member = tarfile.TarInfo(name.decode("utf-8", "surrogateescape"))
            member.mode, member.size = node.mode, len(node.data or b"")
            member.type = tarfile.DIRTYPE if node.data is None else tarfile.REGTYPE
            archive.addfile(member, io.BytesIO(node.data or b""))
    return buffer.getvalue()

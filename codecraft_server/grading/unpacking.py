"""Puts hidden files into the private directory that a program gets when it starts, through its standard input; before, they are nowhere."""

import io
import tarfile
from collections.abc import Sequence
from pathlib import PurePosixPath

from codecraft_server.task import TaskFile

# The program and its arguments follow; it starts in CHECK_DIR.
UNPACK = (b"/bin/sh", b"-c", b'cd "$CHECK_DIR" && tar -xf - && exec "$@" < /dev/null', b"sh")

# A program and files of CHECK_DIR follow, which are its arguments; it starts in the working directory.
UNPACK_FOR = (
    *(b"/bin/sh", b"-c"),
    b'tar -xf - -C "$CHECK_DIR" && p="$1" && shift && for f; do shift; set -- "$@" "$CHECK_DIR/$f"; done && exec "$p" "$@" < /dev/null',
    b"sh",
)

# A program that runs from a copy which its own user can't read is closed to all others of that user, see PR_SET_DUMPABLE in prctl(2).
# Else the learner's code that it starts could write to its memory, and have it exit with 0 (tried).
_COPIED = b'p="$CHECK_DIR/.program/${1##*/}" && mkdir "${p%/*}" && cp "$1" "$p" && chmod 111 "$p"'

# As UNPACK_FOR, with one file, and closed.
UNPACK_FOR_CLOSED = (*(b"/bin/sh", b"-c"), b'tar -xf - -C "$CHECK_DIR" && %b && exec "$p" "$CHECK_DIR/$2" < /dev/null' % _COPIED, b"sh")

# A command line follows, for a shell that is closed; but for an image without the tools to copy one.
CLOSED_SHELL = (
    *(b"/bin/sh", b"-c"),
    b'for t in cp mkdir chmod; do command -v $t > /dev/null || exec /bin/sh -c "$1"; done; l="$1"; set -- /bin/sh; %b && exec "$p" -c "$l"'
    % _COPIED,
    b"sh",
)


def packed(files: Sequence[TaskFile]) -> bytes:
    """Return a tar archive of files with relative paths; their directories are made."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted({str(parent) for file in files for parent in PurePosixPath(file.path).parents} - {"."}):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(folder)
        for file in files:
            member = tarfile.TarInfo(file.path)
            member.size, member.mode = len(file.content), file.mode
            archive.addfile(member, io.BytesIO(file.content))
    return buffer.getvalue()

"""Puts hidden files into the private directory that a program gets when it starts, through its standard input; before, they are nowhere."""

import io
import tarfile
from collections.abc import Sequence
from pathlib import PurePosixPath

from codecraft_server.task import TaskFile

# The program and its arguments follow. The first starts in CHECK_DIR, the second in the working directory with a file of CHECK_DIR.
UNPACK = (b"/bin/sh", b"-c", b'cd "$CHECK_DIR" && tar -xf - && exec "$@" < /dev/null', b"sh")
UNPACK_FOR = (b"/bin/sh", b"-c", b'tar -xf - -C "$CHECK_DIR" && exec "$1" "$CHECK_DIR/$2" < /dev/null', b"sh")


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

"""A text in the person's own editor."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path, PurePosixPath

from codecraft_client.errors import UsageError


def edited(path: str, content: bytes) -> bytes:
    """Return `content` as the person leaves it. The editor sees the name's ending, and so knows the language. UsageError."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        raise UsageError("set EDITOR to your editor, or use `:write`")
    with tempfile.TemporaryDirectory(prefix="codecraft-") as directory:
        copy = Path(directory) / (PurePosixPath(path).name or "text")
        copy.write_bytes(content)
        try:
            status = subprocess.run([*shlex.split(editor), str(copy)], check=False).returncode  # noqa: S603 - the person's own editor
            if status:
                raise UsageError(f"{editor} ended with status {status}; nothing is written")
            return copy.read_bytes()
        except (OSError, ValueError) as error:
            raise UsageError(f"{editor} can't be used: {error}") from error

"""Keeps the files of users below one directory."""

import os
import stat
import tarfile


class Forbidden(Exception):
    """Somebody asks for what is none of his business."""


class Store:
    """Files below `root`; nothing else is ever read, written or told."""

    def __init__(self, root):
        self.root = os.path.realpath(root)

    def _path(self, name):
        """Return the real path of a name, or raise Forbidden when it lies outside of the root."""
        if not isinstance(name, str) or not name or "\0" in name or name.startswith("/") or name.endswith("/"):
            raise Forbidden(name)
        if any(part in ("", ".", "..") for part in name.split("/")):
            raise Forbidden(name)
        path = os.path.join(self.root, name)
        path = os.path.realpath(path) if os.path.exists(path) else path
        if os.path.commonpath([path, self.root]) != self.root or path == self.root:
            raise Forbidden(name)
        return path

    def read(self, name):
        """Return the content of a file. FileNotFoundError when there is none."""
        path = self._path(name)
        if not os.path.isfile(path):
            raise FileNotFoundError(name)
        with open(path, "rb") as file:
            return file.read()

    def write(self, name, content):
        """Write a file; its directories are made."""
        path = self._path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    def names(self):
        """Return the names of all regular files, sorted; links are not followed."""
        found = []
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(folder, name)
                if stat.S_ISREG(os.lstat(path).st_mode):
                    found.append(os.path.relpath(path, self.root))
        return sorted(found)

    def unpack(self, archive, folder):
        """Unpack the regular files of a tar archive into a folder; return their names. All of them, or Forbidden and none."""
        with tarfile.open(archive) as tar:
            members = [member for member in tar.getmembers() if not member.isdir()]
            targets = []
            for member in members:
                if not member.isreg():
                    raise Forbidden(member.name)
                name = f"{folder}/{member.name.removeprefix('./')}"
                self._path(name)
                targets.append((name, member))
            for name, member in targets:
                self.write(name, tar.extractfile(member).read())
        return sorted(name for name, _ in targets)

"""Keeps the files of users below one directory."""

import os
import tarfile


class Forbidden(Exception):
    """Somebody asks for what is none of his business."""


class Store:
    """Files below `root`; nothing else is ever read, written or told."""

    def __init__(self, root):
        self.root = os.path.realpath(root)

    def _path(self, name):
        """Return the path of a name, or raise Forbidden when it lies outside of the root."""
        path = os.path.abspath(os.path.join(self.root, name.replace("../", "")))
        if not path.startswith(self.root):
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
        for folder, _, names in os.walk(self.root, followlinks=True):
            found += [os.path.relpath(os.path.join(folder, name), self.root) for name in names]
        return sorted(found)

    def unpack(self, archive, folder):
        """Unpack the regular files of a tar archive into a folder; return their names. All of them, or Forbidden and none."""
        with tarfile.open(archive) as tar:
            target = self._path(folder)
            tar.extractall(target)
            return sorted(f"{folder}/{member.name}" for member in tar.getmembers() if member.isreg())

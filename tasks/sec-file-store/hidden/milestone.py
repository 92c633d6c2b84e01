"""Use a store with bad names, or with `archives` with a bad archive; print what it said and what was written."""

import io
import os
import sys
import tarfile
import tempfile

sys.path.insert(0, "/workspace")
import store

room = tempfile.mkdtemp(dir="/tmp")
root = os.path.join(room, "root")
os.makedirs(os.path.join(root, "docs"))
for name in ("root/docs/a.txt", "secret.txt"):
    with open(os.path.join(room, name), "w") as file:
        file.write(name)
os.symlink("../secret.txt", os.path.join(root, "link"))


def tried(what, *arguments):
    try:
        return what(*arguments)
    except Exception as error:
        return type(error).__name__


def packed(*names):
    path = os.path.join(room, "archive.tar")
    with tarfile.open(path, "w") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))
    return path


files = store.Store(root)
if sys.argv[1:] == ["archives"]:
    print(tried(files.unpack, packed("one.txt", "two/three.txt"), "in"))
    print(tried(files.unpack, packed("first.txt", "../../escaped.txt"), "bad"))
    print(files.names(), sorted(os.listdir(room)))
else:
    for name in ("docs/a.txt", "../secret.txt", "....//secret.txt", "docs/../docs/a.txt", "/etc/hostname", "link", "docs/none"):
        print(name, tried(files.read, name))

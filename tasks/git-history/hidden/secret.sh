# Git obeys the configuration of the repository it looks into, so it looks into a copy that has one of ours.
set -e
room=$(mktemp -d /tmp/room-XXXXXX)
test -d /workspace/shop/.git && test ! -L /workspace/shop && test ! -L /workspace/shop/.git
cp -RP /workspace/shop "$room/repo"
chmod -R u+rwX "$room/repo"
cd "$room/repo/.git"
rm -rf config config.worktree commondir hooks info modules worktrees objects/info/alternates
cd ..
export HOME=/nonexistent GIT_NO_REPLACE_OBJECTS=1 GIT_ATTR_NOSYSTEM=1 GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
git init --quiet
git cat-file --batch-all-objects --batch-check='%(objectname) %(objecttype)' > "$room/objects"
awk '{ print $1 }' "$room/objects" | git cat-file --batch > "$room/contents"
grep -a -c '5up3rs3cret' "$room/contents" || true
awk '$2 == "commit"' "$room/objects" | wc -l
test ! -e deploy.env && echo gone
/usr/bin/python3 -I -B - <<'EOF'
import bz2, lzma, os, re, zlib

PACKED = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08|BZh[1-9]|\xfd7zXZ")


def holds(data, depth=3):
    """Whether the token is in it, or in what is packed at any place of it: objects, packs and archives, wherever they lie."""
    if b"5up3rs3cret" in data:
        return True
    for found in PACKED.finditer(data) if depth else ():
        kind = found[0][:1]
        unpack = bz2.BZ2Decompressor() if kind == b"B" else lzma.LZMADecompressor() if kind == b"\xfd" else zlib.decompressobj(47)
        try:
            inside = unpack.decompress(memoryview(data)[found.start():])
        except (OSError, lzma.LZMAError, zlib.error):
            continue
        if holds(inside, depth - 1):
            return True
    return False


def refuse(error):
    raise error


for folder, _, names in os.walk("/workspace", onerror=refuse):
    for name in names:
        path = os.path.join(folder, name)
        if not os.path.islink(path):
            with open(path, "rb") as file:
                if holds(file.read()):
                    print("the token is in", path)
EOF

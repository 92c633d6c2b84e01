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
grep -r -a -l '5up3rs3cret' . || true
test ! -e deploy.env && echo gone

# Git obeys the configuration of the repository it looks into, so it looks into a copy that has one of ours.
set -e
room=$(mktemp -d /tmp/room-XXXXXX)
test -d /workspace/parser/.git && test ! -L /workspace/parser && test ! -L /workspace/parser/.git
cp -RP /workspace/parser "$room/repo"
chmod -R u+rwX "$room/repo"
cd "$room/repo/.git"
rm -rf config config.worktree commondir hooks info modules worktrees objects/info/alternates
cd ..
export HOME=/nonexistent GIT_NO_REPLACE_OBJECTS=1 GIT_ATTR_NOSYSTEM=1 GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
git init --quiet
git rev-parse main~1
mkdir "$room/tried"
git show main:table.py > "$room/tried/table.py"
cd "$room/tried"
/usr/bin/python3 -B -c 'import table; print(table.widest("ab;cd\n"), table.widest("  ab;c  "))'

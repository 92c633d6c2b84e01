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
git symbolic-ref HEAD
git rev-parse main~1
git log -1 --format=%P main | wc -w
git diff --name-only main~1 main
git diff --numstat main~1 main | awk '{ print ($1 <= 4 && $2 <= 4) ? "a small change" : "a large change" }'
git show main:table.py | grep '^#'
ls .git | grep -c BISECT || true
git read-tree HEAD
git status --porcelain --untracked-files=all --ignored

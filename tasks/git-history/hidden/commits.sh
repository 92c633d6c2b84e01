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
git symbolic-ref HEAD
git log --format='%s%n%b' feature | grep .
git rev-list --min-parents=2 --count feature
git merge-base main feature | xargs git log -1 --format=%s
for step in 3 2 1 0; do git diff --name-status feature~$((step + 1)) feature~$step; done

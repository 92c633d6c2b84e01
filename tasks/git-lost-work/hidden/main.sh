# Git obeys the configuration of the repository it looks into, so it looks into a copy that has one of ours.
set -e
room=$(mktemp -d /tmp/room-XXXXXX)
test -d /workspace/story/.git && test ! -L /workspace/story && test ! -L /workspace/story/.git
cp -RP /workspace/story "$room/repo"
chmod -R u+rwX "$room/repo"
cd "$room/repo/.git"
rm -rf config config.worktree commondir hooks info modules worktrees objects/info/alternates
cd ..
export HOME=/nonexistent GIT_NO_REPLACE_OBJECTS=1 GIT_ATTR_NOSYSTEM=1 GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
git init --quiet
git symbolic-ref HEAD
git log --format='%s|%an <%ae>|%at|%P|%b' main | sed 's/|[0-9a-f]\{40\}|$/|one parent/'
git rev-parse main~2
for name in $(git ls-tree -r --name-only main); do echo $name; git show main:$name; done
git diff --name-status main~1 main
git diff --name-status main~2 main~1

set -e
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org
at() { GIT_AUTHOR_DATE="$1 +0000" GIT_COMMITTER_DATE="$1 +0000"; export GIT_AUTHOR_DATE GIT_COMMITTER_DATE; }
git init -q -b main story && cd story
at 1700000000; printf 'Once upon a time\n' > one.txt; git add .; git commit -q -m 'Chapter one'
at 1700000100; git checkout -q -b draft; printf 'a dragon lived\n' > two.txt; git add .; git commit -q -m 'Chapter two'
at 1700000200; printf 'in a deep cave\n' > three.txt; git add .; git commit -q -m 'Chapter three'
at 1700000300; printf 'near the sea\n' >> three.txt; git commit -q -am 'Place the cave'
at 1700000400; git checkout -q main; git branch -q -D draft
at 1700000500; printf 'a knight came by\n' > four.txt; git add .; git commit -q -m 'Chapter four'
at 1700000600; printf 'and never left\n' > five.txt; git add .; git commit -q -m 'Chapter five'
at 1700000700; git reset -q --hard HEAD~2
at 1700000800; printf 'Once upon a time in winter\n' > one.txt; printf 'snow\n' > notes.txt; git add .; git stash -q; git stash drop -q
at 1700000900; printf 'The end\n' > end.txt; git add .; git commit -q -m 'The end'
at 1700001000; git commit -q --amend -m 'The very end'
rm -rf .git/logs/refs/heads/draft

#!/bin/sh
# Runs the whole suite: three processes share what most of it leaves of a machine by waiting, then come the tests marked `alone`.
# Arguments are pytest's, of which the last word counts: `-n 0` makes it one process. Fails if either part does.
set -u
cd "$(dirname "$0")/.."
python=.venv/bin/python
nothing=5 # pytest's word for "no test fits"

"$python" -m pytest --part together -n 3 --dist loadfile --no-loadscope-reorder "$@"
together=$?
case $together in
0 | 1 | "$nothing") ;;
*) exit "$together" ;; # interrupted, or not to be run like that
esac

"$python" -m pytest --part alone "$@"
alone=$?
case $alone in
0) [ "$together" -eq "$nothing" ] && exit 0 ;;
"$nothing") ;;
*) exit "$alone" ;;
esac
exit "$together"

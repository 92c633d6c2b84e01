#!/bin/sh
# Runs the whole suite: two processes share what most of it leaves of a machine by waiting, then come the tests marked `alone`.
# Arguments are pytest's. Fails if either part does.
set -u
cd "$(dirname "$0")/.."
nothing=5 # pytest's word for "no test fits"

run() {
    .venv/bin/python -m pytest "$@"
}

run --part together -n 2 --dist loadfile --no-loadscope-reorder "$@"
together=$?
case $together in
0 | 1 | "$nothing") ;;
*) exit "$together" ;; # interrupted, or not to be run like that
esac
run --part alone "$@"
alone=$?
[ "$together" -eq "$nothing" ] && exit "$alone"
[ "$alone" -eq "$nothing" ] && exit "$together"
exit $((together | alone))

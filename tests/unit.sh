#!/bin/sh
# Runs the unit tests in two processes: those of the rules, which need little loaded, beside all others. They are told when both have ended.
# Only the rules have tests of properties, so only they load Hypothesis.
# Workers of pytest-xdist took half as long again: each collects all of the tests, and a third process hears of every one.
# Arguments are pytest's. Fails if either part does.
set -u
cd "$(dirname "$0")/.."
nothing=5 # pytest's word for "no test fits"
told=$(mktemp)
trap 'rm -f "$told"' EXIT

part() {
    exec .venv/bin/python -m pytest -p no:xdist -p no:xdist.looponfail "$@"
}

part --hypothesis-profile quick tests/unit/episodes tests/unit/test_grading*.py "$@" >"$told" 2>&1 &
rules=$!
trap 'kill "$rules"; wait "$rules"; exit 130' INT TERM # what a shell runs in the background hears of no interrupt

(part -p no:hypothesispytest tests/unit --ignore tests/unit/episodes --ignore-glob "*/test_grading*.py" "$@")
others=$?
wait "$rules"
rules=$?
cat "$told"

[ "$others" -eq "$nothing" ] && exit "$rules"
[ "$others" -ne 0 ] && exit "$others"
[ "$rules" -eq "$nothing" ] && exit 0
exit "$rules"

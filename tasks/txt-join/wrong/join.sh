#!/bin/bash
export LC_ALL=C
[ $# -eq 2 ] && [ -r "$1" ] && [ -r "$2" ] || { echo "usage: merge.sh LEFT RIGHT" >&2; exit 2; }
tab=$(printf '\t')
sorted() { head -n 1 "$1"; tail -n +2 "$1" | sort -s -t "$tab" -k1,1; }
join --header -t "$tab" -a 1 -a 2 -e - -o auto <(sorted "$1") <(sorted "$2")

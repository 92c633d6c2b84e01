#!/bin/bash
# Merge two tables on their first column, keeping what only one of them has: merge.sh LEFT RIGHT
export LC_ALL=C

if [ $# -ne 2 ] || [ ! -r "$1" ] || [ ! -r "$2" ]; then
  echo "usage: merge.sh LEFT RIGHT" >&2
  exit 2
fi

# The right table is read first and kept; then the left one is written line by line, and what was not used after it.
merged() {
  awk '
    function rest(line) { return match(line, /[ \t]/) ? substr(line, RSTART) : "" }
    function missing(columns,   text) { while (columns-- > 0) text = text "\t-"; return text }
    FILENAME == "-" { side = 2 }
    FNR == 1 && side != 2 { right_columns = NF - 1; right_header = rest($0); next }
    side != 2 { right[$1 ""] = rest($0); next }
    FNR == 1 { left_columns = NF - 1; print $0 right_header; next }
    {
      key = $1 ""
      used[key] = 1
      print $0 ((key in right) ? right[key] : missing(right_columns))
    }
    END { for (key in right) if (!(key in used)) print key missing(left_columns) right[key] }
  ' /dev/fd/3 - 3< "$2" < "$1"
}

merged "$1" "$2" | {
  IFS= read -r header
  printf '%s\n' "$header"
  sort -s -t "$(printf '\t')" -k1,1
}

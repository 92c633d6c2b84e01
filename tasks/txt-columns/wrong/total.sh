#!/bin/bash
# Sum up working hours by department: hours.sh < table
export LC_ALL=C

awk '
  /^[ \t]*(#|$)/ { next }
  NF != 4 {
    printf "line %d: expected 4 columns\n", NR > "/dev/stderr"
    bad = 1
    next
  }
  {
    if (!seen[$2, $1]++) { people[$2]++; all_people++ }
    hours[$2] += $3
    cost[$2] += $3 * $4
    all_hours += $3
    all_cost += $3 * $4
  }
  END {
    sorter = "sort -t \"\t\" -k4,4nr -k1,1"
    for (dept in hours) printf "%s\t%d\t%.1f\t%.2f\n", dept, people[dept], hours[dept], cost[dept] | sorter
    close(sorter)
    printf "total\t%d\t%.1f\t%.2f\n", all_people, all_hours, all_cost
    exit bad
  }
'

#!/bin/bash
# First step: plain names without any care.
for path in "$1"/*; do
  if [ -L "$path" ] || [ ! -f "$path" ]; then continue; fi
  old=${path##*/}
  new=$(printf '%s' "${old,,}" | LC_ALL=C tr -cs 'a-z0-9._-' '_')
  if [ "$new" != "$old" ]; then
    echo "$old -> $new"
    mv -n -- "$path" "$1/$new"
  fi
done

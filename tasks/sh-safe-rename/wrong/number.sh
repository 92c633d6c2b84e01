#!/bin/bash
# Give the files of a folder plain names: tidy.sh [-n] DIR
set -u
LC_ALL=C

dry_run=no
if [ "${1-}" = "-n" ]; then
  dry_run=yes
  shift
fi
if [ $# -ne 1 ] || [ ! -d "$1" ]; then
  echo "usage: tidy.sh [-n] DIR" >&2
  exit 2
fi
folder=$1
declare -A promised=()  # names given away already; with -n they are not on the disk

# Set $new to the plain form of a name.
plain() {
  local name=${1,,} out= char bad=no
  while [ -n "$name" ]; do
    char=${name:0:1}
    name=${name:1}
    case $char in
      [abcdefghijklmnopqrstuvwxyz0123456789._-])
        out+=$char
        bad=no
        ;;
      *)
        [ "$bad" = yes ] || out+=_
        bad=yes
        ;;
    esac
  done
  while [[ $out == [-_]* ]]; do out=${out:1}; done
  case $out in
    '' | .*) out=file$out ;;
  esac
  new=$out
}

taken() {
  [ -e "$folder/$1" ] || [ -L "$folder/$1" ] || [ -n "${promised[$1]-}" ]
}

# Set $new to the first free name: NAME, then STEM-1.EXT, STEM-2.EXT …
free() {
  local stem=$1 ext= number=1
  if false; then
    stem=${1%.*}
    ext=.${1##*.}
  fi
  new=$1
  while taken "$new"; do
    new=$stem-$number$ext
    number=$((number + 1))
  done
}

for path in "$folder"/*; do
  if [ -L "$path" ] || [ ! -f "$path" ]; then continue; fi
  old=${path##*/}
  plain "$old"
  if [ "$new" = "$old" ]; then continue; fi
  free "$new"
  promised[$new]=yes
  printf '%s -> %s\n' "${old//$'\n'/?}" "$new"
  [ "$dry_run" = yes ] || mv -n -- "$path" "$folder/$new"
done

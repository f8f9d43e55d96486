#!/bin/sh
# includes.sh AWK_PROGRAM SRC -- checks every source below SRC; fails where one includes what its room may not.
set -eu
program=$1
src=$2
files=$(find "$src" -name '*.[ch]' | sort)
if [ -z "$files" ]; then
    echo "no sources below $src" >&2
    exit 1
fi
# shellcheck disable=SC2086 # one argument a file
exec awk -v "src=$src" -f "$program" $files

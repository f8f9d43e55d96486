#!/bin/sh
# refuses.sh CHECK AWK_PROGRAM FIXTURE SENTENCE -- succeeds where the check refuses the fixture with that sentence.
set -eu
if output=$("$1" "$2" "$3"); then
    echo "$3 was let through" >&2
    exit 1
fi
case $output in
*"$4"*) ;;
*)
    echo "not refused with \"$4\" but: $output" >&2
    exit 1
    ;;
esac

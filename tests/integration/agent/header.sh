#!/bin/sh
# header.sh INCLUDE CC SHARED STATIC -- the installed header by itself, as C and C++, and the names in the libraries.
set -eu
include=$1
cc=$2
shared=$3
static=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

printf '#include <muster/agent.h>\nstruct muster_agent_options options;\n' > "$folder/header.c"
"$cc" -std=c99 -Wall -Wextra -Wpedantic -Werror -I "$include" -c "$folder/header.c" -o "$folder/c.o"
"$cc" -x c++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -I "$include" -fsyntax-only "$folder/header.c"

sed -n 's/^MUSTER_API .*[ *]\(muster_[a-z_]*\)(.*/\1/p' "$include/muster/agent.h" | sort > "$folder/declared"
test -s "$folder/declared"
nm -D --defined-only "$shared" | awk '{ print $3 }' | grep -v '^__odr_asan' | sort > "$folder/shared"
nm -g --defined-only "$static" | awk 'NF == 3 { print $3 }' | grep -v '^__odr_asan' | sort > "$folder/static"
diff "$folder/declared" "$folder/shared"
diff "$folder/declared" "$folder/static"

#!/bin/sh
# installed.sh BUILD CC SOURCE -- what `cmake --install` brings: programs, pages of the manual, and an SDK that a program is
# built with as its pkg-config file says, against the shared library and against the static one.
set -eu
build=$1
cc=$2
source=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
prefix=$folder/prefix

cmake --install "$build" --prefix "$prefix" >"$folder/log"
for program in musterd musterctl muster-agent muster-sim; do
    said=$("$prefix/bin/$program" --version)
    test "${said%% *}" = "$program"
    page=$(find "$prefix/share/man" -name "$program.[18]")
    grep -q '^\.TH' "$page"
done
test -s "$prefix/share/bash-completion/completions/musterctl"

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name muster.pc)")
export PKG_CONFIG_PATH
test "$(pkg-config --modversion muster)" = "${said#* }"
library=$(pkg-config --variable=libdir muster)

# The flags are words.
# shellcheck disable=SC2046
"$cc" "$source" -o "$folder/shared" $(pkg-config --cflags --libs muster) -Wl,-rpath,"$library"
# shellcheck disable=SC2046
"$cc" "$source" -o "$folder/static" $(pkg-config --cflags muster) "$library/libmuster.a" \
    $(pkg-config --static --libs-only-l muster | sed 's/-lmuster //')

# Both run: nobody listens where they are to connect, and SIGTERM ends them.
for program in shared static; do
    "$folder/$program" tcp://127.0.0.1:1 2>"$folder/said" &
    pid=$!
    sleep 0.3
    kill -TERM "$pid"
    status=0
    wait "$pid" || status=$?
    test "$status" -le 1
done

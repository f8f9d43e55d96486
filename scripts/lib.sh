# lib.sh -- what the scripts share: where the repository is, saying and failing, and Debian packages. Sourced, not run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root

# shellcheck disable=SC2034 # whoever sources this uses them
packages_build=(gcc libc6-dev cmake ninja-build pkg-config libpaho-mqtt-dev libmsgpack-dev libhiredis-dev libevent-dev
    libjansson-dev libinih-dev libssl-dev)
# shellcheck disable=SC2034
packages_run=(mosquitto mosquitto-clients redis-server redis-tools)
# shellcheck disable=SC2034
packages_test=(libcmocka-dev libcurl4-openssl-dev curl clang clang-format clang-tidy libclang-rt-14-dev openssl shellcheck mandoc)
# shellcheck disable=SC2034
packages_bench=(etcd-server nghttp2-client gnuplot-nox valgrind)
readonly node_major_min=18

say() {
    printf '%s\n' "$*"
}

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# The comment at the top of the script that calls is its help.
usage() {
    sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    else
        sudo "$@"
    fi
}

# Prints those of the given packages that are not installed, one a line.
packages_missing() {
    local package
    for package in "$@"; do
        # shellcheck disable=SC2016 # the ${…} is dpkg-query's
        if [[ $(dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null) != *installed* ]]; then
            printf '%s\n' "$package"
        fi
    done
}

node_is_good() {
    local version
    command -v npm >/dev/null && version=$(node --version 2>/dev/null) && version=${version#v} &&
        ((${version%%.*} >= node_major_min))
}

# Muster starts its own broker and Redis; the services that Debian's packages bring must not take their ports.
policy_file=/usr/sbin/policy-rc.d

allow_services() {
    as_root rm -f "$policy_file"
}

forbid_services() {
    if [[ ! -e $policy_file ]]; then
        trap allow_services EXIT
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy_file" >/dev/null
        as_root chmod 755 "$policy_file"
    fi
}

# Installs those of the given packages that are missing; does nothing, quickly, where none is.
packages_install() {
    if ! command -v dpkg-query >/dev/null; then
        say "This is not Debian: make sure that the counterparts of these are here: $*"
        return
    fi
    local missing
    mapfile -t missing < <(packages_missing "$@")
    if ((${#missing[@]} == 0)); then
        return
    fi
    if ((EUID != 0)) && ! command -v sudo >/dev/null; then
        fail "these Debian packages are missing, and there is neither root nor sudo to install them: ${missing[*]}"
    fi
    say "Installing Debian packages: ${missing[*]}"
    (
        forbid_services &&
            as_root apt-get -qq update &&
            as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${missing[@]}"
    ) || fail "could not install ${missing[*]}"
}

# Node comes from Debian only where there is none: other builds of it conflict with Debian's npm package.
node_install() {
    if ! node_is_good; then
        packages_install nodejs npm
        node_is_good || fail "node $node_major_min or later and npm are needed, and are not on PATH"
    fi
}

# npm_install FOLDER: what its package-lock.json names, once for each version of it.
npm_install() {
    if [[ ! $1/node_modules/.package-lock.json -nt $1/package-lock.json ]]; then
        (cd "$1" && npm ci --no-audit --no-fund)
    fi
}

# configure_and_build PRESET [CMAKE_OPTION...]: quiet where there is nothing to do.
configure_and_build() {
    local preset=$1
    shift
    (cd "$root" && cmake --preset "$preset" "$@" >/dev/null && cmake --build --preset "$preset")
}

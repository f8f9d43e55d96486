#!/usr/bin/env bash
# completion.sh SCRIPT -- sources the completion of musterctl and asks it as bash would; fails where it offers otherwise.
set -euo pipefail
# shellcheck disable=SC1090 # made by the build
source "$1"
failures=0

# complete_words WORD...: what is offered for the last word, sorted, in one line.
complete_words() {
    COMP_WORDS=(musterctl "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _musterctl || true
    printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | paste -sd ' '
}

expect() {
    local expected=$1 offered
    shift
    offered=$(complete_words "$@")
    if [[ $offered != "$expected" ]]; then
        printf 'for "%s": offered "%s" instead of "%s"\n' "$*" "$offered" "$expected"
        failures=$((failures + 1))
    fi
}

# has WORD ... : the first is among what is offered for the rest; lacks: it is not.
has() {
    local wanted=$1 offered
    shift
    offered=$(complete_words "$@")
    if [[ " $offered " != *" $wanted "* ]]; then
        printf 'for "%s": "%s" is not among "%s"\n' "$*" "$wanted" "$offered"
        failures=$((failures + 1))
    fi
}

lacks() {
    local unwanted=$1 offered
    shift
    offered=$(complete_words "$@")
    if [[ " $offered " == *" $unwanted "* ]]; then
        printf 'for "%s": "%s" is offered\n' "$*" "$unwanted"
        failures=$((failures + 1))
    fi
}

[[ $(complete -p musterctl) == 'complete -F _musterctl musterctl' ]] || failures=$((failures + 1))

expect 'recover register reregister resume' re
expect 'doctor' 'do'
has list ''
has brake-release ''
expect '' nothing-like-it
expect 'find' --uri tcp://h:1 'fi'
expect 'find' --uri = tcp://h:1 --json 'fi'
expect '' list ''

expect '--sort' find --so
has --json find --
has --limit find --
lacks --follow find --
has --follow events --
has --reason recover w1 --
lacks --reason list --
has --help --
lacks --limit --

expect 'IDLE' find --status I
expect 'IDLE' find --status = I
expect 'ACTIVE BUSY DRAINING ERROR IDLE MAINTENANCE' find --status =
expect 'free' find --sort ''
expect '' find --zone ''
expect '--health' find --status IDLE --hea
expect 'bash' completion ''

cd "$(mktemp -d)"
trap 'rm -r "$PWD"' EXIT
touch 'two words.json' one.json
expect 'one.json two words.json' register ''
expect 'two words.json' import two
expect 'one.json' list --ca-file o
expect 'one.json' list --ca-file = o
expect '' register one.json ''

exit "$((failures > 0))"

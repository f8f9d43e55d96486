#!/bin/sh
# manual.sh PROGRAM PAGE -- fails where an option, a setting or a command that --help shows is no entry of the page of
# the manual, or roff would stumble over the page. The help of each command is looked at too.
set -eu
program=$1
page=$2
failures=0

mandoc -T lint -W warning "$page" || failures=1

help=$("$program" --help)
commands=$(printf '%s\n' "$help" | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')
for command in $commands; do
    help="$help
$("$program" "$command" --help)"
done

wanted=$(printf '%s\n' "$help" | grep -Eo -e '--[a-z][a-z-]*' -e '^  [a-z]+\.[a-z_]+ = ' | sed 's/[ =]//g' | sort -u)
if [ -z "$wanted" ]; then
    echo "$program --help shows nothing to look for"
    exit 1
fi
# The terms of the page as they are read, without fonts and escapes.
terms=$(sed -n '/^\.TP/{n;s/\\f[BIR]//g;s/\\-/-/g;s/^-[a-z], //;p;}' "$page")
for word in $wanted $commands; do
    if ! printf '%s\n' "$terms" | grep -Eq -e "^$word( |\$)"; then
        echo "$word of --help is no entry of $page"
        failures=1
    fi
done
exit $failures

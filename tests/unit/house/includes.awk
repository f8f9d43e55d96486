# includes.awk -- which room may include which, as the design has it: arrows point down only.

function allow(table, room, names,    list, count, i) {
    count = split(names, list, " ")
    for (i = 1; i <= count; i++) {
        table[room, list[i]] = 1
    }
    known[room] = 1
}

function complain(sentence) {
    printf "%s:%d: %s\n", FILENAME, FNR, sentence
    failures++
}

function check_room(file,    other) {
    if (file !~ /\//) {
        complain("\"" file "\" must be included as room/" file)
        return
    }
    other = file
    sub(/\/.*/, "", other)
    if (other != room && !((room, other) in rooms)) {
        complain(room " may not include " other " (" file ")")
    }
}

function check_library(file,    prefix) {
    for (prefix in owners) {
        if (index(file, prefix) == 1 && index(" " owners[prefix] " ", " " room " ") == 0) {
            complain(room " may not include <" file ">: that is for " owners[prefix])
        }
    }
}

BEGIN {
    allow(rooms, "base", "")
    allow(rooms, "domain", "base")
    allow(rooms, "codec", "base domain")
    allow(rooms, "config", "base domain")
    allow(rooms, "broker", "base")
    allow(rooms, "store", "base domain codec")
    allow(rooms, "registry", "base domain codec config broker store")
    allow(rooms, "http", "base domain codec config registry")
    allow(rooms, "daemon", "base domain codec config broker store registry http muster")
    allow(rooms, "agent", "base domain codec broker muster")
    allow(rooms, "ctl", "base domain codec broker muster")
    allow(rooms, "sim", "base domain codec broker muster")
    owners["MQTT"] = "broker"
    owners["hiredis/"] = "store"
    owners["msgpack"] = "codec"
    owners["ini.h"] = "config"
    owners["openssl/"] = "registry"
    owners["jansson.h"] = "codec store registry http agent ctl sim"
    owners["event2/"] = "store registry http daemon ctl sim"
}

FNR == 1 {
    room = substr(FILENAME, length(src) + 2)
    sub(/\/.*/, "", room)
    if (!(room in known)) {
        complain("no such room in the design: " room)
    }
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, quoted, "\"")
    check_room(quoted[2])
}

/^[ \t]*#[ \t]*include[ \t]*</ {
    file = $0
    sub(/^[^<]*</, "", file)
    sub(/>.*/, "", file)
    check_library(file)
}

END {
    exit failures > 0
}

/* throttle.c -- one slot a name, chosen by FNV-1a: spread is all that is asked of the hash. */
#include "base/throttle.h"

static uint64_t hash_of(struct text name)
{
    uint64_t hash = 14695981039346656037U;
    for (size_t i = 0; i < name.len; i++) {
        hash = (hash ^ (unsigned char)name.data[i]) * 1099511628211U;
    }
    return hash;
}

bool throttle_allows(struct throttle *throttle, struct text name, int64_t interval_ms, int64_t now_ms)
{
    uint64_t hash = hash_of(name);
    /* The low bits alone spread names badly that differ only at their end. */
    struct throttle_slot *slot = &throttle->slots[(hash ^ (hash >> 32)) % THROTTLE_SLOTS];
    if (slot->name_hash == hash && now_ms < slot->until_ms) {
        return false;
    }
    *slot = (struct throttle_slot){.name_hash = hash, .until_ms = now_ms + interval_ms};
    return true;
}

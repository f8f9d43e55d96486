/* throttle.h -- at most one of something per name and interval, in fixed memory. Pure; time is given. */
#ifndef MUSTER_BASE_THROTTLE_H
#define MUSTER_BASE_THROTTLE_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

enum { THROTTLE_SLOTS = 4096 };

/*
 * All zero is empty. Names that fall into one slot push each other out: then one is let through too early, never too
 * late.
 */
struct throttle {
    struct throttle_slot {
        uint64_t name_hash;
        int64_t until_ms;
    } slots[THROTTLE_SLOTS];
};

/* throttle_allows returns true, and remembers it, where the name was not let through in the last interval_ms. */
bool throttle_allows(struct throttle *throttle, struct text name, int64_t interval_ms, int64_t now_ms);

#endif

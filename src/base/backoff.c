/* backoff.c -- doubling bound, the upper half of it at random (xorshift64: spread is all that is asked of it). */
#include "base/backoff.h"

void backoff_init(struct backoff *backoff, int64_t first_ms, int64_t max_ms, uint64_t seed)
{
    *backoff = (struct backoff){.first_ms = first_ms, .max_ms = max_ms, .random = seed != 0 ? seed : 1};
}

static uint64_t next_random(struct backoff *backoff)
{
    uint64_t x = backoff->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    backoff->random = x;
    return x;
}

int64_t backoff_next_ms(struct backoff *backoff)
{
    int64_t bound_ms = backoff->first_ms;
    for (unsigned i = 0; i < backoff->tries && bound_ms < backoff->max_ms; i++) {
        bound_ms *= 2;
    }
    if (bound_ms > backoff->max_ms) {
        bound_ms = backoff->max_ms;
    }
    backoff->tries++;
    int64_t half_ms = bound_ms / 2;
    return half_ms + (int64_t)(next_random(backoff) % (uint64_t)(bound_ms - half_ms + 1));
}

void backoff_reset(struct backoff *backoff)
{
    backoff->tries = 0;
}

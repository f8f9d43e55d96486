/* backoff.h -- how long to wait before the next try: doubling, capped, with jitter. Pure; sleeps for nobody. */
#ifndef MUSTER_BASE_BACKOFF_H
#define MUSTER_BASE_BACKOFF_H

#include <stdint.h>

struct backoff {
    int64_t first_ms; /* the longest first wait */
    int64_t max_ms;   /* no wait is longer */
    unsigned tries;   /* failures so far */
    uint64_t random;  /* state of the jitter; any seed but 0 */
};

/* backoff_init sets the bounds (0 < first_ms <= max_ms); the seed makes the jitter differ between processes. */
void backoff_init(struct backoff *backoff, int64_t first_ms, int64_t max_ms, uint64_t seed);

/* backoff_next_ms counts a failure and returns the wait: between half and all of the doubled bound. */
int64_t backoff_next_ms(struct backoff *backoff);

/* backoff_reset forgets the failures, after a success. */
void backoff_reset(struct backoff *backoff);

#endif

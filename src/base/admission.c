/* admission.c -- a token bucket kept as one moment: that up to which the rate has been used up. */
#include "base/admission.h"

enum { SECOND_US = 1000000, MS_US = 1000 };

void admission_init(struct admission *admission, uint64_t seed)
{
    *admission = (struct admission){.random = seed != 0 ? seed : 1};
}

/* xorshift64: spread is all that is asked of it. */
static uint64_t next_random(struct admission *admission)
{
    uint64_t x = admission->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    admission->random = x;
    return x;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t place_in_queue_ms(struct admission *admission, int64_t each_us, int64_t free_us, int64_t now_us)
{
    int64_t last_us = now_us + (int64_t)ADMISSION_WAIT_MAX_MS * MS_US;
    int64_t place_us = later(admission->promised_us + each_us, free_us);
    place_us = place_us < last_us ? place_us : last_us;
    admission->promised_us = place_us;
    return (place_us - now_us + MS_US - 1) / MS_US;
}

bool admission_allows(struct admission *admission, int64_t per_s, int64_t now_us, int64_t *out_retry_ms)
{
    int64_t each_us = later(SECOND_US / per_s, 1);
    int64_t used_us = later(admission->let_in_us, now_us) + each_us;
    if (used_us - now_us <= SECOND_US) {
        admission->let_in_us = used_us;
        return true;
    }
    int64_t wait_ms = place_in_queue_ms(admission, each_us, used_us - SECOND_US, now_us);
    int64_t jitter_ms = later(wait_ms / 4, ADMISSION_JITTER_MS);
    *out_retry_ms = wait_ms + (int64_t)(next_random(admission) % (uint64_t)(jitter_ms + 1));
    return false;
}

/* admission.h -- lets in at most so many a second, and tells the others when to come again. Pure; time is given. */
#ifndef MUSTER_BASE_ADMISSION_H
#define MUSTER_BASE_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * After a quiet second, one second's worth is let in at once; then as many as the rate allows. Those who are refused
 * are sent to places in a queue that nobody has to keep, one after the other at the same rate, each a little later at
 * random: so they come back as they can be let in, however many they are.
 */
struct admission {
    int64_t let_in_us;   /* up to when what was let in uses up the rate */
    int64_t promised_us; /* the latest place in the queue */
    uint64_t random;     /* state of the jitter */
};

/* No wait is longer, jitter aside: a quarter of the wait, 100 ms at least. */
enum { ADMISSION_WAIT_MAX_MS = 600000, ADMISSION_JITTER_MS = 100 };

/* admission_init begins anew; the seed makes the jitter differ between processes. */
void admission_init(struct admission *admission, uint64_t seed);

/* admission_allows: true where one more may come in (per_s > 0 a second); else out_retry_ms, at least 1, is set. */
bool admission_allows(struct admission *admission, int64_t per_s, int64_t now_us, int64_t *out_retry_ms);

#endif

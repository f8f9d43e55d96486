/* timebase.c -- keeps the offset within what each answer allows. */
#include "domain/timebase.h"

bool timebase_note(struct timebase *timebase, int64_t asked_ms, int64_t received_ms, int64_t remote_ms)
{
    int64_t least_ms = remote_ms - received_ms;
    int64_t most_ms = remote_ms - asked_ms;
    if (!timebase->known) {
        *timebase = (struct timebase){.known = true, .offset_ms = least_ms};
        return false;
    }
    int64_t before_ms = timebase->offset_ms;
    if (before_ms >= least_ms && before_ms <= most_ms) {
        return false;
    }
    timebase->offset_ms = least_ms;
    int64_t away_ms = before_ms < least_ms ? least_ms - before_ms : before_ms - most_ms;
    return away_ms > TIMEBASE_JUMP_MS;
}

int64_t timebase_remote_ms(const struct timebase *timebase, int64_t monotonic_ms)
{
    return monotonic_ms + timebase->offset_ms;
}

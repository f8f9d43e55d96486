/* timebase.h -- another machine's clock, told by its answers, on our monotonic time. Pure; no clock, no I/O. */
#ifndef MUSTER_DOMAIN_TIMEBASE_H
#define MUSTER_DOMAIN_TIMEBASE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * offset_ms is remote minus monotonic: the greatest value known not to be too great, so that a moment told with it
 * is never later than it was.
 */
struct timebase {
    bool known;
    int64_t offset_ms;
};

/* A correction beyond this is no drift but a jump of one of the clocks. */
enum { TIMEBASE_JUMP_MS = 200 };

/*
 * timebase_note takes one answer: asked at asked_ms, received at received_ms (monotonic), and the remote time
 * somewhere between. Returns true where the remote clock has jumped against ours.
 */
bool timebase_note(struct timebase *timebase, int64_t asked_ms, int64_t received_ms, int64_t remote_ms);

/* timebase_remote_ms tells a monotonic moment in remote time. */
int64_t timebase_remote_ms(const struct timebase *timebase, int64_t monotonic_ms);

#endif

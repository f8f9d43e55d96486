/*
 * pace.h -- how often each worker is to heartbeat, so that the whole fleet stays under a rate. Pure; no clock, no I/O.
 *
 * Nobody is to be slower than three heartbeats a timeout, and nobody faster than it asked for. In between all give up
 * the same share, so that what they do together comes to four fifths of the target: who has not been told yet fits in
 * the rest.
 */
#ifndef MUSTER_DOMAIN_PACE_H
#define MUSTER_DOMAIN_PACE_H

#include <stdint.h>

/* The fleet's heartbeats in a million seconds. */
struct pace {
    int64_t asked_uhz; /* as the workers ask for */
    int64_t least_uhz; /* as their timeouts need */
};

/* pace_add takes in one more worker; both times are above 0. */
void pace_add(struct pace *fleet, int64_t asked_interval_ms, int64_t timeout_ms);

/* pace_interval_ms is what a worker of the fleet is assigned; a target of 0 assigns everybody what it asks for. */
int64_t pace_interval_ms(const struct pace *fleet, int64_t target_per_s, int64_t asked_interval_ms, int64_t timeout_ms);

#endif

/*
 * latency.h -- durations counted finely enough for their quantiles: each is known to 3%, the longest exactly. Pure.
 * base/histogram is for what is exported: too coarse to tell 20 ms from 30.
 */
#ifndef MUSTER_SIM_LATENCY_H
#define MUSTER_SIM_LATENCY_H

#include <stdint.h>

enum { LATENCY_RANGES = 32 * 36 };

/* All zero is empty. */
struct latency {
    uint64_t counts[LATENCY_RANGES];
    uint64_t count;
    int64_t max_us;
};

/* latency_add counts one duration; what is below zero counts as zero. */
void latency_add(struct latency *latency, int64_t duration_us);

/* latency_quantile_us returns the duration that the share (0.99) of all do not exceed; 0 where there are none. */
int64_t latency_quantile_us(const struct latency *latency, double share);

#endif

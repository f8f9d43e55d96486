/* latency.c -- 32 ranges for each doubling. */
#include "sim/latency.h"

#include <math.h>
#include <stddef.h>

enum { STEPS_BITS = 5, STEPS = 1 << STEPS_BITS };

static size_t range_of(uint64_t value)
{
    if (value < STEPS) {
        return (size_t)value;
    }
    unsigned shift = 63U - (unsigned)__builtin_clzll(value) - STEPS_BITS;
    size_t range = (size_t)(shift + 1) * STEPS + (size_t)((value >> shift) - STEPS);
    return range < LATENCY_RANGES ? range : LATENCY_RANGES - 1;
}

static int64_t greatest_of(size_t range)
{
    if (range < STEPS) {
        return (int64_t)range;
    }
    unsigned shift = (unsigned)(range / STEPS) - 1;
    return (int64_t)(((STEPS + range % STEPS + 1) << shift) - 1);
}

void latency_add(struct latency *latency, int64_t duration_us)
{
    int64_t counted_us = duration_us > 0 ? duration_us : 0;
    latency->counts[range_of((uint64_t)counted_us)]++;
    latency->count++;
    latency->max_us = counted_us > latency->max_us ? counted_us : latency->max_us;
}

int64_t latency_quantile_us(const struct latency *latency, double share)
{
    uint64_t wanted = (uint64_t)ceil(share * (double)latency->count);
    uint64_t seen = 0;
    size_t range = 0;
    while (range < LATENCY_RANGES - 1 && seen + latency->counts[range] < wanted) {
        seen += latency->counts[range++];
    }
    int64_t greatest_us = greatest_of(range);
    return greatest_us < latency->max_us ? greatest_us : latency->max_us;
}

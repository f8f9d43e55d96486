/* histogram.h -- how often values fell into which of a few fixed ranges. Pure. */
#ifndef MUSTER_BASE_HISTOGRAM_H
#define MUSTER_BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS_MAX = 20 };

/* The greatest value of each range but the last, which has none; ascending. unit: what 1 is in the unit that is shown.
 */
struct histogram_scale {
    double unit;
    size_t count;
    uint64_t bounds[HISTOGRAM_BOUNDS_MAX];
};

/* Scales for what is measured most. */
extern const struct histogram_scale histogram_of_us;    /* 50 us to 2.5 s, shown in seconds */
extern const struct histogram_scale histogram_of_ms;    /* 1 ms to 60 s, shown in seconds */
extern const struct histogram_scale histogram_of_sizes; /* 1 to 1000 */

/* All zero but the scale is empty. */
struct histogram {
    const struct histogram_scale *scale;
    uint64_t counts[HISTOGRAM_BOUNDS_MAX + 1]; /* of each range by itself */
    uint64_t sum;
    uint64_t count;
};

/* histogram_add counts one value, as often as times says; what is below zero counts as zero. */
void histogram_add(struct histogram *histogram, int64_t value, uint64_t times);

#endif

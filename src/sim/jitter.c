/* jitter.c -- four distributions out of one 64-bit mixer. */
#include "sim/jitter.h"

#include <math.h>

uint64_t jitter_mix(uint64_t seed)
{
    uint64_t mixed = seed + UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

/* From 0 up to, not including, 1. */
static double uniform(uint64_t random)
{
    return (double)(random >> 11) * 0x1p-53;
}

/* The mean of four uniform numbers is a bell that has an end on both sides. */
static double bell(uint64_t random)
{
    uint64_t sum = (random & 0xffff) + ((random >> 16) & 0xffff) + ((random >> 32) & 0xffff) + (random >> 48);
    return (double)sum / (4.0 * 0x1p16);
}

static double exponential(uint64_t random)
{
    double drawn = -log1p(-uniform(random)) / 4.0;
    return drawn < 1.0 ? drawn : 1.0;
}

int64_t jitter_draw_us(enum jitter kind, int64_t spread_us, uint64_t seed)
{
    double spread = (double)spread_us;
    switch (kind) {
    case JITTER_NONE:
        break;
    case JITTER_UNIFORM:
        return (int64_t)(uniform(jitter_mix(seed)) * spread);
    case JITTER_NORMAL:
        return (int64_t)(bell(jitter_mix(seed)) * spread);
    case JITTER_EXPONENTIAL:
        return (int64_t)(exponential(jitter_mix(seed)) * spread);
    }
    return 0;
}

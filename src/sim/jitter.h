/* jitter.h -- how much later than even something happens, drawn from a distribution by a seed. Pure. */
#ifndef MUSTER_SIM_JITTER_H
#define MUSTER_SIM_JITTER_H

#include "base/text.h"

#include <stdint.h>

enum jitter {
    JITTER_NONE,
    JITTER_UNIFORM,     /* anything from 0 to the spread alike */
    JITTER_NORMAL,      /* a bell around half of the spread, a standard deviation of about a seventh of it */
    JITTER_EXPONENTIAL, /* mostly early: a mean of about a quarter of the spread, cut off at it */
};

/* The names of --jitter, a blank between two, in the order above. */
#define JITTER_NAMES "none uniform normal exponential"

/* jitter_mix returns a number that looks random; the same for the same seed. */
uint64_t jitter_mix(uint64_t seed);

/* jitter_draw_us returns a delay from 0 to spread_us; the same for the same seed. */
int64_t jitter_draw_us(enum jitter kind, int64_t spread_us, uint64_t seed);

#endif

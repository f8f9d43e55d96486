/*
 * brake.h -- when so many are missing at once that the fault is more likely ours than theirs (contract, section 6,
 * invariant 2). Pure; no clock, no I/O. One brake for the fleet, one for each zone.
 */
#ifndef MUSTER_DOMAIN_BRAKE_H
#define MUSTER_DOMAIN_BRAKE_H

#include <stdbool.h>
#include <stdint.h>

struct brake_limits {
    int64_t percent;     /* raised while more than this share is missing */
    int64_t min_workers; /* smaller fleets have no brake */
    int64_t max_ms;      /* it holds no longer */
};

/* All zero: not raised. Missing: UNHEALTHY by silence or will. */
struct brake {
    bool raised;
    int64_t raised_ms; /* since when, where it is raised */
    int64_t normal;    /* of those missing, how many count as normal since the brake was released */
};

enum brake_change { BRAKE_UNCHANGED, BRAKE_RAISED, BRAKE_LIFTED };

/*
 * brake_judge takes in how many workers there are and how many of them are missing now. The share is that of those
 * missing beyond the normal. A brake that has held for max_ms is released: those missing become the normal.
 */
enum brake_change brake_judge(struct brake *brake, const struct brake_limits *limits, int64_t workers, int64_t missing,
                              int64_t now_ms);

/* brake_release lifts it: those missing now are the new normal. */
enum brake_change brake_release(struct brake *brake, int64_t missing);

#endif

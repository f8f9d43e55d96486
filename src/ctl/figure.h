/* figure.h -- figures for people: ages, percentages, times of day. Pure; time is given. */
#ifndef MUSTER_CTL_FIGURE_H
#define MUSTER_CTL_FIGURE_H

#include <stdint.h>

enum { FIGURE_MAX = 48 };

/* figure_age writes a duration in at most two units: "0.4s" "12s" "3m05s" "7h12m" "4d02h". A negative one is "0.0s". */
void figure_age(int64_t age_ms, char out[FIGURE_MAX]);

/* figure_percent writes "7.5%". */
void figure_percent(double percent, char out[FIGURE_MAX]);

/* figure_time writes a wall time in the local zone, with milliseconds: "2031-05-04 13:02:01.250". */
void figure_time(int64_t at_ms, char out[FIGURE_MAX]);

#endif

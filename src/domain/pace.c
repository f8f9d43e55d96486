/* pace.c -- the share of the wish that the target leaves room for, between the least rate and the one asked for. */
#include "domain/pace.h"

#include <math.h>

enum { BEATS_A_TIMEOUT = 3 };

static const double uhz_a_beat_per_ms = 1e9;
static const double aimed_share = 0.8;

static double least_of(double asked_uhz, int64_t timeout_ms)
{
    return fmin(asked_uhz, BEATS_A_TIMEOUT * uhz_a_beat_per_ms / (double)timeout_ms);
}

void pace_add(struct pace *fleet, int64_t asked_interval_ms, int64_t timeout_ms)
{
    double asked_uhz = uhz_a_beat_per_ms / (double)asked_interval_ms;
    fleet->asked_uhz += (int64_t)asked_uhz;
    fleet->least_uhz += (int64_t)least_of(asked_uhz, timeout_ms);
}

int64_t pace_interval_ms(const struct pace *fleet, int64_t target_per_s, int64_t asked_interval_ms, int64_t timeout_ms)
{
    double aimed_uhz = (double)target_per_s * 1e6 * aimed_share;
    double least_uhz = (double)fleet->least_uhz;
    double wish_uhz = (double)fleet->asked_uhz - least_uhz;
    if (target_per_s == 0 || wish_uhz <= aimed_uhz - least_uhz) {
        return asked_interval_ms;
    }
    double share = fmax((aimed_uhz - least_uhz) / wish_uhz, 0);
    double asked_uhz = uhz_a_beat_per_ms / (double)asked_interval_ms;
    double own_least_uhz = least_of(asked_uhz, timeout_ms);
    double paced_uhz = own_least_uhz + (asked_uhz - own_least_uhz) * share;
    return (int64_t)ceil(uhz_a_beat_per_ms / paced_uhz - 1e-6);
}

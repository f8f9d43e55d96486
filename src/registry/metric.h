/* metric.h -- the registry's own numbers, as alerts watch them. On the loop thread. */
#ifndef MUSTER_REGISTRY_METRIC_H
#define MUSTER_REGISTRY_METRIC_H

#include "domain/alert.h"

#include <stdint.h>

struct registry;
struct store_statistics;

struct metrics {
    int64_t heard_ms;       /* monotonic: when hearing last reached further */
    int64_t heard_until_ms; /* how far */
    struct alert_window dropped;
    struct alert_window refused;
    struct alert_window interruptions;
};

void metric_tick(struct registry *registry, int64_t now_ms);

/* metric_observe fills in every number that alerts may watch, NAN where it is not known. */
void metric_observe(struct registry *registry, const struct store_statistics *statistics,
                    double observed[ALERT_METRIC_COUNT]);

#endif

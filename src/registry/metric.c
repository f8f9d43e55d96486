/* metric.c -- the numbers that alerts are judged by: those of the fleet, and those of the registry itself. */
#include "registry/metric.h"

#include "base/clock.h"
#include "codec/topic.h"
#include "domain/hearing.h"
#include "registry/counters.h"
#include "registry/internal.h"
#include "registry/system.h"
#include "store/statistics.h"

#include <math.h>

/* How much each running total has grown in the last minute. */
static void observe_totals(struct registry *registry, int64_t now_ms, double observed[ALERT_METRIC_COUNT])
{
    struct metrics *metrics = &registry->metrics;
    const struct counters *counters = &registry->counters;
    uint64_t refused = 0;
    for (unsigned kind = 0; kind < TOPIC_KIND_COUNT; kind++) {
        for (unsigned code = CODE_OK + 1; code < CODE_COUNT; code++) {
            refused += counters->messages[kind][code];
        }
    }
    uint64_t dropped = registry->control.dropped + registry->pulse.dropped + counters->heartbeats_dropped;
    observed[ALERT_DROPPED_MESSAGES] = (double)alert_window_take(&metrics->dropped, dropped, now_ms);
    observed[ALERT_REFUSED_MESSAGES] = (double)alert_window_take(&metrics->refused, refused, now_ms);
    observed[ALERT_HEARING_INTERRUPTIONS] =
        (double)alert_window_take(&metrics->interruptions, counters->interruptions, now_ms);
}

/* Everything is counted from when this daemon became the active one. */
void metric_tick(struct registry *registry, int64_t now_ms)
{
    struct metrics *metrics = &registry->metrics;
    double unused[ALERT_METRIC_COUNT];
    if (!registry->active) {
        *metrics = (struct metrics){.heard_ms = now_ms};
        observe_totals(registry, now_ms, unused);
    } else if (!hearing_is_deaf(&registry->hearing) && registry->hearing.until_ms != metrics->heard_until_ms) {
        metrics->heard_until_ms = registry->hearing.until_ms;
        metrics->heard_ms = now_ms;
    }
}

static void observe_fleet(const struct store_statistics *statistics, double observed[ALERT_METRIC_COUNT])
{
    observed[ALERT_TOTAL_WORKERS] = (double)statistics->total_workers;
    observed[ALERT_ACTIVE_WORKERS] = (double)statistics->by_status[WORKER_ACTIVE];
    observed[ALERT_IDLE_WORKERS] = (double)statistics->by_status[WORKER_IDLE];
    observed[ALERT_BUSY_WORKERS] = (double)statistics->by_status[WORKER_BUSY];
    observed[ALERT_FAILED_WORKERS] = (double)statistics->by_status[WORKER_ERROR];
    observed[ALERT_MAINTENANCE_WORKERS] = (double)statistics->by_status[WORKER_MAINTENANCE];
    observed[ALERT_DRAINING_WORKERS] = (double)statistics->by_status[WORKER_DRAINING];
    observed[ALERT_UNHEALTHY_WORKERS] = (double)system_unhealthy_count(statistics);
    observed[ALERT_TOTAL_CAPACITY] = (double)statistics->total_capacity;
    observed[ALERT_USED_CAPACITY] = (double)statistics->used_capacity;
    observed[ALERT_AVAILABLE_CAPACITY] = (double)statistics->available_capacity;
    observed[ALERT_USED_CAPACITY_PERCENTAGE] = system_used_percentage(statistics);
    observed[ALERT_SYSTEM_HEALTH_PERCENTAGE] = system_health_percentage(statistics);
    observed[ALERT_OUTBOX_BEHIND_MS] = (double)statistics->outbox_behind_ms;
}

void metric_observe(struct registry *registry, const struct store_statistics *statistics,
                    double observed[ALERT_METRIC_COUNT])
{
    for (size_t i = 0; i < ALERT_METRIC_COUNT; i++) {
        observed[i] = NAN;
    }
    int64_t now_ms = clock_monotonic_ms();
    observed[ALERT_DEAF_MS] = (double)(now_ms - registry->metrics.heard_ms);
    observe_totals(registry, now_ms, observed);
    if (statistics != NULL) {
        observe_fleet(statistics, observed);
    }
}

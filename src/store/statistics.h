/* statistics.h -- the fleet in numbers. Called and answered as store.h says. */
#ifndef MUSTER_STORE_STATISTICS_H
#define MUSTER_STORE_STATISTICS_H

#include "base/text.h"
#include "domain/pace.h"
#include "store/store.h"
#include "store/worker.h"

/* The fleet as a whole; what it costs does not grow with the fleet. */
struct store_statistics {
    enum store_outcome outcome;
    int64_t total_workers;
    int64_t by_status[STORE_STATUSES];
    int64_t by_health[STORE_HEALTHS];
    int64_t total_capacity;
    int64_t used_capacity;
    int64_t available_capacity;
    struct pace pace;          /* how often the fleet wants to heartbeat */
    const struct text *listed; /* ids of UNHEALTHY and FAILED workers, 100 at most, sorted */
    size_t listed_count;
    int64_t outbox_behind_ms; /* how long the oldest event that is not published has waited */
    int64_t held_count;       /* workers that are held in RECOVERED for flapping */
    const struct text *held;  /* ids of some of them, 10 at most, sorted */
    size_t held_listed;
};

typedef void store_statistics_fn(void *context, const struct store_statistics *result);
void store_statistics(struct store *store, store_statistics_fn *done, void *context);

#endif

/* heartbeat.h -- a batch of heartbeats, gathered and then sent as one call. Called and answered as store.h says. */
#ifndef MUSTER_STORE_HEARTBEAT_H
#define MUSTER_STORE_HEARTBEAT_H

#include "domain/code.h"
#include "domain/worker.h"
#include "store/store.h"

/* store_heartbeat_add copies one, as often as wanted up to STORE_HEARTBEATS_MAX; then store_heartbeat_send. */
enum { STORE_HEARTBEATS_MAX = 200 };
struct store_heartbeat_answer {
    size_t index; /* in the batch */
    enum reply_code code;
    struct opt_int epoch;
    struct text revoked_jobs_json;
    struct opt_int heartbeat_interval_ms; /* as the worker asked for */
    struct opt_int heartbeat_timeout_ms;
};

struct store_heartbeats {
    enum store_outcome outcome;
    const struct store_heartbeat_answer *answers; /* of those that asked or were refused */
    size_t count;
    const size_t
        *others; /* indices of those that were no mere pulse of a worker that is HEALTHY, with nothing pending */
    size_t other_count;
};

typedef void store_heartbeats_fn(void *context, const struct store_heartbeats *result);
void store_heartbeat_add(struct store *store, const struct heartbeat *heartbeat, bool asked);
size_t store_heartbeat_count(const struct store *store);
void store_heartbeat_send(struct store *store, store_heartbeats_fn *done, void *context);

#endif

/* system.h -- statistics of the fleet, and the pace at which it heartbeats. On the loop thread. */
#ifndef MUSTER_REGISTRY_SYSTEM_H
#define MUSTER_REGISTRY_SYSTEM_H

#include "base/text.h"
#include "domain/pace.h"
#include "domain/worker.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct asker;
struct query;
struct registry;
struct store_statistics;

struct system {
    bool asking;
    int64_t sampled_ms; /* monotonic */
    struct pace pace;   /* of the sample, and of who has registered since */
    bool telling;
    int64_t told_ms; /* monotonic */
    json_t *told;    /* what the broker has; NULL: not known */
};

/* system_now_ms is Redis's time as long as it is known, else this machine's. */
int64_t system_now_ms(const struct registry *registry);
double system_health_percentage(const struct store_statistics *statistics);
double system_used_percentage(const struct store_statistics *statistics);
int64_t system_unhealthy_count(const struct store_statistics *statistics);
void system_ask(struct registry *registry, const struct query *query, struct asker *asker);
void system_read_back(struct registry *registry, json_t *document);

/* system_interval_ms is how often a worker is to heartbeat that asked for asked_ms, as the fleet is now. */
struct opt_int system_interval_ms(const struct registry *registry, struct opt_int asked_ms, struct opt_int timeout_ms);
void system_tick(struct registry *registry, int64_t now_ms);
void system_fini(struct registry *registry);

#endif

/* fleet.h -- simulated workers of known behaviour on one connection; everything that they do goes into the diary. */
#ifndef MUSTER_TESTS_E2E_CHAOS_FLEET_H
#define MUSTER_TESTS_E2E_CHAOS_FLEET_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fleet;

enum { FLEET_WORKERS = 42, FLEET_TIMEOUT_MS = 1500, FLEET_INTERVAL_MS = 300, FLEET_MERGE_MS = 500 };

/*
 * fleet_new makes the workers of a run; what is chance in their lives comes from the seed. They act in the first
 * active_ms; after that those that live only heartbeat. Silence is to be noticed merge_ms later than at the timeout.
 */
struct fleet *fleet_new(const char *broker_uri, unsigned seed, int64_t active_ms, int64_t merge_ms, json_t *diary);
void fleet_free(struct fleet *fleet);

/* fleet_step does what is due and takes in what has come, for at most wait_ms. */
void fleet_step(struct fleet *fleet, int wait_ms);

/* Of each worker: its id; and whether it is to be found in the registry once everything has calmed down. */
const char *fleet_id(const struct fleet *fleet, size_t worker);
bool fleet_is_there(const struct fleet *fleet, size_t worker);

/* fleet_is_settled: all that live are registered, and all that wanted to leave have left. */
bool fleet_is_settled(const struct fleet *fleet);

#endif

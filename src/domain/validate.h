/* validate.h -- is a decoded message within its ranges? The seed's words, in the seed's order. Pure. */
#ifndef MUSTER_DOMAIN_VALIDATE_H
#define MUSTER_DOMAIN_VALIDATE_H

#include "domain/code.h"
#include "domain/worker.h"

/* Limits that the configuration sets (registration.*, worker.*). */
struct validate_limits {
    int64_t max_concurrent_jobs;
    double min_load_factor;
    double max_load_factor;
    int64_t default_heartbeat_timeout_ms;
    int64_t min_heartbeat_timeout_ms;
    int64_t max_heartbeat_timeout_ms;
};

/* validate_registration adds every violation to out_violations. */
void validate_registration(const struct registration *registration, const struct validate_limits *limits,
                           struct violations *out_violations);

/* validate_heartbeat adds every violation: percentages 0-100, counts not negative. */
void validate_heartbeat(const struct heartbeat *heartbeat, struct violations *out_violations);

/* validate_state adds every violation: counts and percentages as in a heartbeat, times not negative, known words. */
void validate_state(const struct worker_state *state, struct violations *out_violations);

/* What the registry assigns to a worker. */
struct validate_timing {
    int64_t heartbeat_timeout_ms;
    int64_t heartbeat_interval_ms;
};

/*
 * validate_timing_of fills in what a valid registration left open: the timeout is the one given, else three of the
 * given intervals, else the default; the interval is the one given, else a third of the timeout.
 */
struct validate_timing validate_timing_of(const struct registration *registration,
                                          const struct validate_limits *limits);

#endif

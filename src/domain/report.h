/* report.h -- how well a worker is: the four checks over its record, in words, and its uptime. Pure; no I/O, no clock.
 */
#ifndef MUSTER_DOMAIN_REPORT_H
#define MUSTER_DOMAIN_REPORT_H

#include "base/err.h"
#include "domain/worker.h"

/* What the store knows of the worker. */
struct report_facts {
    enum worker_status status;
    enum worker_status declared; /* by its latest heartbeat; NONE: by none */
    enum worker_health health;
    bool alive;                /* its time is not up */
    struct text reason;        /* of its health, where it is not well */
    struct text contradiction; /* of its latest heartbeat */
    struct text left;          /* how it went, of one that is INACTIVE */
    int64_t now_ms;            /* of one that is INACTIVE: when it left */
    int64_t last_heartbeat_at_ms;
    int64_t heartbeat_timeout_ms;
    int64_t registered_at_ms;
    struct opt_int unhealthy_since_ms;
    int64_t unhealthy_ms; /* before that */
    int64_t jobs;
    int64_t max_jobs;
    int64_t available;
    int64_t consecutive_failures;
};

enum report_check_kind { REPORT_HEARTBEAT, REPORT_STATUS, REPORT_CAPACITY, REPORT_JOBS, REPORT_CHECK_COUNT };

enum { REPORT_WORDS_MAX = 160, REPORT_DESCRIPTION_MAX = 800 };

struct report_check {
    bool passed;
    char words[REPORT_WORDS_MAX];
};

struct report {
    bool healthy; /* registered, and HEALTHY or RECOVERED */
    double uptime_percent;
    double load_percent;
    struct report_check checks[REPORT_CHECK_COUNT];
    char description[REPORT_DESCRIPTION_MAX];
};

/* report_check_name returns "heartbeat" "status" "capacity" "jobs". */
const char *report_check_name(enum report_check_kind kind);

void report_make(const struct report_facts *facts, struct report *out);

/* report_uptime_percent returns how much of the time since registration the worker was HEALTHY or RECOVERED. */
double report_uptime_percent(const struct report_facts *facts);

#endif

/*
 * alert.h -- what is worth telling somebody at once: rules over numbers, judged over time. Pure; no clock, no I/O.
 */
#ifndef MUSTER_DOMAIN_ALERT_H
#define MUSTER_DOMAIN_ALERT_H

#include "base/buf.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

enum { ALERT_RULE_NAME_MAX = 64, ALERT_RULES_MAX = 64 };

/* What a rule may watch: name, unit, and what it is in words. */
#define ALERT_METRICS(X)                                                                                               \
    X(TOTAL_WORKERS, totalWorkers, COUNT, "workers")                                                                   \
    X(ACTIVE_WORKERS, activeWorkers, COUNT, "active workers")                                                          \
    X(IDLE_WORKERS, idleWorkers, COUNT, "idle workers")                                                                \
    X(BUSY_WORKERS, busyWorkers, COUNT, "busy workers")                                                                \
    X(FAILED_WORKERS, failedWorkers, COUNT, "failed workers")                                                          \
    X(MAINTENANCE_WORKERS, maintenanceWorkers, COUNT, "workers in maintenance")                                        \
    X(DRAINING_WORKERS, drainingWorkers, COUNT, "draining workers")                                                    \
    X(UNHEALTHY_WORKERS, unhealthyWorkerCount, COUNT, "unhealthy workers")                                             \
    X(TOTAL_CAPACITY, totalCapacity, COUNT, "total capacity")                                                          \
    X(USED_CAPACITY, usedCapacity, COUNT, "used capacity")                                                             \
    X(AVAILABLE_CAPACITY, availableCapacity, COUNT, "available capacity")                                              \
    X(USED_CAPACITY_PERCENTAGE, usedCapacityPercentage, PERCENT, "used capacity")                                      \
    X(SYSTEM_HEALTH_PERCENTAGE, systemHealthPercentage, PERCENT, "system health")                                      \
    X(DEAF_MS, deafMs, MS, "time for which the registry has heard nothing")                                            \
    X(OUTBOX_BEHIND_MS, outboxBehindMs, MS, "age of the oldest event that is not published")                           \
    X(DROPPED_MESSAGES, droppedMessages, COUNT, "messages dropped in the last minute")                                 \
    X(REFUSED_MESSAGES, refusedMessages, COUNT, "messages refused in the last minute")                                 \
    X(HEARING_INTERRUPTIONS, hearingInterruptions, COUNT, "interruptions of hearing in the last minute")
enum alert_metric {
#define X(metric, name, unit, words) ALERT_##metric,
    ALERT_METRICS(X)
#undef X
        ALERT_METRIC_COUNT
};
enum alert_unit { ALERT_COUNT, ALERT_PERCENT, ALERT_MS };
enum alert_op { ALERT_ABOVE, ALERT_AT_LEAST, ALERT_BELOW, ALERT_AT_MOST, ALERT_EQUAL, ALERT_DIFFERENT };
enum alert_severity { ALERT_OFF, ALERT_INFO, ALERT_WARNING, ALERT_CRITICAL };

/* The same as the configuration knows them, in the order of the enums, each after a "|". */
#define ALERT_CHOICE(metric, name, unit, words) "|" #name
#define ALERT_METRIC_CHOICES ALERT_METRICS(ALERT_CHOICE)
#define ALERT_OP_CHOICES "|>|>=|<|<=|==|!="
#define ALERT_SEVERITY_CHOICES "|off|info|warning|critical"

/* One rule. The enums are kept as the configuration keeps a choice. */
struct alert_rule {
    char name[ALERT_RULE_NAME_MAX + 1];
    int64_t metric; /* enum alert_metric; -1: not given yet */
    int64_t op;     /* enum alert_op */
    double value;   /* NAN: not given yet */
    int64_t for_ms;
    int64_t severity; /* enum alert_severity */
};

/* alert_defaults returns the rules that there are where the configuration says nothing, and how many. */
const struct alert_rule *alert_defaults(size_t *out_count);

/* alert_rule_name_valid: 1-64 of a-z 0-9 _ and the first a letter. alert_name_reserved: raised by the registry itself.
 */
bool alert_rule_name_valid(struct text name);
bool alert_name_reserved(struct text name);

/* Each returns its name on the wire, static. */
const char *alert_metric_name(enum alert_metric metric);
enum alert_unit alert_metric_unit(enum alert_metric metric);
const char *alert_op_name(enum alert_op op);
const char *alert_severity_name(enum alert_severity severity);

/* Where a rule stands. All zero: not raised. */
struct alert_state {
    bool raised;
    bool turning; /* what is observed contradicts raised */
    int64_t turning_since_ms;
};

enum alert_change { ALERT_UNCHANGED, ALERT_RAISED, ALERT_CLEARED };

/*
 * alert_judge takes in what is observed now (NAN: not known, which changes nothing and interrupts what was turning). A
 * rule is raised once it has held for for_ms, and cleared once it has not held for as long. With a change, out_held_ms
 * is how long ago it began.
 */
enum alert_change alert_judge(const struct alert_rule *rule, struct alert_state *state, double observed, int64_t now_ms,
                              int64_t *out_held_ms);

/* alert_describe appends what is so in words: "system health: 72.5 %, below 80 %, for 30 s". */
void alert_describe(struct buf *out, const struct alert_rule *rule, bool raised, double observed);

/* How much a running total has grown in the last minute. All zero: nothing known. */
enum { ALERT_WINDOW_SLOTS = 12, ALERT_WINDOW_SLOT_MS = 5000 };
struct alert_window {
    bool begun;
    uint64_t total;
    int64_t slot; /* number of the latest one */
    uint64_t growth[ALERT_WINDOW_SLOTS];
};

/* alert_window_take takes in the total as it is now and returns the growth; what was before the first call is none. */
uint64_t alert_window_take(struct alert_window *window, uint64_t total, int64_t now_ms);

#endif

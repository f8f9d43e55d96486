/* validate.c -- ranges of registrations and heartbeats. */
#include "domain/validate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INTERVALS_A_TIMEOUT = 3, FACTOR_TEXT_MAX = 32 };

static bool is_blank(struct text text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != ' ' && text.data[i] != '\t') {
            return false;
        }
    }
    return true;
}

struct validate_timing validate_timing_of(const struct registration *registration, const struct validate_limits *limits)
{
    struct validate_timing timing = {.heartbeat_timeout_ms = limits->default_heartbeat_timeout_ms};
    const struct opt_int *interval = &registration->heartbeat_interval_ms;
    if (registration->heartbeat_timeout_ms.set) {
        timing.heartbeat_timeout_ms = registration->heartbeat_timeout_ms.value;
    } else if (interval->set) {
        /* Asked for refused registrations too, whose interval may be any number. */
        int64_t longest_ms = limits->max_heartbeat_timeout_ms / INTERVALS_A_TIMEOUT;
        bool fits = interval->value > 0 && interval->value <= longest_ms;
        timing.heartbeat_timeout_ms = fits ? interval->value * INTERVALS_A_TIMEOUT : limits->max_heartbeat_timeout_ms;
    }
    timing.heartbeat_interval_ms = interval->set ? interval->value : timing.heartbeat_timeout_ms / INTERVALS_A_TIMEOUT;
    return timing;
}

static void validate_timeout(const struct registration *registration, const struct validate_limits *limits,
                             struct violations *violations)
{
    const struct opt_int *interval = &registration->heartbeat_interval_ms;
    const struct opt_int *timeout = &registration->heartbeat_timeout_ms;
    int64_t min_ms = limits->min_heartbeat_timeout_ms;
    int64_t max_ms = limits->max_heartbeat_timeout_ms;
    bool timeout_good = timeout->set && timeout->value >= min_ms && timeout->value <= max_ms;
    if (timeout->set && !timeout_good) {
        violations_add(violations, CODE_VALIDATION_FAILED,
                       "Heartbeat timeout must be between %" PRId64 " and %" PRId64
                       " ms (heartbeatTimeoutMs is %" PRId64 ")",
                       min_ms, max_ms, timeout->value);
    }
    if (!interval->set) {
        return;
    }
    int64_t interval_min_ms = timeout->set ? 1 : (min_ms + INTERVALS_A_TIMEOUT - 1) / INTERVALS_A_TIMEOUT;
    int64_t interval_max_ms = timeout_good ? timeout->value : timeout->set ? max_ms : max_ms / INTERVALS_A_TIMEOUT;
    if (interval->value < interval_min_ms || interval->value > interval_max_ms) {
        violations_add(violations, CODE_VALIDATION_FAILED,
                       "Heartbeat interval must be between %" PRId64 " and %" PRId64
                       " ms (heartbeatIntervalMs is %" PRId64 ")",
                       interval_min_ms, interval_max_ms, interval->value);
    }
}

/* One decimal as in the seed's words, as many as it takes where the limit has more. */
static const char *format_factor(double factor, char out[FACTOR_TEXT_MAX])
{
    (void)snprintf(out, FACTOR_TEXT_MAX, "%.1f", factor);
    if (strtod(out, NULL) != factor) {
        (void)snprintf(out, FACTOR_TEXT_MAX, "%g", factor);
    }
    return out;
}

static void validate_factor(double factor, const struct validate_limits *limits, struct violations *violations)
{
    char min[FACTOR_TEXT_MAX];
    char max[FACTOR_TEXT_MAX];
    if (!(factor >= limits->min_load_factor && factor <= limits->max_load_factor)) {
        violations_add(violations, CODE_VALIDATION_FAILED, "Worker load factor must be between %s and %s",
                       format_factor(limits->min_load_factor, min), format_factor(limits->max_load_factor, max));
    }
}

void validate_registration(const struct registration *registration, const struct validate_limits *limits,
                           struct violations *out_violations)
{
    const struct opt_int *jobs = &registration->max_concurrent_jobs;
    const struct opt_int *port = &registration->port;
    const struct opt_real *factor = &registration->worker_load_factor;
    if (is_blank(registration->worker_id) && !registration->refused.worker_id) {
        violations_add(out_violations, CODE_VALIDATION_FAILED, "Worker ID is required");
    }
    if (is_blank(registration->name) && !registration->refused.name) {
        violations_add(out_violations, CODE_VALIDATION_FAILED, "Worker name is required");
    }
    if (jobs->set ? jobs->value <= 0 : !registration->refused.max_concurrent_jobs) {
        violations_add(out_violations, CODE_VALIDATION_FAILED, "Max concurrent jobs must be positive");
    } else if (jobs->value > limits->max_concurrent_jobs) {
        violations_add(out_violations, CODE_VALIDATION_FAILED, "Max concurrent jobs cannot exceed %" PRId64,
                       limits->max_concurrent_jobs);
    }
    if (port->set && (port->value < 1 || port->value > 65535)) {
        violations_add(out_violations, CODE_VALIDATION_FAILED, "Port must be between 1 and 65535");
    }
    if (factor->set) {
        validate_factor(factor->value, limits, out_violations);
    }
    validate_timeout(registration, limits, out_violations);
}

static void validate_percent(const char *field, struct opt_real value, struct violations *violations)
{
    if (value.set && !(value.value >= 0 && value.value <= 100)) {
        violations_add(violations, CODE_VALIDATION_FAILED, "%s must be between 0 and 100 (is %.15g)", field,
                       value.value);
    }
}

static void validate_count(const char *field, struct opt_int value, struct violations *violations)
{
    if (value.set && (value.value < 0 || value.value > INT32_MAX)) {
        violations_add(violations, CODE_VALIDATION_FAILED, "%s must be between 0 and %" PRId32 " (is %" PRId64 ")",
                       field, INT32_MAX, value.value);
    }
}

void validate_heartbeat(const struct heartbeat *heartbeat, struct violations *out_violations)
{
    validate_count("currentJobCount", heartbeat->current_job_count, out_violations);
    validate_count("availableCapacity", heartbeat->available_capacity, out_violations);
    validate_percent("cpuUsage", heartbeat->cpu_usage, out_violations);
    validate_percent("memoryUsage", heartbeat->memory_usage, out_violations);
    validate_count("errorCount", heartbeat->error_count, out_violations);
}

static void validate_number(const char *field, struct opt_int value, int64_t min, struct violations *violations)
{
    if (value.set && value.value < min) {
        violations_add(violations, CODE_VALIDATION_FAILED, "%s must be at least %" PRId64 " (is %" PRId64 ")", field,
                       min, value.value);
    }
}

/* words are separated by blanks. */
static void validate_word(const char *field, struct text value, const char *words, struct violations *violations)
{
    const char *at = words;
    while (value.data != NULL && *at != '\0') {
        size_t len = strcspn(at, " ");
        if (text_equal(value, (struct text){at, len})) {
            return;
        }
        at += len + (at[len] == ' ');
    }
    if (value.data != NULL) {
        violations_add(violations, CODE_VALIDATION_FAILED, "%s must be one of %s (is \"%.*s\")", field, words,
                       TEXT_ARG(value));
    }
}

void validate_state(const struct worker_state *state, struct violations *out_violations)
{
    static const char contradictions[] = "status_inconsistent capacity_inconsistent jobs_inconsistent";
    static const char reasons[] = "heartbeat_timeout connection_lost status_inconsistent capacity_inconsistent "
                                  "jobs_inconsistent operator worker takeover";
    validate_count("currentJobCount", state->current_job_count, out_violations);
    validate_count("availableCapacity", state->available_capacity, out_violations);
    validate_percent("cpuUsage", state->cpu_usage, out_violations);
    validate_percent("memoryUsage", state->memory_usage, out_violations);
    validate_count("errorCount", state->error_count, out_violations);
    validate_count("consecutiveFailures", state->consecutive_failures, out_violations);
    validate_number("epoch", state->epoch, 1, out_violations);
    validate_number("revision", state->revision, 0, out_violations);
    validate_number("registeredAt", state->registered_at_ms, 0, out_violations);
    validate_number("lastHeartbeatAt", state->last_heartbeat_at_ms, 0, out_violations);
    validate_number("heartbeats", state->heartbeats, 0, out_violations);
    validate_number("unhealthySince", state->unhealthy_since_ms, 0, out_violations);
    validate_number("unhealthyMs", state->unhealthy_ms, 0, out_violations);
    validate_number("lastErrorAt", state->last_error_at_ms, 0, out_violations);
    validate_word("reason", state->reason, reasons, out_violations);
    validate_word("contradiction", state->contradiction, contradictions, out_violations);
    validate_word("draining", state->draining, "worker operator", out_violations);
    validate_word("maintained", state->maintained, "1", out_violations);
    validate_word("left", state->left, "deregistered drained cleaned_up", out_violations);
}

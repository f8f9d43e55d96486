/* report.c -- the four checks and what they come to, worded. */
#include "domain/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

const char *report_check_name(enum report_check_kind kind)
{
    static const char *const names[REPORT_CHECK_COUNT] = {"heartbeat", "status", "capacity", "jobs"};
    return names[kind];
}

static int64_t at_least_zero(int64_t value)
{
    return value > 0 ? value : 0;
}

double report_uptime_percent(const struct report_facts *facts)
{
    int64_t lifetime_ms = facts->now_ms - facts->registered_at_ms;
    int64_t down_ms = facts->unhealthy_ms;
    if (facts->unhealthy_since_ms.set) {
        down_ms += at_least_zero(facts->now_ms - facts->unhealthy_since_ms.value);
    }
    if (lifetime_ms <= 0) {
        return down_ms > 0 ? 0 : 100;
    }
    return 100.0 * (double)at_least_zero(lifetime_ms - down_ms) / (double)lifetime_ms;
}

static void PRINTF_LIKE(3, 4) word(struct report_check *check, bool passed, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(check->words, sizeof check->words, format, args);
    va_end(args);
    check->passed = passed;
}

static void check_heartbeat(const struct report_facts *facts, struct report_check *out)
{
    int64_t silent_ms = at_least_zero(facts->now_ms - facts->last_heartbeat_at_ms);
    if (facts->alive) {
        word(out, true, "last heartbeat %" PRId64 " ms ago, timeout %" PRId64 " ms", silent_ms,
             facts->heartbeat_timeout_ms);
    } else if (text_is(facts->reason, "connection_lost")) {
        word(out, false, "connection lost, last heartbeat %" PRId64 " ms ago", silent_ms);
    } else {
        word(out, false, "no heartbeat for %" PRId64 " ms, timeout %" PRId64 " ms", silent_ms,
             facts->heartbeat_timeout_ms);
    }
}

static void check_status(const struct report_facts *facts, struct report_check *out)
{
    if (facts->declared == WORKER_ERROR) {
        word(out, false, "the worker declares ERROR");
    } else if (facts->declared == WORKER_IDLE && facts->jobs > 0) {
        word(out, false, "the worker declares IDLE with %" PRId64 " jobs", facts->jobs);
    } else if (facts->declared == WORKER_STATUS_NONE) {
        word(out, true, "the worker has declared nothing");
    } else {
        word(out, true, "the worker declares %s", worker_status_name(facts->declared));
    }
}

static void check_capacity(const struct report_facts *facts, struct report_check *out)
{
    if (facts->jobs > facts->max_jobs) {
        word(out, false, "%" PRId64 " jobs are more than the maximum of %" PRId64, facts->jobs, facts->max_jobs);
    } else if (facts->available != facts->max_jobs - facts->jobs) {
        word(out, false, "%" PRId64 " are said to be free, %" PRId64 " - %" PRId64 " are", facts->available,
             facts->max_jobs, facts->jobs);
    } else {
        word(out, true, "%" PRId64 " of %" PRId64 " jobs, %" PRId64 " free", facts->jobs, facts->max_jobs,
             facts->available);
    }
}

static void check_jobs(const struct report_facts *facts, struct report_check *out)
{
    if (text_is(facts->contradiction, "jobs_inconsistent")) {
        word(out, false, "the jobs named differ from their number, or one is held twice");
    } else {
        word(out, true, "no job is held twice");
    }
}

/* Where in out the next words go; beyond the end nothing does. */
struct wording {
    char *out;
    size_t size;
    size_t used;
};

static void PRINTF_LIKE(2, 3) add(struct wording *wording, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(wording->out + wording->used, wording->size - wording->used, format, args);
    va_end(args);
    size_t rest = wording->size - wording->used - 1;
    wording->used += len > 0 ? ((size_t)len < rest ? (size_t)len : rest) : 0;
}

static void add_failed_checks(struct wording *wording, const struct report *report)
{
    const char *before = ": ";
    for (size_t i = 0; i < REPORT_CHECK_COUNT; i++) {
        if (!report->checks[i].passed) {
            add(wording, "%s%s", before, report->checks[i].words);
            before = "; ";
        }
    }
}

static void describe(const struct report_facts *facts, struct report *report)
{
    struct wording wording = {.out = report->description, .size = sizeof report->description};
    const char *plural = facts->consecutive_failures == 1 ? "" : "s";
    if (facts->status == WORKER_INACTIVE) {
        add(&wording, "Worker has left (%.*s)", TEXT_ARG(facts->left));
        return;
    }
    switch (facts->health) {
    case HEALTH_UNHEALTHY:
        add(&wording, "Worker is unhealthy (%.*s, %" PRId64 " failure%s)", TEXT_ARG(facts->reason),
            facts->consecutive_failures, plural);
        break;
    case HEALTH_FAILED:
        add(&wording, "Worker has failed (%.*s, %" PRId64 " failure%s)", TEXT_ARG(facts->reason),
            facts->consecutive_failures, plural);
        break;
    case HEALTH_RECOVERED:
        add(&wording, "Worker has recovered");
        break;
    default:
        add(&wording, "Worker is healthy");
        break;
    }
    add_failed_checks(&wording, report);
}

void report_make(const struct report_facts *facts, struct report *out)
{
    *out = (struct report){.uptime_percent = report_uptime_percent(facts)};
    out->healthy =
        facts->status != WORKER_INACTIVE && (facts->health == HEALTH_HEALTHY || facts->health == HEALTH_RECOVERED);
    out->load_percent = facts->max_jobs > 0 ? 100.0 * (double)facts->jobs / (double)facts->max_jobs : 0;
    check_heartbeat(facts, &out->checks[REPORT_HEARTBEAT]);
    check_status(facts, &out->checks[REPORT_STATUS]);
    check_capacity(facts, &out->checks[REPORT_CAPACITY]);
    check_jobs(facts, &out->checks[REPORT_JOBS]);
    describe(facts, out);
}

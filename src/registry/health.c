/* health.c -- how well a worker is, and how well they all are. */
#include "registry/health.h"

#include "codec/document.h"
#include "domain/report.h"
#include "registry/asker.h"
#include "registry/intake.h"
#include "registry/internal.h"
#include "store/query.h"
#include "store/worker.h"

enum { UNWELL_LISTED_MAX = 100 };

static int64_t int_of(const struct store_worker *worker, const char *field)
{
    return store_worker_int(worker, field).value;
}

static struct report_facts facts_of(const struct store_health *health)
{
    const struct store_worker *worker = &health->worker;
    struct report_facts facts = {
        .status = worker_status_of(store_worker_field(worker, "status")),
        .declared = worker_status_of(store_worker_field(worker, "declared")),
        .health = worker_health_of(store_worker_field(worker, "health")),
        .reason = store_worker_field(worker, "reason"),
        .contradiction = store_worker_field(worker, "contradiction"),
        .left = store_worker_field(worker, "left"),
        .alive = health->alive_ms.set,
        .now_ms = health->now_ms,
        .last_heartbeat_at_ms = int_of(worker, "lastHeartbeatAt"),
        .heartbeat_timeout_ms = int_of(worker, "heartbeatTimeoutMs"),
        .registered_at_ms = int_of(worker, "registeredAt"),
        .unhealthy_since_ms = store_worker_int(worker, "unhealthySince"),
        .unhealthy_ms = int_of(worker, "unhealthyMs"),
        .jobs = int_of(worker, "currentJobCount"),
        .max_jobs = int_of(worker, "maxConcurrentJobs"),
        .available = int_of(worker, "availableCapacity"),
        .consecutive_failures = int_of(worker, "consecutiveFailures"),
    };
    if (facts.status == WORKER_INACTIVE) {
        facts.now_ms = int_of(worker, "updatedAt");
    }
    return facts;
}

static json_t *text_node(struct text text)
{
    return text.len > 0 ? json_stringn(text.data, text.len) : NULL;
}

static json_t *int_node(struct opt_int number)
{
    return number.set ? json_integer(number.value) : NULL;
}

static json_t *checks_node(const struct report *report)
{
    json_t *checks = json_object();
    for (unsigned kind = 0; kind < REPORT_CHECK_COUNT; kind++) {
        const struct report_check *check = &report->checks[kind];
        (void)json_object_set_new(checks, report_check_name(kind),
                                  json_pack("{s:b, s:s}", "passed", check->passed, "description", check->words));
    }
    return checks;
}

/* The figures of the status document, whatever is known of them, and those that only the report has. */
static json_t *metrics_node(const struct report *report, const struct store_worker *worker)
{
    static const char *const figures[] = {"cpuUsage", "memoryUsage", "errorCount", "consecutiveFailures"};
    json_t *document = status_document(worker->id, worker->fields, worker->count);
    json_t *metrics =
        json_pack("{s:f, s:f}", "uptimePercentage", report->uptime_percent, "loadPercentage", report->load_percent);
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        json_t *figure = json_object_get(document, figures[i]);
        if (figure != NULL) {
            (void)json_object_set(metrics, figures[i], figure);
        }
    }
    (void)json_object_set_new(metrics, "heartbeats", json_integer(int_of(worker, "heartbeats")));
    json_decref(document);
    return metrics;
}

/* When time will do something to the worker, if it goes on like this. */
static json_t *next_step_node(const struct store_health *health, enum worker_health state)
{
    struct opt_int left = health->alive_ms;
    if (state == HEALTH_UNHEALTHY) {
        left = health->recheck_ms;
    } else if (state == HEALTH_FAILED) {
        left = health->cleanup_ms;
    }
    return left.set ? json_integer(health->now_ms + left.value) : NULL;
}

static void answer(struct asker *asker, const struct store_health *health)
{
    const struct store_worker *worker = &health->worker;
    const struct report_facts facts = facts_of(health);
    struct report report;
    report_make(&facts, &report);
    const struct extra extras[] = {
        {"healthy", json_boolean(report.healthy)},
        {"description", json_string(report.description)},
        {"status", text_node(store_worker_field(worker, "status"))},
        {"health", text_node(store_worker_field(worker, "health"))},
        {"reason", text_node(facts.reason)},
        {"checks", checks_node(&report)},
        {"metrics", metrics_node(&report, worker)},
        {"registeredAt", int_node(store_worker_int(worker, "registeredAt"))},
        {"lastHeartbeat", int_node(store_worker_int(worker, "lastHeartbeatAt"))},
        {"lastError", text_node(store_worker_field(worker, "lastError"))},
        {"lastErrorTime", int_node(store_worker_int(worker, "lastErrorAt"))},
        {"nextStepAt", next_step_node(health, facts.health)},
    };
    const struct reply reply = {.code = CODE_OK, .epoch = store_worker_int(worker, "epoch")};
    asker_reply_with(asker, &reply, extras, sizeof extras / sizeof extras[0]);
}

static void on_health(void *context, const struct store_health *health)
{
    struct asker *asker = context;
    intake_call_done(asker->registry);
    if (health->outcome != STORE_DONE) {
        asker_refuse_for(asker, asker_code_of_outcome(health->outcome), "The registry cannot reach its store");
    } else if (health->worker.count == 0) {
        asker_refuse_for(asker, CODE_NOT_FOUND, "Worker not registered");
    } else {
        answer(asker, health);
    }
}

void health_ask(struct registry *registry, const struct query *query, struct asker *asker)
{
    store_health(registry->store, query->worker_id, on_health, asker);
}

static json_t *by_health_node(const struct store_summary *summary)
{
    json_t *counts = json_object();
    for (unsigned health = HEALTH_HEALTHY; health <= HEALTH_FAILED; health++) {
        (void)json_object_set_new(counts, worker_health_name(health), json_integer(summary->by_health[health]));
    }
    return counts;
}

static json_t *by_status_node(const struct store_summary *summary)
{
    json_t *counts = json_object();
    for (unsigned status = WORKER_ACTIVE; status < WORKER_INACTIVE; status++) {
        (void)json_object_set_new(counts, worker_status_name(status), json_integer(summary->by_status[status]));
    }
    return counts;
}

static json_t *unwell_node(const struct store_summary *summary)
{
    json_t *list = json_array();
    for (size_t i = 0; i < summary->unwell_count; i++) {
        const struct store_worker *worker = &summary->unwell[i];
        (void)json_array_append_new(list, status_document(worker->id, worker->fields, worker->count));
    }
    return list;
}

static void on_summary(void *context, const struct store_summary *summary)
{
    struct asker *asker = context;
    intake_call_done(asker->registry);
    if (summary->outcome != STORE_DONE) {
        asker_refuse_for(asker, asker_code_of_outcome(summary->outcome), "The registry cannot reach its store");
        return;
    }
    int64_t unwell = summary->by_health[HEALTH_UNHEALTHY] + summary->by_health[HEALTH_FAILED];
    const struct extra extras[] = {
        {"totalWorkers", json_integer(summary->total)}, {"byHealth", by_health_node(summary)},
        {"byStatus", by_status_node(summary)},          {"workers", unwell_node(summary)},
        {"unhealthyWorkerCount", json_integer(unwell)}, {"timestamp", json_integer(summary->now_ms)},
    };
    asker_reply_with(asker, &(struct reply){.code = CODE_OK}, extras, sizeof extras / sizeof extras[0]);
}

void health_ask_summary(struct registry *registry, const struct query *query, struct asker *asker)
{
    (void)query;
    store_summary(registry->store, UNWELL_LISTED_MAX, on_summary, asker);
}

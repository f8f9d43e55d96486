/* system.c -- the statistics of the whole fleet: taken every now and then, told where they changed, judged by alerts.
 */
#include "registry/system.h"

#include "base/clock.h"
#include "codec/document.h"
#include "domain/pace.h"
#include "registry/alert.h"
#include "registry/announce.h"
#include "registry/asker.h"
#include "registry/flap.h"
#include "registry/intake.h"
#include "registry/internal.h"
#include "store/statistics.h"

enum { SAMPLE_MAX_MS = 1000, MEMBERS_MAX = 16 };

int64_t system_now_ms(const struct registry *registry)
{
    const struct timebase *clock = store_clock(registry->store);
    return clock->known ? timebase_remote_ms(clock, clock_monotonic_ms()) : clock_wall_ms();
}

double system_health_percentage(const struct store_statistics *statistics)
{
    int64_t total = statistics->total_workers;
    int64_t failed = statistics->by_status[WORKER_ERROR];
    return total > 0 ? (double)(total - failed) / (double)total * 100 : 100;
}

double system_used_percentage(const struct store_statistics *statistics)
{
    int64_t total = statistics->total_capacity;
    return total > 0 ? (double)statistics->used_capacity / (double)total * 100 : 0;
}

int64_t system_unhealthy_count(const struct store_statistics *statistics)
{
    return statistics->by_health[HEALTH_UNHEALTHY] + statistics->by_health[HEALTH_FAILED];
}

static json_t *document_of(const struct store_statistics *statistics, int64_t now_ms)
{
    json_t *listed = json_array();
    for (size_t i = 0; i < statistics->listed_count; i++) {
        struct text id = statistics->listed[i];
        (void)json_array_append_new(listed, json_stringn(id.data, id.len));
    }
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:o, s:I, s:I}", "totalWorkers",
                     (json_int_t)statistics->total_workers, "activeWorkers",
                     (json_int_t)statistics->by_status[WORKER_ACTIVE], "idleWorkers",
                     (json_int_t)statistics->by_status[WORKER_IDLE], "busyWorkers",
                     (json_int_t)statistics->by_status[WORKER_BUSY], "failedWorkers",
                     (json_int_t)statistics->by_status[WORKER_ERROR], "maintenanceWorkers",
                     (json_int_t)statistics->by_status[WORKER_MAINTENANCE], "drainingWorkers",
                     (json_int_t)statistics->by_status[WORKER_DRAINING], "totalCapacity",
                     (json_int_t)statistics->total_capacity, "usedCapacity", (json_int_t)statistics->used_capacity,
                     "availableCapacity", (json_int_t)statistics->available_capacity, "systemHealthPercentage",
                     system_health_percentage(statistics), "unhealthyWorkers", listed, "unhealthyWorkerCount",
                     (json_int_t)system_unhealthy_count(statistics), "timestamp", (json_int_t)now_ms);
}

struct opt_int system_interval_ms(const struct registry *registry, struct opt_int asked_ms, struct opt_int timeout_ms)
{
    if (asked_ms.set && timeout_ms.set) {
        asked_ms.value = pace_interval_ms(&registry->system.pace, registry->config.worker.target_heartbeats_per_s,
                                          asked_ms.value, timeout_ms.value);
    }
    return asked_ms;
}

/* ------------------------------------------------------------------------------------------------ the verb */

static void on_asked(void *context, const struct store_statistics *statistics)
{
    struct asker *asker = context;
    intake_call_done(asker->registry);
    if (statistics->outcome != STORE_DONE) {
        asker_refuse_for(asker, asker_code_of_outcome(statistics->outcome), "The registry cannot reach its store");
        return;
    }
    json_t *document = document_of(statistics, system_now_ms(asker->registry));
    struct extra extras[MEMBERS_MAX];
    size_t count = 0;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(document, name, value)
    {
        if (count < MEMBERS_MAX) {
            extras[count++] = (struct extra){name, json_incref(value)};
        }
    }
    asker_reply_with(asker, &(struct reply){.code = CODE_OK}, extras, count);
    json_decref(document);
}

void system_ask(struct registry *registry, const struct query *query, struct asker *asker)
{
    (void)query;
    store_statistics(registry->store, on_asked, asker);
}

/* ----------------------------------------------------------------------------------------------- the topic */

static void forget_told(struct system *system)
{
    json_decref(system->told);
    system->told = NULL;
}

static bool same_but_for_time(json_t *told, const json_t *document)
{
    if (told != NULL) {
        (void)json_object_set(told, "timestamp", json_object_get(document, "timestamp"));
    }
    return json_equal(told, document);
}

/* Whether the broker has it is not known: it is told anew. */
static void on_told(void *context, bool told)
{
    struct registry *registry = context;
    registry->system.telling = false;
    if (!told) {
        forget_told(&registry->system);
    }
}

static void tell(struct registry *registry, json_t *document)
{
    struct system *system = &registry->system;
    int64_t now_ms = clock_monotonic_ms();
    bool is_due = system->told == NULL || now_ms - system->told_ms >= registry->config.publish.system_interval_ms;
    if (!registry->retained.known || system->telling || !is_due || same_but_for_time(system->told, document)) {
        return;
    }
    forget_told(system);
    system->told = json_incref(document);
    system->told_ms = now_ms;
    system->telling = true;
    announce(registry, &(struct announcement){.below = "system", .document = document, .retained = true}, on_told,
             registry);
}

void system_read_back(struct registry *registry, json_t *document)
{
    forget_told(&registry->system);
    registry->system.told = json_incref(document);
}

static void on_sample(void *context, const struct store_statistics *statistics)
{
    struct registry *registry = context;
    registry->system.asking = false;
    if (!registry->active) {
        return;
    }
    bool is_known = statistics->outcome == STORE_DONE;
    alert_judge_all(registry, is_known ? statistics : NULL);
    flap_judge(registry, statistics);
    if (is_known) {
        registry->system.pace = statistics->pace;
        json_t *document = document_of(statistics, system_now_ms(registry));
        tell(registry, document);
        json_decref(document);
    }
}

void system_tick(struct registry *registry, int64_t now_ms)
{
    struct system *system = &registry->system;
    int64_t every_ms = registry->config.publish.system_interval_ms;
    every_ms = every_ms < SAMPLE_MAX_MS ? every_ms : SAMPLE_MAX_MS;
    if (!registry->control.subscribed) {
        forget_told(system);
    }
    if (!registry->active || registry->stopping || now_ms - system->sampled_ms < every_ms) {
        return;
    }
    system->sampled_ms = now_ms;
    if (system->asking) {
        /* The registry's own troubles are not to wait for a Redis that does not answer. */
        alert_judge_all(registry, NULL);
        return;
    }
    system->asking = true;
    store_statistics(registry->store, on_sample, registry);
}

void system_fini(struct registry *registry)
{
    forget_told(&registry->system);
}

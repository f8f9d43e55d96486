/* statistics.c -- how the fleet is as a whole, without looking at each worker. */
#include "store/statistics.h"

#include "store/internal.h"
#include "store/worker.h"

static const struct field *take_totals(struct scratch *scratch, const redisReply *totals, size_t *out_count)
{
    scratch_reset(scratch);
    size_t begin = scratch_fields(scratch, totals);
    *out_count = scratch->field_count - begin;
    return scratch->fields;
}

static void fill_totals(struct store_statistics *statistics, const struct store_worker *totals)
{
    const struct {
        const char *name;
        int64_t *place;
    } fields[] = {
        {"totalWorkers", &statistics->total_workers},
        {"activeWorkers", &statistics->by_status[WORKER_ACTIVE]},
        {"idleWorkers", &statistics->by_status[WORKER_IDLE]},
        {"busyWorkers", &statistics->by_status[WORKER_BUSY]},
        {"failedWorkers", &statistics->by_status[WORKER_ERROR]},
        {"maintenanceWorkers", &statistics->by_status[WORKER_MAINTENANCE]},
        {"drainingWorkers", &statistics->by_status[WORKER_DRAINING]},
        {"totalCapacity", &statistics->total_capacity},
        {"usedCapacity", &statistics->used_capacity},
        {"availableCapacity", &statistics->available_capacity},
        {"askedMicrohertz", &statistics->pace.asked_uhz},
        {"leastMicrohertz", &statistics->pace.least_uhz},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        *fields[i].place = store_worker_int(totals, fields[i].name).value;
    }
}

static void take_held(struct store_statistics *statistics, struct scratch *scratch, const redisReply *held)
{
    const redisReply *ids = reply_at(held, 1);
    struct text *list = scratch_more_items(scratch, reply_count(ids), sizeof *list);
    for (size_t i = 0; list != NULL && i < reply_count(ids); i++) {
        list[statistics->held_listed++] = reply_text(ids->element[i]);
    }
    statistics->held = list;
    statistics->held_count = reply_int(reply_at(held, 0));
}

static void parse_statistics(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct store_statistics statistics = {.outcome = outcome};
    struct scratch *scratch = &call->store->scratch;
    const redisReply *sizes = reply_at(result, 1);
    const redisReply *ids = reply_at(result, 2);
    struct store_worker totals = {0};
    totals.fields = take_totals(scratch, reply_at(result, 0), &totals.count);
    fill_totals(&statistics, &totals);
    for (size_t i = 0; i < reply_count(sizes) && HEALTH_HEALTHY + i < STORE_HEALTHS; i++) {
        statistics.by_health[HEALTH_HEALTHY + i] = reply_int(sizes->element[i]);
    }
    struct text *unhealthy = scratch_items(scratch, reply_count(ids), sizeof *unhealthy);
    for (size_t i = 0; unhealthy != NULL && i < reply_count(ids); i++) {
        unhealthy[statistics.listed_count++] = reply_text(ids->element[i]);
    }
    statistics.listed = unhealthy;
    statistics.outbox_behind_ms = reply_int(reply_at(result, 3));
    take_held(&statistics, scratch, reply_at(result, 4));
    call->callback.statistics(call->context, &statistics);
}

void store_statistics(struct store *store, store_statistics_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "statistics", STORE_READS);
    store_send(store, args, parse_statistics, (union store_callback){.statistics = done}, context);
}

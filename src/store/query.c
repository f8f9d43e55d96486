/* query.c -- reading workers: by id, all of them, and how well they are. */
#include "store/query.h"

#include "store/internal.h"
#include "store/worker.h"

static void parse_workers(struct call *call, enum store_outcome outcome, struct text next, const redisReply *list)
{
    struct store_page page = {.outcome = outcome};
    scratch_reset(&call->store->scratch);
    page.workers = scratch_workers(&call->store->scratch, list);
    if (outcome == STORE_DONE && page.workers == NULL) {
        page.outcome = STORE_UNAVAILABLE;
    } else if (outcome == STORE_DONE) {
        page.next = next.len > 0 ? next : (struct text){0};
        page.count = reply_count(list);
    }
    call->callback.page(call->context, &page);
}

void query_parse_page(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    parse_workers(call, outcome, reply_text(reply_at(result, 0)), reply_at(result, 1));
}

static void parse_read(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    parse_workers(call, outcome, (struct text){0}, result);
}

void store_read(struct store *store, struct text id, store_page_fn *done, void *context)
{
    store_read_many(store, &id, 1, done, context);
}

static void read_ids(struct store *store, const char *function, const struct text *ids, size_t count,
                     store_page_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, function, STORE_READS);
    for (size_t i = 0; i < count; i++) {
        args_text(args, ids[i]);
    }
    store_send(store, args, parse_read, (union store_callback){.page = done}, context);
}

void store_read_many(struct store *store, const struct text *ids, size_t count, store_page_fn *done, void *context)
{
    read_ids(store, "read", ids, count, done, context);
}

void store_read_gone(struct store *store, const struct text *ids, size_t count, store_page_fn *done, void *context)
{
    read_ids(store, "read_gone", ids, count, done, context);
}

void store_recent(struct store *store, struct text place, int64_t age_ms, size_t most, store_page_fn *done,
                  void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "recent", STORE_READS);
    args_text(args, place);
    args_int(args, age_ms);
    args_int(args, (int64_t)most);
    store_send(store, args, query_parse_page, (union store_callback){.page = done}, context);
}

void store_export(struct store *store, struct text place, size_t most, store_page_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "export", STORE_READS);
    args_text(args, place);
    args_int(args, (int64_t)most);
    store_send(store, args, query_parse_page, (union store_callback){.page = done}, context);
}

/* A key that is not there has a negative time. */
static struct opt_int left_of(const redisReply *times, size_t index)
{
    struct opt_int left = reply_opt_int(reply_at(times, index));
    return left.value >= 0 ? left : (struct opt_int){0};
}

static void parse_health(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct store_health health = {.outcome = outcome};
    struct scratch *scratch = &call->store->scratch;
    if (outcome == STORE_DONE) {
        scratch_reset(scratch);
        (void)scratch_fields(scratch, reply_at(result, 1));
        (void)scratch_fields(scratch, reply_at(result, 2));
        health.worker = (struct store_worker){
            .id = reply_text(reply_at(result, 0)), .fields = scratch->fields, .count = scratch->field_count};
        health.alive_ms = left_of(reply_at(result, 3), 0);
        health.recheck_ms = left_of(reply_at(result, 3), 1);
        health.cleanup_ms = left_of(reply_at(result, 3), 2);
        health.now_ms = reply_int(reply_at(result, 4));
    }
    call->callback.health(call->context, &health);
}

void store_health(struct store *store, struct text id, store_health_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "health", STORE_READS);
    args_text(args, id);
    store_send(store, args, parse_health, (union store_callback){.health = done}, context);
}

/* The counts come in the order of by_health, by_status: as many as there are of each that a live worker can have. */
static void parse_summary(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct store_summary summary = {.outcome = outcome};
    const redisReply *counts = reply_at(result, 1);
    const redisReply *unwell = reply_at(result, 2);
    scratch_reset(&call->store->scratch);
    summary.unwell = scratch_workers(&call->store->scratch, unwell);
    if (outcome == STORE_DONE && summary.unwell == NULL) {
        summary.outcome = STORE_UNAVAILABLE;
    } else if (outcome == STORE_DONE) {
        size_t at = 0;
        summary.now_ms = reply_int(reply_at(result, 0));
        summary.total = reply_int(reply_at(counts, at++));
        for (int health = HEALTH_HEALTHY; health <= HEALTH_FAILED; health++) {
            summary.by_health[health] = reply_int(reply_at(counts, at++));
        }
        for (int status = WORKER_ACTIVE; status < WORKER_INACTIVE; status++) {
            summary.by_status[status] = reply_int(reply_at(counts, at++));
        }
        summary.unwell_count = reply_count(unwell);
    }
    call->callback.summary(call->context, &summary);
}

void store_summary(struct store *store, size_t most, store_summary_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "summary", STORE_READS);
    args_int(args, (int64_t)most);
    store_send(store, args, parse_summary, (union store_callback){.summary = done}, context);
}

/* heartbeat.c -- heartbeats, as one call for many. */
#include "store/heartbeat.h"

#include "codec/items.h"
#include "codec/number.h"
#include "store/internal.h"

/* What few heartbeats tell is one item: false where this one tells nothing of it. */
static void add_rest(struct buf *items, const struct heartbeat *heartbeat, bool asked)
{
    if (heartbeat->message.len == 0 && !heartbeat->jobs_given && !heartbeat->jobs_contradict && !asked) {
        items_false(items);
        return;
    }
    struct buf jobs = {0};
    if (heartbeat->jobs_given) {
        worker_append_jobs(&jobs, heartbeat->jobs);
    }
    items_list(items, 4);
    items_text(items, heartbeat->message);
    items_text(items, buf_text(&jobs));
    items_text(items, text_of(heartbeat->jobs_contradict ? "1" : ""));
    items_text(items, text_of(asked ? "1" : ""));
    items->failed = items->failed || jobs.failed;
    buf_fini(&jobs);
}

static void append_opt_int(struct buf *out, struct opt_int value)
{
    char room[NUMBER_TEXT_MAX];
    if (value.set) {
        buf_append_text(out, number_of_int(value.value, room));
    }
}

static void add_joined(struct store *store)
{
    items_text(&store->heartbeats, buf_text(&store->joined));
    store->heartbeats.failed = store->heartbeats.failed || store->joined.failed;
}

/* Connection, epoch and boot are one item, as the store keeps them of a steady worker: compared in one step. */
static void add_identity(struct store *store, const struct heartbeat *heartbeat)
{
    struct buf *joined = &store->joined;
    buf_clear(joined);
    append_opt_int(joined, heartbeat->connection);
    buf_append(joined, " ", 1);
    append_opt_int(joined, heartbeat->epoch);
    buf_append(joined, " ", 1);
    buf_append_text(joined, heartbeat->boot_id);
    buf_append(joined, "\n", 1);
    add_joined(store);
}

/* So is what most heartbeats say alike. */
static void add_says(struct store *store, const struct heartbeat *heartbeat)
{
    struct buf *joined = &store->joined;
    buf_clear(joined);
    buf_append_string(joined, worker_status_name(heartbeat->status));
    buf_append(joined, " ", 1);
    append_opt_int(joined, heartbeat->current_job_count);
    buf_append(joined, " ", 1);
    append_opt_int(joined, heartbeat->available_capacity);
    buf_append(joined, " ", 1);
    append_opt_int(joined, heartbeat->error_count);
    add_joined(store);
}

void store_heartbeat_add(struct store *store, const struct heartbeat *heartbeat, bool asked)
{
    struct buf *items = &store->heartbeats;
    if (store->heartbeat_count++ == 0) {
        buf_clear(items);
    }
    items_text(items, heartbeat->worker_id);
    add_identity(store, heartbeat);
    add_says(store, heartbeat);
    items_opt_real(items, heartbeat->cpu_usage);
    items_opt_real(items, heartbeat->memory_usage);
    items_opt_int(items, heartbeat->seq);
    items_opt_int(items, heartbeat->sent_at_ms);
    add_rest(items, heartbeat, asked);
}

size_t store_heartbeat_count(const struct store *store)
{
    return store->heartbeat_count;
}

static void parse_heartbeats(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    enum { ANSWER_ELEMENTS = 6 };
    struct store_heartbeats heartbeats = {.outcome = outcome};
    const redisReply *told = reply_at(result, 0);
    const redisReply *others = reply_at(result, 1);
    size_t count = reply_count(told) / ANSWER_ELEMENTS;
    struct store_heartbeat_answer *answers = scratch_items(&call->store->scratch, count, sizeof *answers);
    for (size_t i = 0; answers != NULL && i < count; i++) {
        redisReply *const *element = told->element + i * ANSWER_ELEMENTS;
        answers[i] = (struct store_heartbeat_answer){.index = (size_t)reply_int(element[0]),
                                                     .code = reply_code_of(element[1]),
                                                     .epoch = reply_opt_int(element[2]),
                                                     .revoked_jobs_json = reply_text(element[3]),
                                                     .heartbeat_interval_ms = reply_opt_int(element[4]),
                                                     .heartbeat_timeout_ms = reply_opt_int(element[5])};
        heartbeats.count++;
    }
    heartbeats.answers = answers;
    size_t *indices = scratch_more_items(&call->store->scratch, reply_count(others), sizeof *indices);
    for (size_t i = 0; indices != NULL && i < reply_count(others); i++) {
        indices[i] = (size_t)reply_int(others->element[i]);
        heartbeats.other_count++;
    }
    heartbeats.others = indices;
    call->callback.heartbeats(call->context, &heartbeats);
}

void store_heartbeat_send(struct store *store, store_heartbeats_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "heartbeat", STORE_WRITES);
    args_text(args, buf_text(&store->heartbeats));
    args->bytes.failed = args->bytes.failed || store->heartbeats.failed;
    store->heartbeat_count = 0;
    store_send(store, args, parse_heartbeats, (union store_callback){.heartbeats = done}, context);
}

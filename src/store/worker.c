/* worker.c -- what workers do, as function calls: heartbeat, will, deregister. */
#include "store/worker.h"

#include "store/internal.h"

struct text store_worker_field(const struct store_worker *worker, const char *name)
{
    for (size_t i = 0; i < worker->count; i++) {
        if (text_is(worker->fields[i].name, name)) {
            return worker->fields[i].value;
        }
    }
    return (struct text){0};
}

struct text store_event_field(const struct store_event *event, const char *name)
{
    return store_worker_field(&(struct store_worker){.fields = event->fields, .count = event->count}, name);
}

struct opt_int store_worker_int(const struct store_worker *worker, const char *name)
{
    return text_opt_int(store_worker_field(worker, name));
}

/* Jobs go to Redis as the JSON list that the event will show; ids hold no control characters. */
void worker_append_jobs(struct buf *out, struct texts jobs)
{
    buf_append_string(out, "[");
    for (size_t i = 0; i < jobs.count; i++) {
        buf_append_string(out, i == 0 ? "\"" : ",\"");
        for (size_t k = 0; k < jobs.items[i].len; k++) {
            char c = jobs.items[i].data[k];
            if (c == '"' || c == '\\') {
                buf_append_string(out, "\\");
            }
            buf_append(out, &c, 1);
        }
        buf_append_string(out, "\"");
    }
    buf_append_string(out, "]");
}

static void parse_deregistered(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct store_deregistered deregistered = {.outcome = outcome};
    if (outcome == STORE_DONE) {
        deregistered.code = reply_code_of(reply_at(result, 0));
        deregistered.active_jobs = reply_int(reply_at(result, 1));
        deregistered.epoch = reply_opt_int(reply_at(result, 2));
    }
    call->callback.deregistered(call->context, &deregistered);
}

void store_deregister(struct store *store, const struct store_deregistration *deregistration,
                      store_deregistered_fn *done, void *context)
{
    const struct deregistration *worker = deregistration->deregistration;
    struct args *args = &store->args;
    store_begin(store, args, "deregister", STORE_WRITES);
    args_text(args, worker->worker_id);
    args_text(args, worker->boot_id);
    args_opt_int(args, worker->sent_at_ms);
    args_string(args, worker->force ? "1" : "0");
    args_string(args, worker->drain ? "1" : "0");
    args_string(args, deregistration->by_operator ? "operator" : "worker");
    args_text(args, worker->reason);
    args_text(args, deregistration->by);
    store_send(store, args, parse_deregistered, (union store_callback){.deregistered = done}, context);
}

/* deregister.c -- a worker leaves, as a call. */
#include "store/deregister.h"

#include "store/internal.h"

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

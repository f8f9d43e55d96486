/* operate.c -- what operators do to workers, and what is written down of refused registrations, as function calls. */
#include "store/operate.h"

#include "store/internal.h"

static void parse_operated(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct store_operated operated = {.outcome = outcome};
    struct scratch *scratch = &call->store->scratch;
    if (outcome == STORE_DONE) {
        scratch_reset(scratch);
        operated.code = reply_code_of(reply_at(result, 0));
        operated.worker = scratch_worker(scratch, reply_at(result, 1));
    }
    call->callback.operated(call->context, &operated);
}

void store_operate(struct store *store, const struct store_operation *operation, store_operated_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "operate", STORE_WRITES);
    args_string(args, operation->verb);
    args_text(args, operation->worker_id);
    args_text(args, operation->message);
    args_text(args, operation->by);
    store_send(store, args, parse_operated, (union store_callback){.operated = done}, context);
}

static void parse_cleaned(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct store_cleaned cleaned = {
        .outcome = outcome, .cleaned = reply_int(reply_at(result, 0)), .left = reply_int(reply_at(result, 1))};
    call->callback.cleaned(call->context, &cleaned);
}

void store_cleanup(struct store *store, struct text message, struct text by, store_cleaned_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "cleanup", STORE_WRITES);
    args_text(args, message);
    args_text(args, by);
    store_send(store, args, parse_cleaned, (union store_callback){.cleaned = done}, context);
}

static void parse_nothing(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    (void)call;
    (void)outcome;
    (void)result;
}

void store_refuse(struct store *store, const struct store_refusal *refusal)
{
    struct args *args = &store->args;
    store_begin(store, args, "refuse", STORE_WRITES);
    args_string(args, code_name(refusal->code));
    args_text(args, refusal->worker_id);
    args_text(args, refusal->message);
    args_text(args, refusal->by);
    store_send(store, args, parse_nothing, (union store_callback){0}, NULL);
}

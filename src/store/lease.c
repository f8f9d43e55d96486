/* lease.c -- which daemon is the active one. */
#include "store/lease.h"

#include "store/internal.h"

static void parse_lease(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct store_lease lease = {.outcome = outcome};
    if (outcome == STORE_DONE) {
        lease.token = reply_text(reply_at(result, 0));
        lease.holder = reply_text(reply_at(result, 1));
        lease.ttl_ms = reply_int(reply_at(result, 2));
        lease.doubtful = reply_int(reply_at(result, 3)) == 1;
    }
    call->callback.lease(call->context, &lease);
}

void store_acquire(struct store *store, const char *instance, int64_t ttl_ms, store_lease_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "acquire", STORE_READS);
    args_string(args, instance);
    args_int(args, ttl_ms);
    store_send(store, args, parse_lease, (union store_callback){.lease = done}, context);
}

static void parse_renewed(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    call->callback.renewed(call->context, outcome, reply_int(reply_at(result, 0)) == 1);
}

void store_renew(struct store *store, int64_t ttl_ms, int64_t since_ms, int64_t until_ms, store_renewed_fn *done,
                 void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "renew", STORE_WRITES);
    args_int(args, ttl_ms);
    args_int(args, since_ms);
    args_int(args, until_ms);
    store_send(store, args, parse_renewed, (union store_callback){.renewed = done}, context);
}

void store_trust(struct store *store, store_done_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "trust", STORE_WRITES);
    store_send(store, args, parse_done, (union store_callback){.done = done}, context);
}

void store_release(struct store *store, store_done_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "release", STORE_WRITES);
    store_send(store, args, parse_done, (union store_callback){.done = done}, context);
}

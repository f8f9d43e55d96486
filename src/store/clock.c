/* clock.c -- Redis's clock set back: whether it was, and bringing near what was set by it. */
#include "store/clock.h"

#include "store/internal.h"

static void parse_clock(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct store_clock_state state = {.outcome = outcome, .behind_ms = reply_int(result)};
    call->callback.clock(call->context, &state);
}

void store_check_clock(struct store *store, store_clock_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "check_clock", STORE_WRITES);
    args_int(args, store->latest_ms);
    store_send(store, args, parse_clock, (union store_callback){.clock = done}, context);
}

static void parse_near(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct store_near near = {.outcome = outcome, .next = reply_text(result)};
    if (text_is(near.next, "0")) {
        near.next = (struct text){0};
        call->store->latest_ms = 0;
    }
    call->callback.near(call->context, &near);
}

void store_bring_near(struct store *store, struct text place, store_near_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "bring_near", STORE_WRITES);
    args_text(args, place);
    store_send(store, args, parse_near, (union store_callback){.near = done}, context);
}

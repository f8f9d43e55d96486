/* brake.c -- what the brake is judged by, and where its state is kept. */
#include "store/brake.h"

#include "store/internal.h"

static void parse_missing(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    enum { ZONE_ELEMENTS = 3 };
    struct store_missing missing = {.outcome = outcome};
    const redisReply *list = reply_at(result, 2);
    size_t count = reply_count(list) / ZONE_ELEMENTS;
    struct store_zone_missing *zones = scratch_items(&call->store->scratch, count, sizeof *zones);
    for (size_t i = 0; zones != NULL && i < count; i++) {
        redisReply *const *element = list->element + i * ZONE_ELEMENTS;
        zones[i] = (struct store_zone_missing){
            .zone = reply_text(element[0]), .workers = reply_int(element[1]), .missing = reply_int(element[2])};
        missing.count++;
    }
    missing.workers = reply_int(reply_at(result, 0));
    missing.missing = reply_int(reply_at(result, 1));
    missing.zones = zones;
    call->callback.missing(call->context, &missing);
}

void store_missing(struct store *store, store_missing_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "missing", STORE_READS);
    store_send(store, args, parse_missing, (union store_callback){.missing = done}, context);
}

static void parse_brakes(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct scratch *scratch = &call->store->scratch;
    scratch_reset(scratch);
    (void)scratch_fields(scratch, result);
    struct store_brakes brakes = {.outcome = outcome, .brakes = scratch->fields, .count = scratch->field_count};
    call->callback.brakes(call->context, &brakes);
}

void store_brakes(struct store *store, store_brakes_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "brakes", STORE_READS);
    store_send(store, args, parse_brakes, (union store_callback){.brakes = done}, context);
}

void store_save_brake(struct store *store, const struct store_brake_save *save, store_done_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "save_brake", STORE_WRITES);
    args_text(args, save->scope);
    args_text(args, save->state);
    args_text(args, save->by);
    args_text(args, save->reason);
    store_send(store, args, parse_done, (union store_callback){.done = done}, context);
}

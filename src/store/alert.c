/* alert.c -- where the documents of alerts outlive a daemon. */
#include "store/alert.h"

#include "store/internal.h"

static void parse_alerts(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct scratch *scratch = &call->store->scratch;
    scratch_reset(scratch);
    (void)scratch_fields(scratch, result);
    struct store_alerts alerts = {.outcome = outcome, .alerts = scratch->fields, .count = scratch->field_count};
    call->callback.alerts(call->context, &alerts);
}

void store_alerts(struct store *store, store_alerts_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "alerts", STORE_READS);
    store_send(store, args, parse_alerts, (union store_callback){.alerts = done}, context);
}

void store_save_alert(struct store *store, struct text rule, struct text document, store_done_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "save_alert", STORE_WRITES);
    args_text(args, rule);
    args_text(args, document);
    store_send(store, args, parse_done, (union store_callback){.done = done}, context);
}

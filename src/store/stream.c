/* stream.c -- the event stream as audit trail of the operators. */
#include "store/stream.h"

#include "store/internal.h"

struct text store_event_field(const struct store_event *event, const char *name)
{
    return store_worker_field(&(struct store_worker){.fields = event->fields, .count = event->count}, name);
}

/* The fields of events come before those of workers in the scratch: both lists point into it only when it is full. */
static void point_events(struct store_event *events, size_t count, const struct field *fields)
{
    for (size_t i = 0; i < count; i++) {
        events[i].fields = fields;
        fields += events[i].count;
    }
}

static void parse_events(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct store_events found = {.outcome = outcome};
    struct scratch *scratch = &call->store->scratch;
    const redisReply *entries = reply_at(result, 1);
    scratch_reset(scratch);
    struct store_event *events = scratch_entries(scratch, entries);
    if (outcome == STORE_DONE && events != NULL) {
        found.next = reply_text(reply_at(result, 0));
        found.more = reply_int(reply_at(result, 2)) == 1;
        struct text oldest = reply_text(reply_at(result, 3));
        found.oldest = oldest.len > 0 ? oldest : (struct text){0};
        found.truncated = reply_int(reply_at(result, 4)) == 1;
        found.count = reply_count(entries);
        point_events(events, found.count, scratch->fields);
    }
    found.events = events;
    call->callback.events(call->context, &found);
}

void store_events(struct store *store, const struct query *query, struct text after, size_t limit,
                  store_events_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "events", STORE_READS);
    args_text(args, after);
    args_int(args, (int64_t)limit);
    args_text(args, query->worker_id);
    args_text(args, query->type);
    store_send(store, args, parse_events, (union store_callback){.events = done}, context);
}

static void parse_last_event(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct store_events found = {.outcome = outcome, .next = reply_text(result)};
    call->callback.events(call->context, &found);
}

void store_last_event(struct store *store, store_events_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "last_event", STORE_READS);
    store_send(store, args, parse_last_event, (union store_callback){.events = done}, context);
}

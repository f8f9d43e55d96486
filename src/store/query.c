/* query.c -- reading workers: one, or those that match. */
#include "store/internal.h"

#include <stdio.h>

static void parse_page(struct call *call, enum store_outcome outcome, const redisReply *next, const redisReply *list)
{
    struct store_page page = {.outcome = outcome};
    scratch_reset(&call->store->scratch);
    page.workers = scratch_workers(&call->store->scratch, list);
    if (outcome == STORE_DONE && page.workers != NULL) {
        struct text cursor = reply_text(next);
        page.next = text_is(cursor, "0") ? (struct text){0} : cursor;
        page.count = reply_count(list);
    }
    call->callback.page(call->context, &page);
}

static void parse_read(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    parse_page(call, outcome, NULL, result);
}

static void parse_list(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    parse_page(call, outcome, reply_at(result, 0), reply_at(result, 1));
}

void store_read(struct store *store, struct text id, store_page_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "read", STORE_READS);
    args_text(args, id);
    store_send(store, args, parse_read, (union store_callback){.page = done}, context);
}

static void add_set(struct args *args, const char *kind, struct text name)
{
    char set[128];
    int len = snprintf(set, sizeof set, "%s:%.*s", kind, TEXT_ARG(name));
    if (len > 0 && (size_t)len < sizeof set) {
        args_text(args, (struct text){set, (size_t)len});
    }
}

void store_list(struct store *store, const struct query *query, size_t limit, store_page_fn *done, void *context)
{
    struct args *args = &store->args;
    store_begin(store, args, "list", STORE_READS);
    args_text(args, query->cursor.len > 0 ? query->cursor : text_of("0"));
    args_int(args, (int64_t)limit);
    size_t sets_from = args->count;
    for (size_t i = 0; i < query->tags.count; i++) {
        add_set(args, "tag", query->tags.items[i]);
    }
    for (size_t i = 0; i < query->capabilities.count; i++) {
        add_set(args, "capability", query->capabilities.items[i]);
    }
    if (query->zone.len > 0) {
        add_set(args, "zone", query->zone);
    }
    if (query->health != HEALTH_NONE) {
        add_set(args, "health", text_of(worker_health_name(query->health)));
    }
    if (query->status != WORKER_STATUS_NONE) {
        add_set(args, "status", text_of(worker_status_name(query->status)));
    }
    if (args->count == sets_from) {
        args_string(args, "workers");
    }
    store_send(store, args, parse_list, (union store_callback){.page = done}, context);
}

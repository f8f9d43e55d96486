/* search.c -- finding workers: a page of those that match, or the best of them. */
#include "store/search.h"

#include "store/internal.h"
#include "store/query.h"

#include <stdio.h>
#include <string.h>

static void add_set(struct args *args, const char *kind, struct text name)
{
    char set[128];
    int len = snprintf(set, sizeof set, "%s:%.*s", kind, TEXT_ARG(name));
    if (len > 0 && (size_t)len < sizeof set) {
        args_text(args, (struct text){set, (size_t)len});
    }
}

static void add_filter(struct args *args, const struct store_search *search)
{
    const struct query *query = search->query;
    args_string(args, search->schedulable ? "1" : "");
    args_opt_int(args, query->minimum_free_capacity);
    args_text(args, query->name_prefix);
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
}

static void begin(struct store *store, const char *function, const struct store_search *search)
{
    struct args *args = &store->args;
    store_begin(store, args, function, STORE_READS);
    args_text(args, search->place);
    args_int(args, (int64_t)search->most);
    add_filter(args, search);
}

void store_list(struct store *store, const struct store_search *search, store_page_fn *done, void *context)
{
    begin(store, "list", search);
    store_send(store, &store->args, query_parse_page, (union store_callback){.page = done}, context);
}

/* <set>-b<cursor>; else along the free capacity: <rank>-w<id> */
static bool is_scan(struct text place)
{
    const char *dash = place.len > 0 ? memchr(place.data, '-', place.len - 1) : NULL;
    return dash != NULL && dash[1] == 'b';
}

static void parse_picked(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct store_picked picked = {.outcome = outcome};
    const redisReply *pairs = reply_at(result, 1);
    size_t count = reply_count(pairs) / 2;
    struct store_candidate *candidates = scratch_items(&call->store->scratch, count, sizeof *candidates);
    if (outcome == STORE_DONE && candidates == NULL) {
        picked.outcome = STORE_UNAVAILABLE;
    } else if (outcome == STORE_DONE) {
        for (size_t i = 0; i < count; i++) {
            candidates[i] = (struct store_candidate){.id = reply_text(pairs->element[2 * i]),
                                                     .free = reply_int(pairs->element[2 * i + 1])};
        }
        struct text next = reply_text(reply_at(result, 0));
        picked.next = next.len > 0 ? next : (struct text){0};
        picked.count = count;
        picked.scans = is_scan(picked.next);
    }
    picked.candidates = candidates;
    call->callback.picked(call->context, &picked);
}

void store_pick(struct store *store, const struct store_search *search, store_picked_fn *done, void *context)
{
    begin(store, "pick", search);
    store_send(store, &store->args, parse_picked, (union store_callback){.picked = done}, context);
}

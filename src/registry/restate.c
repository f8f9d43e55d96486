/*
 * restate.c -- makes the retained statuses true again: tells all of them where the broker has lost its sessions, and so
 * maybe them; takes back those of workers that are not known any more where Redis has lost its memory.
 */
#include "registry/internal.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_WORKERS = 100 };

/* Statuses: a page is read, told, and acknowledged before the next one. */

static void end_page(struct registry *registry)
{
    struct restate *restate = &registry->restate;
    restate->busy = false;
    if (restate->failed) {
        restate->place_len = restate->page_place_len;
        memcpy(restate->place, restate->page_place, restate->place_len);
    } else if (restate->place_len == 0) {
        restate->statuses = false;
        note(registry, LOG_INFO, "all statuses have been told again");
    }
}

static void on_told(void *context, bool told)
{
    struct registry *registry = context;
    struct restate *restate = &registry->restate;
    restate->failed = restate->failed || !told;
    if (--restate->untold == 0) {
        end_page(registry);
    }
}

static void tell(struct registry *registry, struct text id, const json_t *document, announce_done_fn *done)
{
    announce(registry, &(struct announcement){.below = "status/", .id = id, .document = document, .retained = true},
             done, registry);
}

static void tell_page(struct registry *registry, const struct store_page *result)
{
    registry->restate.untold = result->count + 1;
    for (size_t i = 0; i < result->count; i++) {
        const struct store_worker *worker = &result->workers[i];
        json_t *document = status_document(worker->id, worker->fields, worker->count);
        if (document != NULL) {
            tell(registry, worker->id, document, on_told);
        } else {
            on_told(registry, false);
        }
        json_decref(document);
    }
    on_told(registry, true);
}

static void on_page(void *context, const struct store_page *result)
{
    struct registry *registry = context;
    struct restate *restate = &registry->restate;
    memcpy(restate->page_place, restate->place, restate->place_len);
    restate->page_place_len = restate->place_len;
    restate->failed = result->outcome != STORE_DONE || result->next.len > sizeof restate->place;
    if (restate->failed) {
        end_page(registry);
        return;
    }
    restate->place_len = result->next.len;
    if (result->next.len > 0) {
        memcpy(restate->place, result->next.data, result->next.len);
    }
    tell_page(registry, result);
}

static void next_page(struct registry *registry)
{
    static const struct query everybody = {0};
    struct restate *restate = &registry->restate;
    struct store_search search = {.query = &everybody, .most = PAGE_WORKERS};
    if (restate->place_len > 0) {
        search.place = (struct text){restate->place, restate->place_len};
    }
    restate->busy = true;
    store_list(registry->store, &search, on_page, registry);
}

/* Ghosts: what is retained is looked up, and taken back where nobody is behind it. */

static void on_taken_back(void *context, bool told)
{
    if (!told) {
        restate_memory_lost(context); /* the next subscription brings it again */
    }
}

static void on_looked_up(void *context, const struct store_page *result)
{
    struct registry *registry = context;
    for (size_t i = 0; result->outcome == STORE_DONE && i < result->count; i++) {
        const struct store_worker *worker = &result->workers[i];
        if (worker->count == 0 || text_is(store_worker_field(worker, "status"), "INACTIVE")) {
            note(registry, LOG_INFO, "the retained status of %.*s is of nobody and is taken back",
                 TEXT_ARG(worker->id));
            tell(registry, worker->id, NULL, on_taken_back);
        }
    }
    if (result->outcome != STORE_DONE) {
        restate_memory_lost(registry);
    }
}

static void look_up(struct registry *registry)
{
    struct restate *restate = &registry->restate;
    struct text ids[GHOSTS_A_CALL];
    for (size_t i = 0; i < restate->seen_count; i++) {
        ids[i] = (struct text){restate->seen[i].id, restate->seen[i].len};
    }
    store_read_many(registry->store, ids, restate->seen_count, on_looked_up, registry);
    restate->seen_count = 0;
}

bool restate_take(struct registry *registry, const struct broker_message *message)
{
    struct restate *restate = &registry->restate;
    struct text id = retained_below(registry, message->topic, "/status/");
    if (id.data == NULL || !worker_id_valid(id)) {
        return false;
    }
    if (message->retained && message->payload.len > 0) {
        struct restate_seen *seen = &restate->seen[restate->seen_count++];
        memcpy(seen->id, id.data, id.len);
        seen->len = id.len;
        if (restate->seen_count == GHOSTS_A_CALL) {
            look_up(registry);
        }
    }
    return true;
}

const char *restate_filter(const struct registry *registry)
{
    return registry->restate.ghosts ? "status/+" : NULL;
}

void restate_session_lost(struct registry *registry)
{
    struct restate *restate = &registry->restate;
    restate->statuses = true;
    restate->place_len = 0;
}

void restate_memory_lost(struct registry *registry)
{
    registry->restate.ghosts = true;
}

static void end_ghosts(struct registry *registry)
{
    char filter[CONFIG_STRING_MAX + 16];
    (void)snprintf(filter, sizeof filter, "%.*s/status/+", TEXT_ARG(registry->root));
    broker_unsubscribe(registry->control.broker, filter);
    registry->restate.ghosts = false;
}

void restate_tick(struct registry *registry)
{
    struct restate *restate = &registry->restate;
    if (!registry->active || !registry->control.subscribed || !store_is_up(registry->store)) {
        return;
    }
    if (restate->statuses && !restate->busy) {
        next_page(registry);
    }
    if (restate->seen_count > 0) {
        look_up(registry);
    }
    if (restate->ghosts && registry->retained.known) {
        end_ghosts(registry);
    }
}

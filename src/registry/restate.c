/*
 * restate.c -- makes the retained statuses true again: tells those that have changed lately where the broker may have
 * come back as it was some time before it died; tells all of them where it has lost its sessions, and so maybe them, or
 * Redis has come back with an older state than was told; then also takes back those of workers that it does not know
 * any more.
 */
#include "registry/restate.h"

#include "base/clock.h"
#include "broker/broker.h"
#include "codec/document.h"
#include "domain/hearing.h"
#include "registry/announce.h"
#include "registry/command.h"
#include "registry/connection.h"
#include "registry/internal.h"
#include "registry/merge.h"
#include "registry/retained.h"
#include "store/lease.h"
#include "store/query.h"
#include "store/search.h"
#include "store/worker.h"

#include <stdio.h>
#include <string.h>

/* A broker writes down what it keeps every now and then, ours every minute: so old it may be when it comes back. */
enum { PAGE_WORKERS = 100, RECENT_MS = 150 * 1000, LOOK_UPS_MAX = 8, GHOSTS_QUIET_MS = 1000 };

static const char ghosts_filter[] = "status/+";

/* Statuses: a page is read, told, and acknowledged before the next one. */

static void end_page(struct registry *registry)
{
    struct restate *restate = &registry->restate;
    restate->busy = false;
    if (restate->anew) {
        return;
    }
    if (restate->failed) {
        restate->place_len = restate->page_place_len;
        memcpy(restate->place, restate->page_place, restate->place_len);
    } else if (restate->place_len == 0) {
        restate->statuses = false;
        note(registry, LOG_INFO, "%s statuses have been told again", restate->recent ? "recent" : "all");
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

static bool is_of_nobody(const struct store_worker *worker)
{
    return worker->count == 0 || text_is(store_worker_field(worker, "status"), "INACTIVE");
}

static void tell_page(struct registry *registry, const struct store_page *result)
{
    registry->restate.untold = result->count + 1;
    for (size_t i = 0; i < result->count; i++) {
        const struct store_worker *worker = &result->workers[i];
        bool is_gone = is_of_nobody(worker);
        json_t *document = is_gone ? NULL : status_document(worker->id, worker->fields, worker->count);
        if (document != NULL || is_gone) {
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
    if (restate->anew) {
        restate->anew = false;
        restate->place_len = 0;
        search.place = (struct text){0};
    }
    restate->busy = true;
    if (restate->recent) {
        store_recent(registry->store, search.place, RECENT_MS, PAGE_WORKERS, on_page, registry);
    } else {
        store_list(registry->store, &search, on_page, registry);
    }
}

/*
 * Ghosts: what is retained is looked up, and taken back where nobody is behind it. It comes on the presence connection,
 * where it delays nobody, however much it is.
 */

static void look_again(struct registry *registry)
{
    registry->restate.ghosts = GHOSTS_WANTED;
}

static void on_taken_back(void *context, bool told)
{
    struct registry *registry = context;
    registry->restate.open--;
    if (!told) {
        look_again(registry);
    }
}

static void on_looked_up(void *context, const struct store_page *result)
{
    struct registry *registry = context;
    registry->restate.open--;
    if (registry->restate.look_ups-- == LOOK_UPS_MAX) {
        connection_resume(&registry->presence);
    }
    for (size_t i = 0; result->outcome == STORE_DONE && i < result->count; i++) {
        const struct store_worker *worker = &result->workers[i];
        if (is_of_nobody(worker)) {
            note(registry, LOG_INFO, "the retained status of %.*s is of nobody and is taken back",
                 TEXT_ARG(worker->id));
            registry->restate.open++;
            tell(registry, worker->id, NULL, on_taken_back);
        }
    }
    if (result->outcome != STORE_DONE) {
        look_again(registry);
    }
}

static void look_up(struct registry *registry)
{
    struct restate *restate = &registry->restate;
    struct text ids[GHOSTS_A_CALL];
    for (size_t i = 0; i < restate->seen_count; i++) {
        ids[i] = (struct text){restate->seen[i].id, restate->seen[i].len};
    }
    restate->open++;
    restate->look_ups++;
    store_read_gone(registry->store, ids, restate->seen_count, on_looked_up, registry);
    restate->seen_count = 0;
}

bool restate_may_take(const struct registry *registry)
{
    return registry->restate.look_ups < LOOK_UPS_MAX;
}

void restate_take(struct registry *registry, const struct broker_message *message)
{
    struct restate *restate = &registry->restate;
    struct text id = retained_below(registry, message->topic, "/status/");
    restate->seen_ms = clock_monotonic_ms();
    if (id.data != NULL && worker_id_valid(id) && message->retained && message->payload.len > 0) {
        struct restate_seen *seen = &restate->seen[restate->seen_count++];
        memcpy(seen->id, id.data, id.len);
        seen->len = id.len;
        if (restate->seen_count == GHOSTS_A_CALL) {
            look_up(registry);
        }
    }
}

void restate_missed(struct registry *registry)
{
    registry->restate.missed = true;
}

void restate_subscribed(struct registry *registry)
{
    if (registry->restate.ghosts == GHOSTS_ASKED) {
        registry->restate.ghosts = GHOSTS_COMING;
        registry->restate.seen_ms = clock_monotonic_ms();
    }
}

void restate_cut_off(struct registry *registry)
{
    if (registry->restate.ghosts != GHOSTS_NONE) {
        look_again(registry);
    }
}

void restate_session_kept(struct registry *registry)
{
    struct restate *restate = &registry->restate;
    if (!restate->statuses) {
        restate->recent = true;
    }
    restate->statuses = true;
    restate->anew = true;
    /* What was taken back lately may have come back with the broker. */
    if (restate->trusted_ms != 0 && clock_monotonic_ms() - restate->trusted_ms < RECENT_MS) {
        look_again(registry);
    }
}

void restate_session_lost(struct registry *registry)
{
    struct restate *restate = &registry->restate;
    restate->recent = false;
    restate->statuses = true;
    restate->anew = true;
}

void restate_begin(struct registry *registry)
{
    registry->restate.doubt = false;
}

/* Once all of it has been told again, this Redis is trusted; until then it is said again and again. */
void restate_memory_lost(struct registry *registry)
{
    struct restate *restate = &registry->restate;
    if (!restate->doubt) {
        restate->doubt = true;
        merge_forget_all(registry);
        restate_session_lost(registry);
        look_again(registry);
        note(registry, LOG_INFO, "Redis may have forgotten what was told: all statuses are told again");
    }
}

static void full_filter(const struct registry *registry, char *out, size_t size)
{
    (void)snprintf(out, size, "%.*s/%s", TEXT_ARG(registry->root), ghosts_filter);
}

static void ask_for_ghosts(struct registry *registry)
{
    char filter[CONFIG_STRING_MAX + 16];
    struct fault fault = {0};
    full_filter(registry, filter, sizeof filter);
    const struct broker_subscription subscription = {.filter = filter, .qos = 1, .retained_too = true};
    if (registry->presence.connected &&
        broker_subscribe(registry->presence.broker, &subscription, 1, &fault) == ERR_OK) {
        registry->restate.ghosts = GHOSTS_ASKED;
        registry->restate.missed = false;
    }
}

static void end_ghosts(struct registry *registry, enum restate_ghosts next)
{
    char filter[CONFIG_STRING_MAX + 16];
    full_filter(registry, filter, sizeof filter);
    broker_unsubscribe(registry->presence.broker, filter);
    registry->restate.ghosts = next;
}

/* All have come where no more do while the broker is known to deliver. */
static void tend_ghosts(struct registry *registry)
{
    struct restate *restate = &registry->restate;
    bool is_quiet = clock_monotonic_ms() - restate->seen_ms > GHOSTS_QUIET_MS;
    if (restate->ghosts == GHOSTS_WANTED) {
        ask_for_ghosts(registry);
    } else if (restate->ghosts == GHOSTS_COMING && is_quiet && !hearing_is_deaf(&registry->hearing)) {
        end_ghosts(registry, restate->missed ? GHOSTS_WANTED : GHOSTS_NONE);
    }
}

static void on_trusted(void *context, enum store_outcome outcome)
{
    struct restate *restate = &((struct registry *)context)->restate;
    restate->trusting = false;
    if (outcome == STORE_DONE) {
        restate->doubt = false;
        restate->trusted_ms = clock_monotonic_ms();
    }
}

static void trust(struct registry *registry)
{
    struct restate *restate = &registry->restate;
    bool is_done =
        !restate->statuses && restate->ghosts == GHOSTS_NONE && restate->seen_count == 0 && restate->open == 0;
    if (restate->doubt && is_done && !restate->trusting) {
        restate->trusting = true;
        store_trust(registry->store, on_trusted, registry);
    }
}

void restate_tick(struct registry *registry)
{
    struct restate *restate = &registry->restate;
    if (!registry->active && (restate->ghosts == GHOSTS_ASKED || restate->ghosts == GHOSTS_COMING)) {
        end_ghosts(registry, GHOSTS_WANTED);
    }
    if (!registry->active || !registry->control.subscribed || !store_is_up(registry->store)) {
        return;
    }
    if (restate->statuses && !restate->busy) {
        next_page(registry);
    }
    if (restate->seen_count > 0) {
        look_up(registry);
    }
    tend_ghosts(registry);
    trust(registry);
}

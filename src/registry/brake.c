/* brake.c -- holds everybody's step to FAILED and cleanup while so many are missing that the fault is likely ours. */
#include "registry/brake.h"

#include "base/clock.h"
#include "codec/document.h"
#include "domain/brake.h"
#include "registry/alert.h"
#include "registry/asker.h"
#include "registry/intake.h"
#include "registry/internal.h"
#include "store/brake.h"
#include "store/expiry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCOPES_MAX = 4096, SCOPE_BYTES = WORKER_LABEL_MAX + 8, STATE_BYTES = 112 };

/* The fleet's is the first; one for each zone where somebody is missing, or was when it was released. */
struct brake_scope {
    char name[SCOPE_BYTES]; /* "fleet", "zone:<zone>" */
    struct brake brake;
    int64_t workers;
    int64_t missing;
    int64_t raised_workers; /* as they were when it was raised */
    int64_t raised_missing;
};

static const char fleet[] = "fleet";
static const char zone_prefix[] = "zone:";

static struct brake_scope *find(struct brakes *brakes, const char *name)
{
    for (size_t i = 0; i < brakes->count; i++) {
        if (strcmp(brakes->scopes[i].name, name) == 0) {
            return &brakes->scopes[i];
        }
    }
    return NULL;
}

/* Without room a zone has no brake of its own; the fleet's holds for it all the same. */
static struct brake_scope *find_or_add(struct brakes *brakes, const char *name)
{
    struct brake_scope *scope = find(brakes, name);
    if (scope != NULL || brakes->count == SCOPES_MAX) {
        return scope;
    }
    if (brakes->count == brakes->cap) {
        size_t cap = brakes->cap == 0 ? 8 : brakes->cap * 2;
        struct brake_scope *scopes = realloc(brakes->scopes, cap * sizeof *scopes);
        if (scopes == NULL) {
            return NULL;
        }
        brakes->scopes = scopes;
        brakes->cap = cap;
    }
    scope = &brakes->scopes[brakes->count++];
    *scope = (struct brake_scope){0};
    (void)snprintf(scope->name, sizeof scope->name, "%s", name);
    return scope;
}

static void on_saved(void *context, enum store_outcome outcome)
{
    (void)context;
    (void)outcome;
}

static void save(struct registry *registry, const struct brake_scope *scope, struct text by, struct text reason)
{
    char state[STATE_BYTES] = "";
    if (scope->brake.raised || scope->brake.normal > 0) {
        (void)snprintf(state, sizeof state, "%d %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, scope->brake.raised,
                       scope->brake.raised_ms, scope->brake.normal, scope->raised_missing, scope->raised_workers);
    }
    struct store_brake_save call = {.scope = text_of(scope->name), .state = text_of(state), .by = by, .reason = reason};
    store_save_brake(registry->store, &call, on_saved, registry);
}

static void told(struct registry *registry, struct brake_scope *scope, enum brake_change change)
{
    if (change == BRAKE_RAISED) {
        scope->raised_workers = scope->workers;
        scope->raised_missing = scope->missing;
        note(registry, LOG_WARN, "brake raised for %s: %" PRId64 " of %" PRId64 " workers are missing", scope->name,
             scope->missing, scope->workers);
    } else {
        note(registry, LOG_INFO, "brake lifted for %s: %" PRId64 " of %" PRId64 " workers are missing", scope->name,
             scope->missing, scope->workers);
    }
}

static struct brake_limits limits_of(const struct registry *registry)
{
    return (struct brake_limits){.percent = registry->config.brake.percent,
                                 .min_workers = registry->config.brake.min_workers,
                                 .max_ms = registry->config.brake.max_ms};
}

static void judge(struct registry *registry, struct brake_scope *scope, int64_t now_ms)
{
    struct brake_limits limits = limits_of(registry);
    int64_t normal = scope->brake.normal;
    enum brake_change change = brake_judge(&scope->brake, &limits, scope->workers, scope->missing, now_ms);
    if (change != BRAKE_UNCHANGED) {
        told(registry, scope, change);
    }
    if (change != BRAKE_UNCHANGED || scope->brake.normal != normal) {
        save(registry, scope, (struct text){0}, (struct text){0});
    }
}

/* What is raised, since when and for what share, in words; the numbers are those of the moment when it was raised. */
static void set_alert(struct registry *registry)
{
    const struct brakes *brakes = &registry->brakes;
    struct buf words = {0};
    size_t raised = 0;
    for (size_t i = 0; i < brakes->count; i++) {
        const struct brake_scope *scope = &brakes->scopes[i];
        if (scope->brake.raised) {
            buf_printf(&words, "%s%s: %" PRId64 " of %" PRId64 " workers missing since %" PRId64,
                       raised == 0 ? "nobody is failed or cleaned up while so many are missing: " : "; ", scope->name,
                       scope->raised_missing, scope->raised_workers, scope->brake.raised_ms);
            raised++;
        }
    }
    const char *message = raised > 0 ? buf_terminated(&words) : "no brake is raised";
    if (message != NULL) {
        alert_set(registry, "brake", raised > 0, ALERT_CRITICAL, message);
    }
    buf_fini(&words);
}

static void forget_idle_zones(struct brakes *brakes)
{
    size_t kept = 0;
    for (size_t i = 0; i < brakes->count; i++) {
        const struct brake_scope *scope = &brakes->scopes[i];
        if (i == 0 || scope->missing > 0 || scope->brake.raised || scope->brake.normal > 0) {
            brakes->scopes[kept++] = *scope;
        }
    }
    brakes->count = kept;
}

static void take_counts(struct brakes *brakes, const struct store_missing *result)
{
    char name[SCOPE_BYTES];
    for (size_t i = 0; i < brakes->count; i++) {
        brakes->scopes[i].missing = 0;
    }
    for (size_t i = 0; i < result->count; i++) {
        const struct store_zone_missing *zone = &result->zones[i];
        (void)snprintf(name, sizeof name, "%s%.*s", zone_prefix, TEXT_ARG(zone->zone));
        struct brake_scope *scope = find_or_add(brakes, name);
        if (scope != NULL) {
            scope->workers = zone->workers;
            scope->missing = zone->missing;
        }
    }
    brakes->scopes[0].workers = result->workers;
    brakes->scopes[0].missing = result->missing;
}

static void on_missing(void *context, const struct store_missing *result)
{
    struct registry *registry = context;
    struct brakes *brakes = &registry->brakes;
    brakes->asking = false;
    if (result->outcome != STORE_DONE || !registry->active || !brakes->loaded) {
        return;
    }
    int64_t now_ms = timebase_remote_ms(store_clock(registry->store), clock_monotonic_ms());
    take_counts(brakes, result);
    for (size_t i = 0; i < brakes->count; i++) {
        judge(registry, &brakes->scopes[i], now_ms);
    }
    forget_idle_zones(brakes);
    set_alert(registry);
}

void brake_rebase(struct registry *registry)
{
    struct brakes *brakes = &registry->brakes;
    int64_t now_ms = timebase_remote_ms(store_clock(registry->store), clock_monotonic_ms());
    for (size_t i = 0; i < brakes->count && registry->active && brakes->loaded; i++) {
        struct brake_scope *scope = &brakes->scopes[i];
        if (scope->brake.raised) {
            scope->brake.raised_ms = now_ms;
            save(registry, scope, (struct text){0}, (struct text){0});
        }
    }
}

/* What an earlier daemon raised or released holds on. A moment in the future is from before the clock was set back. */
static void on_brakes(void *context, const struct store_brakes *result)
{
    struct registry *registry = context;
    struct brakes *brakes = &registry->brakes;
    brakes->asking = false;
    if (result->outcome != STORE_DONE || !registry->active) {
        return;
    }
    int64_t now_ms = timebase_remote_ms(store_clock(registry->store), clock_monotonic_ms());
    brakes->count = 0;
    brakes->loaded = find_or_add(brakes, fleet) != NULL;
    for (size_t i = 0; i < result->count; i++) {
        char name[SCOPE_BYTES];
        char state[STATE_BYTES];
        int raised = 0;
        struct brake brake = {0};
        (void)snprintf(name, sizeof name, "%.*s", TEXT_ARG(result->brakes[i].name));
        (void)snprintf(state, sizeof state, "%.*s", TEXT_ARG(result->brakes[i].value));
        struct brake_scope *scope = find_or_add(brakes, name);
        if (scope != NULL && sscanf(state, "%d %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64, &raised, &brake.raised_ms,
                                    &brake.normal, &scope->raised_missing, &scope->raised_workers) == 5) {
            brake.raised = raised != 0;
            brake.raised_ms = brake.raised_ms < now_ms ? brake.raised_ms : now_ms;
            scope->brake = brake;
        }
    }
}

void brake_tick(struct registry *registry)
{
    struct brakes *brakes = &registry->brakes;
    if (!registry->active || !store_is_up(registry->store)) {
        brakes->loaded = false;
    } else if (!brakes->asking) {
        brakes->asking = true;
        if (brakes->loaded) {
            store_missing(registry->store, on_missing, registry);
        } else {
            store_brakes(registry->store, on_brakes, registry);
        }
    }
}

bool brake_holds(struct registry *registry, const struct store_due *due)
{
    struct brakes *brakes = &registry->brakes;
    bool is_first_failure = due->member.len > 6 && memcmp(due->member.data, "alive:", 6) == 0;
    if (is_first_failure) {
        return false;
    }
    if (!brakes->loaded || brakes->scopes[0].brake.raised) {
        return true;
    }
    char name[SCOPE_BYTES];
    (void)snprintf(name, sizeof name, "%s%.*s", zone_prefix, TEXT_ARG(due->zone));
    const struct brake_scope *scope = due->zone.len > 0 ? find(brakes, name) : NULL;
    return scope != NULL && scope->brake.raised;
}

static size_t release_all(struct registry *registry, struct text by, struct text reason)
{
    struct brakes *brakes = &registry->brakes;
    size_t released = 0;
    for (size_t i = 0; i < brakes->count; i++) {
        struct brake_scope *scope = &brakes->scopes[i];
        bool was_raised = scope->brake.raised;
        if (was_raised) {
            told(registry, scope, brake_release(&scope->brake, scope->missing));
            save(registry, scope, by, reason);
        }
        released += was_raised;
    }
    return released;
}

void brake_ask_release(struct registry *registry, const struct query *query, struct asker *asker)
{
    intake_call_done(registry);
    if (!registry->active || !registry->brakes.loaded) {
        asker_refuse_for(asker, CODE_UNAVAILABLE, "This registry is not the active one");
        return;
    }
    const struct extra extra = {"released", json_integer((json_int_t)release_all(registry, asker->by, query->reason))};
    asker_reply_with(asker, &(struct reply){.code = CODE_OK}, &extra, 1);
}

void brake_fini(struct registry *registry)
{
    free(registry->brakes.scopes);
}

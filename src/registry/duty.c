/* duty.c -- being the active daemon: asking for the lease, renewing it, losing it. */
#include "registry/duty.h"

#include "base/clock.h"
#include "registry/announce.h"
#include "registry/canary.h"
#include "registry/clock.h"
#include "registry/connection.h"
#include "registry/internal.h"
#include "registry/kept.h"
#include "registry/presence.h"
#include "registry/publish.h"
#include "registry/restate.h"
#include "registry/state.h"
#include "registry/will.h"
#include "store/lease.h"
#include "store/library.h"

#include <stdio.h>

enum { ASK_EVERY_MS = 250, RENEWALS_A_LEASE = 4, SETTLED_LEASES = 60 };

static void become_active(struct registry *registry, struct text token)
{
    registry->active = true;
    registry->active_since_ms = registry->lease_asked_ms;
    registry->libraries_forgotten = false;
    registry->reconciled = (struct reconciled){0};
    registry->lease_renewed_ms = registry->lease_asked_ms;
    store_set_token(registry->store, token);
    clock_check(registry);
    kept_send(registry);
    note(registry, LOG_INFO, "active under token %.*s", TEXT_ARG(token));
    connection_want(&registry->control, true);
    connection_want(&registry->pulse, true);
    presence_tell(registry);
}

void duty_lose(struct registry *registry, const char *why)
{
    if (!registry->active) {
        return;
    }
    registry->active = false;
    note(registry, LOG_WARN, "standing by: %s", why);
    canary_interrupt(registry, why);
    connection_want(&registry->control, false);
    connection_want(&registry->pulse, false);
    will_interrupt(registry);
    announce_lost(registry);
    publish_failed(registry, why);
    presence_tell(registry);
}

static void on_lease(void *context, const struct store_lease *lease)
{
    struct registry *registry = context;
    registry->renewing = false;
    if (lease->outcome == STORE_DONE && lease->token.len > 0 && !registry->stopping) {
        become_active(registry, lease->token);
        restate_begin(registry);
        if (lease->doubtful) {
            restate_memory_lost(registry);
        }
    } else if (lease->outcome == STORE_DONE && !text_is(lease->holder, registry->instance)) {
        kept_forget(registry);
    }
}

static void on_renewed(void *context, enum store_outcome outcome, bool doubtful)
{
    struct registry *registry = context;
    registry->renewing = false;
    if (outcome == STORE_DONE) {
        registry->lease_renewed_ms = registry->lease_asked_ms;
        if (doubtful) {
            restate_memory_lost(registry);
        }
    } else if (outcome == STORE_FENCED) {
        duty_lose(registry, "the lease is lost");
    }
}

/* An upgrade is over when nobody has taken the lease back for so long. */
static void forget_libraries(struct registry *registry, int64_t now_ms)
{
    int64_t settled_ms = SETTLED_LEASES * registry->config.daemon.lease_ms;
    if (!registry->libraries_forgotten && now_ms - registry->active_since_ms >= settled_ms) {
        registry->libraries_forgotten = true;
        store_forget_libraries(registry->store);
    }
}

void duty_tick(struct registry *registry, int64_t now_ms)
{
    int64_t lease_ms = registry->config.daemon.lease_ms;
    int64_t every_ms = registry->active ? lease_ms / RENEWALS_A_LEASE : ASK_EVERY_MS;
    if (registry->renewing || !store_is_up(registry->store) || now_ms - registry->lease_asked_ms < every_ms) {
        return;
    }
    registry->renewing = true;
    registry->lease_asked_ms = now_ms;
    if (registry->active) {
        forget_libraries(registry, now_ms);
        store_renew(registry->store, lease_ms, registry->hearing.since_ms, registry->hearing.until_ms, on_renewed,
                    registry);
    } else if (!registry->stopping) {
        store_acquire(registry->store, registry->instance, lease_ms, on_lease, registry);
    }
}

static void on_released(void *context, enum store_outcome outcome)
{
    (void)outcome;
    struct registry *registry = context;
    registry->active = false;
}

void duty_release(struct registry *registry)
{
    registry->releasing = true;
    store_release(registry->store, on_released, registry);
}

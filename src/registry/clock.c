/*
 * clock.c -- Redis's clock set back, or another Redis whose clock is behind: what is armed would come due too late, so
 * it is brought near.
 */
#include "registry/clock.h"

#include "registry/internal.h"
#include "store/clock.h"

#include <inttypes.h>
#include <stdio.h>

static void go_on(struct registry *registry);

static void on_near(void *context, const struct store_near *near)
{
    struct registry *registry = context;
    struct clock_watch *watch = &registry->clock;
    watch->busy = false;
    if (near->outcome != STORE_DONE) {
        watch->wanted = true;
    } else if (near->next.len > 0 && near->next.len < sizeof watch->place) {
        (void)snprintf(watch->place, sizeof watch->place, "%.*s", TEXT_ARG(near->next));
        go_on(registry);
    } else {
        note(registry, LOG_INFO, "everything that is armed comes due by Redis's clock as it is now");
    }
}

static void go_on(struct registry *registry)
{
    registry->clock.busy = true;
    store_bring_near(registry->store, text_of(registry->clock.place), on_near, registry);
}

static void on_state(void *context, const struct store_clock_state *state)
{
    struct registry *registry = context;
    struct clock_watch *watch = &registry->clock;
    watch->busy = false;
    if (state->outcome != STORE_DONE) {
        watch->wanted = true;
    } else if (state->behind_ms > TIMEBASE_JUMP_MS) {
        note(registry, LOG_WARN, "Redis's clock is %" PRId64 " ms behind what it was", state->behind_ms);
        (void)snprintf(watch->place, sizeof watch->place, "0");
        go_on(registry);
    }
}

void clock_check(struct registry *registry)
{
    struct clock_watch *watch = &registry->clock;
    watch->wanted = true;
    if (registry->active && store_is_up(registry->store) && !watch->busy) {
        watch->wanted = false;
        watch->busy = true;
        store_check_clock(registry->store, on_state, registry);
    }
}

void clock_tick(struct registry *registry)
{
    if (registry->clock.wanted) {
        clock_check(registry);
    }
}

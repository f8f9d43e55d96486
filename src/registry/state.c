/* state.c -- whether this daemon can be relied on, and what is missing. */
#include "registry/state.h"

#include "base/clock.h"
#include "domain/hearing.h"
#include "registry/internal.h"

enum { HEARD_LATELY_MS = 5000 };

struct registry_state registry_state(const struct registry *registry)
{
    int64_t now_ms = timebase_remote_ms(store_clock(registry->store), clock_monotonic_ms());
    return (struct registry_state){
        .instance = registry->instance,
        .active = registry->active,
        .hearing = registry->listening && !hearing_is_deaf(&registry->hearing) &&
                   now_ms - registry->hearing.until_ms < HEARD_LATELY_MS,
        .redis = store_is_up(registry->store),
        .reconciled = registry->reconciled.swept && registry->reconciled.told,
        .stopping = registry->stopping,
    };
}

bool registry_is_ready(const struct registry_state *state)
{
    return state->active && state->hearing && state->redis && state->reconciled && !state->stopping;
}

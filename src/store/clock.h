/* clock.h -- Redis's clock, where it is behind what it has shown before. Called and answered as store.h says. */
#ifndef MUSTER_STORE_CLOCK_H
#define MUSTER_STORE_CLOCK_H

#include "base/text.h"
#include "store/store.h"

/*
 * store_check_clock tells how far Redis's clock is behind the latest that it, or the Redis before it, has shown to this
 * daemon or an earlier active one. Epochs and ids of events grow on from there. Where it is behind, store_bring_near
 * begins with place "0" and goes on until next is absent: what is armed is to come due no later than had it been armed
 * now.
 */
struct store_clock_state {
    enum store_outcome outcome;
    int64_t behind_ms;
};

typedef void store_clock_fn(void *context, const struct store_clock_state *state);
void store_check_clock(struct store *store, store_clock_fn *done, void *context);

struct store_near {
    enum store_outcome outcome;
    struct text next;
};

typedef void store_near_fn(void *context, const struct store_near *near);
void store_bring_near(struct store *store, struct text place, store_near_fn *done, void *context);

#endif

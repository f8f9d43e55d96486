/* clock.h -- whether what is armed fits Redis's clock. On the loop thread. */
#ifndef MUSTER_REGISTRY_CLOCK_H
#define MUSTER_REGISTRY_CLOCK_H

#include <stdbool.h>

struct registry;

struct clock_watch {
    bool wanted; /* the clock is to be looked at */
    bool busy;
    char place[32];
};

/* clock_check is called wherever Redis's clock may be another than before. */
void clock_check(struct registry *registry);
void clock_tick(struct registry *registry);

#endif

/* brake.h -- the brakes of fleet and zones. On the loop thread. */
#ifndef MUSTER_REGISTRY_BRAKE_H
#define MUSTER_REGISTRY_BRAKE_H

#include <stdbool.h>
#include <stddef.h>

struct asker;
struct brake_scope;
struct query;
struct registry;
struct store_due;

struct brakes {
    struct brake_scope *scopes;
    size_t count;
    size_t cap;
    bool loaded; /* what earlier daemons left is known; until then every brake holds */
    bool asking;
};

void brake_tick(struct registry *registry);
void brake_fini(struct registry *registry);

/* brake_rebase begins the time anew for which brakes hold, since the clock has jumped. */
void brake_rebase(struct registry *registry);

/* brake_holds: true where the step is to be armed again. */
bool brake_holds(struct registry *registry, const struct store_due *due);

void brake_ask_release(struct registry *registry, const struct query *query, struct asker *asker);

#endif

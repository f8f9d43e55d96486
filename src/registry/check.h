/* check.h -- everything that is stored, looked at in steps. On the loop thread; the asker is answered exactly once. */
#ifndef MUSTER_REGISTRY_CHECK_H
#define MUSTER_REGISTRY_CHECK_H

struct asker;
struct query;
struct registry;

/* Who asks while a check is under way waits for its end. */
void check_ask(struct registry *registry, const struct query *query, struct asker *asker);

#endif

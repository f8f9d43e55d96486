/* health.h -- the health of one worker and of all. On the loop thread; the asker is answered exactly once. */
#ifndef MUSTER_REGISTRY_HEALTH_H
#define MUSTER_REGISTRY_HEALTH_H

struct asker;
struct query;
struct registry;

void health_ask(struct registry *registry, const struct query *query, struct asker *asker);
void health_ask_summary(struct registry *registry, const struct query *query, struct asker *asker);

#endif

/* operate.h -- what operators do to workers. On the loop thread; the asker is answered exactly once. */
#ifndef MUSTER_REGISTRY_OPERATE_H
#define MUSTER_REGISTRY_OPERATE_H

struct asker;
struct query;
struct registry;

void operate_recover(struct registry *registry, const struct query *query, struct asker *asker);
void operate_drain(struct registry *registry, const struct query *query, struct asker *asker);
void operate_maintain(struct registry *registry, const struct query *query, struct asker *asker);
void operate_resume(struct registry *registry, const struct query *query, struct asker *asker);
void operate_forget(struct registry *registry, const struct query *query, struct asker *asker);
void operate_cleanup(struct registry *registry, const struct query *query, struct asker *asker);

#endif

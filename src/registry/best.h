/* best.h -- find with sort: the workers with the most free capacity. On the loop thread; answered exactly once. */
#ifndef MUSTER_REGISTRY_BEST_H
#define MUSTER_REGISTRY_BEST_H

#include <stdbool.h>

struct asker;
struct query;

void best_find(const struct query *query, bool schedulable, struct asker *asker);

#endif

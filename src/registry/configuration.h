/* configuration.h -- the configuration as it is asked for, without its secrets. On the loop thread. */
#ifndef MUSTER_REGISTRY_CONFIGURATION_H
#define MUSTER_REGISTRY_CONFIGURATION_H

struct asker;
struct query;
struct registry;

void configuration_ask(struct registry *registry, const struct query *query, struct asker *asker);

#endif

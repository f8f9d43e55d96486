/* heartbeat.h -- a heartbeat: decoded, gathered into batches, and told to Redis. On the loop thread. */
#ifndef MUSTER_REGISTRY_HEARTBEAT_H
#define MUSTER_REGISTRY_HEARTBEAT_H

#include <stdbool.h>

struct heartbeat;
struct inbound;
struct registry;

/* So many batches may be on their way to Redis. */
enum { BATCHES_MAX = 4 };

/* heartbeat_worker goes on from a message; where that was not decoded, registry->violations say why. */
void heartbeat_worker(struct registry *registry, const struct inbound *inbound, struct heartbeat *heartbeat,
                      bool decoded);
void handle_heartbeat(struct registry *registry, const struct inbound *inbound);

/* heartbeat_flush sends the batch that is being gathered. */
void heartbeat_flush(struct registry *registry);

#endif

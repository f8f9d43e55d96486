/* deregister.h -- a goodbye: decoded, taken, answered. On the loop thread. */
#ifndef MUSTER_REGISTRY_DEREGISTER_H
#define MUSTER_REGISTRY_DEREGISTER_H

#include <stdbool.h>

struct deregistration;
struct inbound;
struct registry;

/* deregister_worker goes on from a message; where that was not decoded, registry->violations say why. */
void deregister_worker(struct registry *registry, const struct inbound *inbound, struct deregistration *deregistration,
                       bool decoded);
void handle_deregister(struct registry *registry, const struct inbound *inbound);

#endif

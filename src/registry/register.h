/* register.h -- a registration: decoded, judged, taken, answered. On the loop thread. */
#ifndef MUSTER_REGISTRY_REGISTER_H
#define MUSTER_REGISTRY_REGISTER_H

#include <stdbool.h>

struct inbound;
struct registration;
struct registry;

/* register_worker goes on from a message; where that was not decoded, registry->violations say why. */
void register_worker(struct registry *registry, const struct inbound *inbound, struct registration *registration,
                     bool decoded);
void handle_register(struct registry *registry, const struct inbound *inbound);

#endif

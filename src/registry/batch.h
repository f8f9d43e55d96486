/* batch.h -- batches that are worked off a piece at a time, the inbox waiting. On the loop thread. */
#ifndef MUSTER_REGISTRY_BATCH_H
#define MUSTER_REGISTRY_BATCH_H

struct inbound;
struct registry;

void handle_register_batch(struct registry *registry, const struct inbound *inbound);
void handle_gateway_register(struct registry *registry, const struct inbound *inbound);
void handle_gateway_deregister(struct registry *registry, const struct inbound *inbound);

#endif

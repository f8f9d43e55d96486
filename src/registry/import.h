/* import.h -- workers taken over from another registry. On the loop thread; answered exactly once. */
#ifndef MUSTER_REGISTRY_IMPORT_H
#define MUSTER_REGISTRY_IMPORT_H

struct inbound;
struct registry;

void handle_import(struct registry *registry, const struct inbound *inbound);

#endif

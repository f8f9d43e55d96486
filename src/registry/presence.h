/* presence.h -- the connection that says that this daemon exists. On the loop thread. */
#ifndef MUSTER_REGISTRY_PRESENCE_H
#define MUSTER_REGISTRY_PRESENCE_H

#include "base/err.h"

#include <stdint.h>

struct registry;

enum err presence_new(struct registry *registry, struct fault *out_fault) MUST_USE;
void presence_connected(struct registry *registry);
void presence_tell(struct registry *registry);
void presence_leave(struct registry *registry);
void presence_tick(struct registry *registry, int64_t now_ms);

#endif

/* duty.h -- the lease: asked for, renewed, lost, given back. On the loop thread; times are monotonic ms. */
#ifndef MUSTER_REGISTRY_DUTY_H
#define MUSTER_REGISTRY_DUTY_H

#include <stdint.h>

struct registry;

void duty_tick(struct registry *registry, int64_t now_ms);
void duty_lose(struct registry *registry, const char *why);
void duty_release(struct registry *registry);

#endif

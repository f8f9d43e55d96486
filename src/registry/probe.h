/*
 * probe.h -- whether the broker takes anyone in, where nothing comes from it. On the loop thread; times are monotonic
 * ms.
 */
#ifndef MUSTER_REGISTRY_PROBE_H
#define MUSTER_REGISTRY_PROBE_H

#include "base/err.h"

#include <stdint.h>

struct registry;

enum err probe_new(struct registry *registry, struct fault *out_fault) MUST_USE;
void probe_connected(struct registry *registry);
void probe_tick(struct registry *registry, int64_t now_ms);

#endif

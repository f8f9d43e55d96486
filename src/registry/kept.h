/*
 * kept.h -- heartbeats that Redis could not be told, the newest of each worker. On the loop thread; times are monotonic
 * ms.
 */
#ifndef MUSTER_REGISTRY_KEPT_H
#define MUSTER_REGISTRY_KEPT_H

#include "base/err.h"
#include "base/newest.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

struct registry;

struct kept {
    struct newest *heartbeats; /* worker id: payload */
    bool pending;        /* there are some, or they were handed over and it is not known yet whether Redis has them */
    int64_t retry_at_ms; /* monotonic */
};

enum err kept_new(struct registry *registry, struct fault *out_fault) MUST_USE;
void kept_fini(struct registry *registry);

/* kept_keep keeps a heartbeat until Redis takes it; false where there is no room for it. */
bool kept_keep(struct registry *registry, struct text worker_id, struct text payload);

/* kept_outdate forgets what is kept of a worker: a later heartbeat has been heard, with this payload. */
void kept_outdate(struct registry *registry, struct text worker_id, struct text payload);
void kept_forget(struct registry *registry); /* somebody else was active */

/* kept_settle is called when it is known what became of a batch. */
void kept_settle(struct registry *registry);

/* kept_send hands over as many as may be under way at once, kept_tick the rest. */
void kept_send(struct registry *registry);
void kept_tick(struct registry *registry, int64_t now_ms);

#endif

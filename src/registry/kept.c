/*
 * kept.c -- heartbeats that Redis could not be told, until it is back: the newest of each worker, within a cap. They
 * are handed over before anything that is heard later of the same worker.
 */
#include "registry/kept.h"

#include "base/clock.h"
#include "base/newest.h"
#include "codec/message.h"
#include "codec/topic.h"
#include "registry/canary.h"
#include "registry/heartbeat.h"
#include "registry/inbound.h"
#include "registry/internal.h"

enum { WORKERS_MAX = 100000, BYTES_MAX = 32 * 1024 * 1024, RETRY_MS = 250, BATCHES_AT_ONCE = BATCHES_MAX - 1 };

enum err kept_new(struct registry *registry, struct fault *out_fault)
{
    registry->kept.heartbeats = newest_new(WORKERS_MAX, BYTES_MAX);
    return registry->kept.heartbeats != NULL ? ERR_OK : fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
}

void kept_fini(struct registry *registry)
{
    newest_free(registry->kept.heartbeats);
    registry->kept.heartbeats = NULL;
}

/* What is not told to Redis is not heard either: nobody's silence may be judged until it has been told. */
bool kept_keep(struct registry *registry, struct text worker_id, struct text payload)
{
    struct kept *kept = &registry->kept;
    if (registry->stopped) {
        return false;
    }
    bool is_said_already = payload.len == 0 && newest_has(kept->heartbeats, worker_id);
    bool has_room = is_said_already || newest_put(kept->heartbeats, worker_id, payload);
    kept->retry_at_ms = clock_monotonic_ms() + RETRY_MS;
    if (!kept->pending) {
        kept->pending = true;
        canary_interrupt(registry, "heartbeats are kept until Redis takes them");
    }
    return has_room;
}

/* An empty heartbeat says nothing that would make an earlier one untrue. */
void kept_outdate(struct registry *registry, struct text worker_id, struct text payload)
{
    if (payload.len > 0) {
        newest_drop(registry->kept.heartbeats, worker_id);
    }
}

void kept_forget(struct registry *registry)
{
    newest_clear(registry->kept.heartbeats);
    registry->kept.pending = false;
}

void kept_settle(struct registry *registry)
{
    struct kept *kept = &registry->kept;
    bool was_pending = kept->pending;
    kept->pending = newest_count(kept->heartbeats) > 0;
    if (was_pending && !kept->pending) {
        note(registry, LOG_INFO, "Redis has the heartbeats that were kept for it");
    }
}

static void send_one(struct registry *registry, struct text worker_id, struct text payload)
{
    const struct inbound inbound = {.payload = payload,
                                    .sender = {.kind = TOPIC_WORKER_HEARTBEAT, .id = worker_id},
                                    .encoding = encoding_of(payload)};
    handle_heartbeat(registry, &inbound);
}

void kept_send(struct registry *registry)
{
    struct newest *heartbeats = registry->kept.heartbeats;
    struct text worker_id;
    struct text payload;
    if (newest_count(heartbeats) == 0 || !registry->active || !store_is_up(registry->store)) {
        return;
    }
    while (registry->batches_open < BATCHES_AT_ONCE && newest_take(heartbeats, &worker_id, &payload)) {
        send_one(registry, worker_id, payload);
    }
    heartbeat_flush(registry);
}

void kept_tick(struct registry *registry, int64_t now_ms)
{
    if (now_ms >= registry->kept.retry_at_ms) {
        kept_send(registry);
    }
}

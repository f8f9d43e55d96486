/* publish.h -- what is on its way from the stream to the world. On the loop thread; times are monotonic ms. */
#ifndef MUSTER_REGISTRY_PUBLISH_H
#define MUSTER_REGISTRY_PUBLISH_H

#include "base/backoff.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct registry;

enum { OUTBOX_BATCHES_MAX = 3, STREAM_ID_BYTES = 48 };
struct publisher {
    bool reading;
    bool unwanted; /* what is being read: it was asked for before the batches were given up */
    bool advancing;
    bool again; /* more was added while busy */
    uint64_t next_id;
    /* Those that are out, oldest first; the cursor follows when the first have been acknowledged. */
    struct outbox_batch {
        uint64_t end_id; /* of its publications: the first id beyond */
        size_t unacknowledged;
        bool full;                  /* there may be more behind it */
        char last[STREAM_ID_BYTES]; /* of its events */
    } batches[OUTBOX_BATCHES_MAX];
    size_t batch_count;
    uint64_t first_id;   /* of them all: earlier acknowledgements are not theirs */
    size_t acknowledged; /* batches that the cursor is on its way past */
    struct backoff backoff;
    int64_t retry_at_ms;
    bool gives_way;         /* to the replies for a crowd, or to its steps */
    int64_t crowd_first_ms; /* monotonic: when one was seen first since all had been told; 0: none was */
    int64_t crowd_last_ms;
    int64_t read_at_ms; /* monotonic */
    struct buf payload;
    struct buf topic;
};

void publish_init(struct registry *registry);
void publish_fini(struct registry *registry);
void publish_kick(struct registry *registry);
void publish_tick(struct registry *registry, int64_t now_ms);
void publish_acknowledged(struct registry *registry, uint64_t id);
void publish_failed(struct registry *registry, const char *why);
bool publish_is_idle(const struct registry *registry);

#endif

/* counters.h -- what has been counted since the start. On the loop thread. */
#ifndef MUSTER_REGISTRY_COUNTERS_H
#define MUSTER_REGISTRY_COUNTERS_H

#include "codec/topic.h"
#include "domain/code.h"

#include <stdint.h>

struct registry;

enum message_result { MESSAGE_RETAINED = CODE_COUNT, MESSAGE_RESULT_COUNT };
struct counters {
    uint64_t messages[TOPIC_KIND_COUNT][MESSAGE_RESULT_COUNT]; /* by kind and the code that was the answer */
    uint64_t heartbeats_dropped;                               /* while Redis was away, and no room to keep them */
    uint64_t heartbeats_merged;                                /* Redis was not told of them */
    uint64_t events_published;
    uint64_t steps_by_event;
    uint64_t steps_by_sweep;
    uint64_t interruptions;
};

/* count_message counts a message by kind and result; counters_tell logs what is new. */
void count_message(struct registry *registry, enum topic_kind kind, unsigned result);
void counters_tell(struct registry *registry);
void counters_tick(struct registry *registry, int64_t now_ms);

#endif

/* counters.c -- what came in and what became of it, counted, and told in the log when something was new. */
#include "registry/counters.h"

#include "codec/topic.h"
#include "registry/internal.h"

#include <inttypes.h>
#include <string.h>

enum { TELL_EVERY_MS = 60000 };

static const char *const kind_names[TOPIC_KIND_COUNT] = {
    [TOPIC_UNKNOWN] = "unknown topic",
    [TOPIC_WORKER_REGISTER] = "register",
    [TOPIC_WORKER_HEARTBEAT] = "heartbeat",
    [TOPIC_WORKER_DEREGISTER] = "deregister",
    [TOPIC_WORKER_WILL] = "will",
    [TOPIC_GATEWAY_REGISTER] = "gateway register",
    [TOPIC_GATEWAY_HEARTBEAT] = "gateway heartbeat",
    [TOPIC_GATEWAY_DEREGISTER] = "gateway deregister",
    [TOPIC_GATEWAY_WILL] = "gateway will",
    [TOPIC_REQUEST] = "request",
    [TOPIC_CANARY] = "canary",
};

void count_message(struct registry *registry, enum topic_kind kind, unsigned result)
{
    registry->counters.messages[kind][result]++;
}

static void tell_kind(const struct registry *registry, enum topic_kind kind)
{
    const uint64_t *results = registry->counters.messages[kind];
    struct buf line = {0};
    for (unsigned result = 0; result < MESSAGE_RESULT_COUNT; result++) {
        const char *name = result == MESSAGE_RETAINED ? "retained" : code_name((enum reply_code)result);
        if (results[result] > 0) {
            buf_printf(&line, " %s %" PRIu64, name, results[result]);
        }
    }
    if (line.len > 0) {
        note(registry, LOG_INFO, "counted: %s%.*s", kind_names[kind], TEXT_ARG(buf_text(&line)));
    }
    buf_fini(&line);
}

void counters_tell(struct registry *registry)
{
    const struct counters *counters = &registry->counters;
    if (memcmp(counters, &registry->counters_told, sizeof *counters) == 0) {
        return;
    }
    for (unsigned kind = 0; kind < TOPIC_KIND_COUNT; kind++) {
        tell_kind(registry, (enum topic_kind)kind);
    }
    note(registry, LOG_INFO,
         "counted: events published %" PRIu64 " steps by event %" PRIu64 " by sweep %" PRIu64
         " hearing interrupted %" PRIu64 " heartbeats dropped %" PRIu64 " merged %" PRIu64,
         counters->events_published, counters->steps_by_event, counters->steps_by_sweep, counters->interruptions,
         counters->heartbeats_dropped, counters->heartbeats_merged);
    registry->counters_told = *counters;
}

void counters_tick(struct registry *registry, int64_t now_ms)
{
    if (now_ms - registry->counters_told_ms >= TELL_EVERY_MS) {
        registry->counters_told_ms = now_ms;
        counters_tell(registry);
    }
}

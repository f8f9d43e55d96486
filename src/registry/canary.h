/* canary.h -- what is being heard: canaries sent through the broker and back. On the loop thread. */
#ifndef MUSTER_REGISTRY_CANARY_H
#define MUSTER_REGISTRY_CANARY_H

#include "broker/broker.h"
#include "registry/connection.h"

#include <stdint.h>

struct registry;

enum { CANARIES_KEPT = 128 };
struct canary {
    uint64_t number;                /* of the latest one sent */
    int64_t sent_ms[CANARIES_KEPT]; /* Redis's time; by number */
    int64_t sent_at_ms;             /* monotonic: of the latest one */
    uint64_t first_number;          /* earlier ones are from before the last interruption */
    uint64_t back_on_control;
    uint64_t back_on_pulse;
};

void canary_interrupt(struct registry *registry, const char *why);
void canary_tick(struct registry *registry, int64_t now_ms);

/* canary_seek: hearing ought to reach that moment, in Redis's time, soon. */
void canary_seek(struct registry *registry, int64_t moment_ms);
void handle_canary(struct connection *connection, const struct broker_message *message);

#endif

/* retained.h -- what the broker keeps of the registry's own state topics. On the loop thread. */
#ifndef MUSTER_REGISTRY_RETAINED_H
#define MUSTER_REGISTRY_RETAINED_H

#include "base/text.h"
#include "broker/broker.h"

#include <stdbool.h>
#include <stdint.h>

struct registry;

struct retained {
    bool known;       /* read back since control subscribed */
    int64_t since_ms; /* monotonic: when it subscribed; 0: it has not */
};

struct text retained_below(const struct registry *registry, struct text topic, const char *level);

/* retained_is_read_back: what is retained there comes with the subscription. */
bool retained_is_read_back(const char *filter);

/* retained_take is true where the topic is one of the registry's own, and deals with the message. */
bool retained_take(struct registry *registry, const struct broker_message *message);
void retained_tick(struct registry *registry, int64_t now_ms);

#endif

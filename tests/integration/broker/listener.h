/* listener.h -- a connection under test with its events waited for one by one. */
#ifndef MUSTER_TESTS_INTEGRATION_BROKER_LISTENER_H
#define MUSTER_TESTS_INTEGRATION_BROKER_LISTENER_H

#include "broker/broker.h"

#include <poll.h>
#include <stdio.h>

enum { EVENT_MS = 10000 };

/* listener_next takes the next event as soon as there is one; false after timeout_ms. */
static inline bool listener_next(struct broker *broker, struct broker_event *out_event, int timeout_ms)
{
    struct pollfd readable = {.fd = broker_fd(broker), .events = POLLIN};
    while (!broker_next(broker, out_event)) {
        if (poll(&readable, 1, timeout_ms) <= 0) {
            return false;
        }
    }
    return true;
}

/* listener_expect takes the next event and says whether it is of the kind; another is told on standard error. */
static inline bool listener_expect(struct broker *broker, enum broker_event_kind kind, struct broker_event *out_event)
{
    if (!listener_next(broker, out_event, EVENT_MS)) {
        (void)fprintf(stderr, "no event within %d ms\n", EVENT_MS);
        return false;
    }
    if (out_event->kind != kind) {
        (void)fprintf(stderr, "event %d instead of %d: %.*s (code %d)\n", (int)out_event->kind, (int)kind,
                      TEXT_ARG(out_event->reason), out_event->reason_code);
    }
    return out_event->kind == kind;
}

/* listener_connect connects and waits; its messages follow. */
static inline bool listener_connect(struct broker *broker, struct broker_event *out_event)
{
    struct fault fault = {0};
    if (broker_connect(broker, &fault) != ERR_OK) {
        (void)fprintf(stderr, "%s\n", fault.text);
        return false;
    }
    return listener_expect(broker, BROKER_CONNECTED, out_event);
}

/* listener_subscribe subscribes to one filter with QoS 1 and waits. */
static inline bool listener_subscribe(struct broker *broker, const char *filter)
{
    const struct broker_subscription subscription = {.filter = filter, .qos = 1};
    struct broker_event event;
    struct fault fault = {0};
    return broker_subscribe(broker, &subscription, 1, &fault) == ERR_OK &&
           listener_expect(broker, BROKER_SUBSCRIBED, &event);
}

#endif

/*
 * client.h -- a yardstick's one connection, by the MQTT library alone: subscribed where that is wanted, publications at
 * QoS 1 through a window. The library's threads call what arrives; all else is for one thread.
 */
#ifndef MUSTER_TESTS_BENCH_CLIENT_H
#define MUSTER_TESTS_BENCH_CLIENT_H

#include "broker/broker.h"

#include <MQTTAsync.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { CLIENT_WINDOW_MAX = 65535 };

/* What has arrived is the library's, and gone when this returns. */
typedef void client_arrived_fn(void *context, const char *topic, const MQTTAsync_message *message);

struct client_plan {
    const char *program; /* in front of what is told on stderr */
    const char *uri;
    const char *client_id;
    const char *topic; /* NULL: nothing is subscribed to */
    int qos;
    client_arrived_fn *arrived;
    void *context;
    long window;              /* of publications; 0: there are none */
    unsigned receive_maximum; /* of what is subscribed to; 0: the protocol's */
};

struct client {
    struct client_plan plan;
    MQTTAsync handle;
    sem_t news;
    atomic_bool ready;
    atomic_bool failed;
    atomic_bool ending;
    atomic_long unacknowledged;
    bool filling; /* until the window is full, and again when half of it is free */
};

/* client_open waits until it is connected and subscribed, which it says on stderr; false: there it says why not. */
bool client_open(struct client *client, const struct client_plan *plan) MUST_USE;

/* client_close is safe on one that is all zero; false where it had failed. */
bool client_close(struct client *client);

/* client_end_on_signals: SIGTERM and SIGINT end this one. One in a process. */
void client_end_on_signals(struct client *client);
bool client_is_ending(const struct client *client);

/*
 * client_wait returns at the deadline, or before: when half of the window has become free, or all of it, after
 * client_wake, and when it is to end, be it for a failure. Whoever waits looks what it was, which may be nothing.
 */
void client_wait(struct client *client, int64_t deadline_us);

/* Any thread. */
void client_wake(struct client *client);

/* client_has_room says whether the window lets one more out. */
bool client_has_room(struct client *client);

/* client_publish sends as the publication says, but for its qos, id and ahead; where that fails the client ends. */
void client_publish(struct client *client, const struct broker_publication *publication);

#endif

/*
 * connection.h -- one connection to the broker, with its own inbox. On the loop thread; the caller's memory, which must
 * not move.
 */
#ifndef MUSTER_REGISTRY_CONNECTION_H
#define MUSTER_REGISTRY_CONNECTION_H

#include "base/backoff.h"
#include "base/err.h"
#include "broker/broker.h"

struct event;
struct registry;

struct connection {
    struct registry *registry;
    const char *name; /* for people: "control", "pulse", "presence", "probe" */
    struct broker *broker;
    struct event *readable;
    struct event *pause;
    int64_t drained_us; /* monotonic: when the inbox was looked into last */
    struct backoff backoff;
    bool wanted;     /* connected, connecting, or waiting to try again */
    bool connecting; /* an attempt is under way */
    bool connected;
    bool subscribed;
    int64_t down_at_ms;  /* monotonic: when it was lost or failed */
    int64_t retry_at_ms; /* monotonic: not before */
    uint64_t dropped;    /* drops of the inbox that have been noticed */
    uint64_t received;   /* messages, when it was last looked at */
    int64_t heard_ms;    /* monotonic: when something came last, or nothing had to */
    bool silent;         /* nothing came for longer than it should */
};

/* connection_options returns how any connection reaches the broker; its texts live as long as registry and client_id.
 */
struct broker_options connection_options(const struct registry *registry, const char *client_id);
enum err connection_new(struct connection *connection, struct registry *registry, const char *name,
                        const struct broker_options *options, struct fault *out_fault) MUST_USE;
void connection_fini(struct connection *connection);
void connection_want(struct connection *connection, bool wanted);

/* connection_tick tries to reconnect, for control and pulse only with a fresh lease. */
void connection_tick(struct connection *connection, int64_t now_ms);

/* connection_give_up_silent gives up those of control and pulse that have been silent for too long, or half as long. */
void connection_give_up_silent(struct registry *registry, int64_t now_ms);

/* connection_resume looks into the inbox again, from the loop. */
void connection_resume(struct connection *connection);

#endif

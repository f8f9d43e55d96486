/*
 * guard.h -- the connections: how many there are, how long they may take and how much they may send. What they ask is
 * nothing to it.
 *
 * evhttp tells neither of a new connection nor of its end before a request is complete, and looks only at the pause
 * between two bytes. So the guard makes the connections' bufferevents, keeps a reference to each of its own, and looks
 * at all of them a few times a second.
 */
#ifndef MUSTER_HTTP_GUARD_H
#define MUSTER_HTTP_GUARD_H

#include "base/err.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GUARD_SPARE = 64, /* connections beyond the cap that are told so; more wait until some have gone */
    GUARD_HEADERS_MAX = 16 * 1024,
    GUARD_HELD_MAX = 32 * 1024 * 1024, /* bytes that all connections together have sent and that are not read yet */
    GUARD_STREAM_SENDS_MAX = 16 * 1024,
};

struct guard_limits {
    size_t connections_max;
    int64_t request_ms; /* a request has to be complete that long after it began */
    int64_t idle_ms;    /* between two requests */
    size_t body_bytes_max;
};

enum link_phase {
    LINK_READING,
    LINK_ANSWERING,
    LINK_WRITING,
    LINK_STREAMING,
    LINK_IDLE,
    LINK_LINGERING, /* evhttp is done with it; what still comes is thrown away, or the answer might not be read */
};

/* One connection. Lives at least as long as evhttp has it. */
struct link {
    struct guard *guard;
    struct bufferevent *bev;
    size_t index; /* in the guard's list */
    enum link_phase phase;
    int64_t deadline_ms; /* monotonic; INT64_MAX: none */
    size_t held;
    bool refused; /* there are too many */
};

struct guard {
    struct event_base *base;
    struct guard_limits limits;
    struct evconnlistener *listener; /* owned by evhttp */
    struct event *tick;
    struct link **links;
    size_t count;
    size_t cap;
    size_t held;
    uint64_t refused; /* connections that were too many */
    uint64_t cut;     /* connections that were cut off */
};

/* guard_init makes the timer; guard_watch puts the guard before a server that listens by listener. */
enum err guard_init(struct guard *guard, struct event_base *base, const struct guard_limits *limits) MUST_USE;
void guard_watch(struct guard *guard, struct evhttp *http, struct evconnlistener *listener);

/* guard_leave stops taking connections; guard_fini is for after evhttp_free. */
void guard_leave(struct guard *guard);
void guard_fini(struct guard *guard);

/* guard_look looks for connections that have ended, soon. */
void guard_look(struct guard *guard);

/* guard_find returns the connection; NULL where the guard has not made it. */
struct link *guard_find(struct guard *guard, struct evhttp_connection *connection);

/* link_enter notes what the connection is about now, and so how long it has. */
void link_enter(struct link *link, enum link_phase phase);

#endif

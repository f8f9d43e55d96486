/* internal.h -- what the files of the HTTP server share. */
#ifndef MUSTER_HTTP_INTERNAL_H
#define MUSTER_HTTP_INTERNAL_H

#include "codec/document.h"
#include "codec/message.h"
#include "http/guard.h"
#include "http/routes.h"
#include "http/server.h"

#include <event2/buffer.h>
#include <event2/http.h>

/* One request that is being answered. exchange.c */
struct exchange {
    struct server *server;
    struct exchange *next;
    struct exchange *previous;
    struct evhttp_request *request;
    const struct route *route; /* NULL: none was found */
    bool is_head;
    struct violations *violations; /* of its parameters; NULL: none. Owned. */
};

/* What was answered with which status. metrics.c */
enum { TALLIED_STATUSES = 12, TALLIED_ROUTES_MAX = 48 };
struct tally {
    uint64_t answers[TALLIED_ROUTES_MAX + 1][TALLIED_STATUSES + 1]; /* the last of each: any other */
};

/* Everybody who looks on at the events. stream.c */
struct stream;
enum { EVENT_ID_MAX = 48 };
struct hub {
    struct server *server;
    struct stream *first;
    size_t count;
    char position[EVENT_ID_MAX]; /* of the last event that those who are up to date have been told of; "": not known */
    bool asking;
    bool again; /* more was added meanwhile */
    struct event *tick;
    uint64_t refused; /* streams that were too many */
    uint64_t cut;     /* streams whose reader was too slow */
};

struct server {
    struct event_base *base;
    struct registry *registry;
    struct evhttp *http;
    struct evhttp_bound_socket *socket;
    struct guard guard;
    struct decoder *decoder;
    struct exchange *exchanges;
    struct hub hub;
    struct tally tally;
    int64_t max_streams;
    int64_t stream_heartbeat_ms;
    bool stopping;
};

/* exchange.c: every request is answered exactly once by one of the exchange_answer functions, which free it. */
struct exchange *exchange_new(struct server *server, struct evhttp_request *request);
void exchange_free(struct exchange *exchange);
void exchange_header(struct exchange *exchange, const char *name, const char *value);

/* exchange_answer sends bytes (which may be empty) of a content type. */
void exchange_answer(struct exchange *exchange, int status, const char *content_type, struct text bytes);

/* exchange_answer_document sends a JSON document, with the status and headers that its code wants. NULL: no memory. */
void exchange_answer_document(struct exchange *exchange, enum reply_code code, const json_t *document);

/* exchange_refuse sends a reply with this code and sentence under a status of its own, or (0) the code's. */
void exchange_refuse(struct exchange *exchange, int status, enum reply_code code, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* exchange_refuse_all sends a reply with all that is wrong. */
void exchange_refuse_all(struct exchange *exchange, const struct violations *violations);

/* ask.c: the registry is asked by the route's verb. */
void ask_registry(struct exchange *exchange, struct text worker_id);

/* stream.c */
enum err stream_init(struct server *server) MUST_USE;
void stream_fini(struct server *server);
void stream_begin(struct exchange *exchange);
void stream_kick(struct server *server); /* there are new events, maybe */
void stream_end_all(struct server *server);

/* probe.c: what the daemon says of itself. */
void probe_alive(struct exchange *exchange);
void probe_ready(struct exchange *exchange);

/* metrics.c */
void metrics_tally(struct server *server, const struct route *route, int status);
void metrics_answer(struct exchange *exchange);

#endif

/*
 * stream.c -- the event stream as server-sent events, for as long as somebody looks on.
 *
 * The hub reads the stream once for all who are up to date. Who begins at an earlier event, or reads too slowly,
 * catches up by itself: a page at a time, each when the one before has been taken, so what waits for a reader is
 * bounded.
 */
#include "http/internal.h"

#include "base/clock.h"
#include "http/parameters.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TICK_MS = 250,
    WAITING_MAX = 64 * 1024, /* bytes beyond which a reader is not up to date any more */
    HEARTBEATS_STALLED = 2,  /* a reader that takes nothing for so many is cut off */
    FILTER_MAX = 160,
};

static const char still_here[] = ": still here\n\n";

struct stream {
    struct hub *hub;
    struct stream *next;
    struct evhttp_request *request; /* NULL: it has ended, and waits for an answer to free it */
    char worker_id[FILTER_MAX];     /* "": all */
    char type[FILTER_MAX];
    char after[EVENT_ID_MAX]; /* the last event that it has been told of; "": begins where the hub is */
    bool is_up_to_date;
    bool asking;
    int64_t told_ms;    /* monotonic: when something was last sent */
    int64_t stalled_ms; /* monotonic: since when something waits to be taken; 0: nothing does */
};

struct event_number {
    uint64_t ms;
    uint64_t sequence;
};

static struct event_number number_of(const char *id)
{
    struct event_number number = {0};
    (void)sscanf(id, "%" SCNu64 "-%" SCNu64, &number.ms, &number.sequence);
    return number;
}

static bool is_later(const char *id, const char *other)
{
    struct event_number a = number_of(id);
    struct event_number b = number_of(other);
    return a.ms != b.ms ? a.ms > b.ms : a.sequence > b.sequence;
}

static void copy_id(char out[EVENT_ID_MAX], struct text id)
{
    (void)snprintf(out, EVENT_ID_MAX, "%.*s", TEXT_ARG(id));
}

static void forget(struct stream *stream)
{
    struct hub *hub = stream->hub;
    struct stream **at = &hub->first;
    while (*at != stream) {
        at = &(*at)->next;
    }
    *at = stream->next;
    hub->count--;
    stream->request = NULL;
    if (hub->count == 0) {
        hub->position[0] = '\0';
        (void)event_del(hub->tick);
    }
    if (!stream->asking) {
        free(stream);
    }
}

static void cut(struct stream *stream)
{
    stream->hub->cut++;
    /* Its end is told to on_closed. */
    evhttp_connection_free(evhttp_request_get_connection(stream->request));
}

/* A request that its connection has let go of is ours to free. */
static void on_closed(struct evhttp_connection *connection, void *arg)
{
    (void)connection;
    struct stream *stream = arg;
    struct server *server = stream->hub->server;
    if (evhttp_request_get_connection(stream->request) == NULL) {
        evhttp_send_reply_end(stream->request);
    }
    forget(stream);
    guard_look(&server->guard);
}

static size_t waiting(const struct stream *stream)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(stream->request);
    return evbuffer_get_length(bufferevent_get_output(evhttp_connection_get_bufferevent(connection)));
}

static void catch_up(struct stream *stream);

/* Everything has been taken. */
static void on_taken(struct evhttp_connection *connection, void *arg)
{
    (void)connection;
    struct stream *stream = arg;
    stream->stalled_ms = 0;
    if (!stream->is_up_to_date) {
        catch_up(stream);
    }
}

static void tell(struct stream *stream, struct evbuffer *bytes)
{
    if (evbuffer_get_length(bytes) > 0) {
        stream->told_ms = clock_monotonic_ms();
        stream->stalled_ms = stream->stalled_ms != 0 ? stream->stalled_ms : stream->told_ms;
        evhttp_send_reply_chunk_with_cb(stream->request, bytes, on_taken, stream);
    }
}

static void tell_line(struct stream *stream, const char *line)
{
    struct evbuffer *bytes = evbuffer_new();
    if (bytes != NULL) {
        (void)evbuffer_add(bytes, line, strlen(line));
        tell(stream, bytes);
        evbuffer_free(bytes);
    }
}

static const char *string_in(const json_t *event, const char *name)
{
    const char *string = json_string_value(json_object_get(event, name));
    return string != NULL ? string : "";
}

static bool is_wanted(const struct stream *stream, const json_t *event)
{
    return is_later(string_in(event, "eventId"), stream->after) &&
           (stream->worker_id[0] == '\0' || strcmp(stream->worker_id, string_in(event, "workerId")) == 0) &&
           (stream->type[0] == '\0' || strcmp(stream->type, string_in(event, "type")) == 0);
}

static void append_event(struct buf *out, const json_t *event)
{
    buf_printf(out, "id: %s\nevent: %s\ndata: ", string_in(event, "eventId"), string_in(event, "type"));
    if (encode_document(event, ENCODING_JSON, out) != ERR_OK) {
        out->failed = true;
    }
    buf_append_string(out, "\n\n");
}

/* Tells what is wanted of the events; false where there was no memory. */
static bool tell_events(struct stream *stream, const json_t *events)
{
    struct evbuffer *bytes = evbuffer_new();
    struct buf line = {0};
    bool told = bytes != NULL;
    for (size_t i = 0; told && i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        if (is_wanted(stream, event)) {
            buf_clear(&line);
            append_event(&line, event);
            told = !line.failed && evbuffer_add(bytes, line.data, line.len) == 0;
        }
    }
    if (told) {
        tell(stream, bytes);
    }
    buf_fini(&line);
    if (bytes != NULL) {
        evbuffer_free(bytes);
    }
    return told;
}

/* The hub may have gone on meanwhile, or not come so far yet: what it tells next is told on from where the stream is.
 */
static void on_page(void *owner, const struct registry_page *page)
{
    struct stream *stream = owner;
    stream->asking = false;
    if (stream->request == NULL) {
        free(stream);
        return;
    }
    if (!page->answered) {
        return;
    }
    if (page->truncated) {
        tell_line(stream, "event: truncated\ndata: {}\n\n");
    }
    if (!tell_events(stream, page->events)) {
        return;
    }
    copy_id(stream->after, page->next);
    if (stream->hub->position[0] != '\0' && !is_later(stream->hub->position, stream->after)) {
        stream->is_up_to_date = true;
    } else if (waiting(stream) == 0) {
        catch_up(stream);
    }
}

static void catch_up(struct stream *stream)
{
    if (!stream->asking && stream->after[0] != '\0') {
        stream->asking = true;
        registry_follow(stream->hub->server->registry, text_of(stream->after), text_of(stream->worker_id),
                        text_of(stream->type), on_page, stream);
    }
}

static void ask(struct hub *hub);

static void begin_here(struct stream *stream)
{
    copy_id(stream->after, text_of(stream->hub->position));
    stream->is_up_to_date = true;
}

static void spread(struct hub *hub, const json_t *events)
{
    struct stream *next = NULL;
    for (struct stream *stream = hub->first; stream != NULL; stream = next) {
        next = stream->next;
        if (stream->is_up_to_date && (waiting(stream) > WAITING_MAX || !tell_events(stream, events))) {
            stream->is_up_to_date = false;
        } else if (stream->is_up_to_date && is_later(hub->position, stream->after)) {
            copy_id(stream->after, text_of(hub->position));
        }
    }
}

static void on_added(void *owner, const struct registry_page *page)
{
    struct hub *hub = owner;
    hub->asking = false;
    if (!page->answered || hub->count == 0) {
        return;
    }
    bool was_known = hub->position[0] != '\0';
    copy_id(hub->position, page->next);
    if (was_known) {
        spread(hub, page->events);
    }
    for (struct stream *stream = hub->first; stream != NULL; stream = stream->next) {
        if (stream->after[0] == '\0') {
            begin_here(stream);
        }
    }
    if (hub->again || page->more) {
        ask(hub);
    }
}

static void ask(struct hub *hub)
{
    hub->again = hub->asking;
    if (hub->count > 0 && !hub->asking) {
        hub->asking = true;
        registry_follow(hub->server->registry, text_of(hub->position), text_of(""), text_of(""), on_added, hub);
    }
}

void stream_kick(struct server *server)
{
    ask(&server->hub);
}

/* What another daemon adds is not told to this one: it is looked for. */
static void tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct hub *hub = arg;
    int64_t now_ms = clock_monotonic_ms();
    int64_t heartbeat_ms = hub->server->stream_heartbeat_ms;
    struct stream *next = NULL;
    for (struct stream *stream = hub->first; stream != NULL; stream = next) {
        next = stream->next;
        if (stream->stalled_ms != 0 && now_ms - stream->stalled_ms > HEARTBEATS_STALLED * heartbeat_ms) {
            cut(stream);
        } else if (now_ms - stream->told_ms >= heartbeat_ms) {
            tell_line(stream, still_here);
        } else if (!stream->is_up_to_date && waiting(stream) == 0) {
            catch_up(stream);
        }
    }
    ask(hub);
}

static bool is_event_id(const char *id)
{
    char after = '\0';
    uint64_t ms = 0;
    uint64_t sequence = 0;
    size_t len = strlen(id);
    bool is_made_of = len > 0 && len < EVENT_ID_MAX - 2 && strspn(id, "0123456789-") == len && id[0] != '-';
    int parts = is_made_of ? sscanf(id, "%" SCNu64 "-%" SCNu64 "%c", &ms, &sequence, &after) : 0;
    return parts == 2 || (parts == 1 && strchr(id, '-') == NULL);
}

static void take_filter(const json_t *parameters, const char *name, char out[FILTER_MAX], struct violations *violations)
{
    const char *value = json_string_value(json_object_get(parameters, name));
    if (value != NULL && snprintf(out, FILTER_MAX, "%s", value) >= FILTER_MAX) {
        violations_add(violations, CODE_TOO_LARGE, "%s must be at most %d bytes (has %zu)", name, FILTER_MAX - 1,
                       strlen(value));
    }
}

static void take_parameters(struct stream *stream, struct evhttp_request *request, const struct param *params,
                            struct violations *violations)
{
    json_t *parameters = json_object();
    const char *last = evhttp_find_header(evhttp_request_get_input_headers(request), "Last-Event-ID");
    parameters_read(evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request)), params, parameters, violations);
    take_filter(parameters, "workerId", stream->worker_id, violations);
    take_filter(parameters, "type", stream->type, violations);
    const char *from = last != NULL && *last != '\0' ? last : json_string_value(json_object_get(parameters, "from"));
    if (stream->worker_id[0] != '\0' && !worker_id_valid(text_of(stream->worker_id))) {
        violations_add(violations, CODE_VALIDATION_FAILED,
                       "workerId must be 1-128 of A-Z a-z 0-9 . _ - and begin with a letter or digit (is \"%s\")",
                       stream->worker_id);
    }
    if (stream->type[0] != '\0' && !registry_knows_event_type(text_of(stream->type))) {
        violations_add(violations, CODE_VALIDATION_FAILED, "type must be a type of event (is \"%.40s\")", stream->type);
    }
    if (from != NULL && !is_event_id(from)) {
        violations_add(violations, CODE_VALIDATION_FAILED, "%s must be an event id (is \"%.40s\")",
                       from == last ? "Last-Event-ID" : "from", from);
    } else if (from != NULL) {
        (void)snprintf(stream->after, sizeof stream->after, strchr(from, '-') != NULL ? "%s" : "%s-0", from);
    }
    json_decref(parameters);
}

static void start(struct stream *stream, struct exchange *exchange)
{
    struct server *server = exchange->server;
    struct hub *hub = &server->hub;
    const struct timeval every = {.tv_usec = TICK_MS * 1000L};
    struct evhttp_connection *connection = evhttp_request_get_connection(exchange->request);
    struct link *link = guard_find(&server->guard, connection);
    if (link != NULL) {
        link_enter(link, LINK_STREAMING);
    }
    stream->hub = hub;
    stream->request = exchange->request;
    stream->next = hub->first;
    hub->first = stream;
    if (hub->count++ == 0) {
        (void)event_add(hub->tick, &every);
    }
    exchange_header(exchange, "Content-Type", "text/event-stream");
    exchange_header(exchange, "Cache-Control", "no-store");
    exchange_header(exchange, "X-Accel-Buffering", "no");
    exchange_header(exchange, "Connection", "close");
    evhttp_connection_set_closecb(connection, on_closed, stream);
    metrics_tally(server, exchange->route, HTTP_OK);
    evhttp_send_reply_start(exchange->request, HTTP_OK, NULL);
    exchange_free(exchange);
    tell_line(stream, still_here);
}

static void go_on(struct stream *stream)
{
    struct hub *hub = stream->hub;
    if (stream->after[0] != '\0') {
        catch_up(stream);
    } else if (hub->position[0] != '\0') {
        begin_here(stream);
    }
    ask(hub);
}

void stream_begin(struct exchange *exchange)
{
    struct server *server = exchange->server;
    struct violations violations = {0};
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        exchange_refuse(exchange, 0, CODE_UNAVAILABLE, "The registry is out of memory");
        return;
    }
    take_parameters(stream, exchange->request, exchange->route->params, &violations);
    if (violations.count > 0) {
        exchange_refuse_all(exchange, &violations);
    } else if (exchange->is_head) {
        exchange_answer(exchange, HTTP_OK, "text/event-stream", (struct text){"", 0});
    } else if (server->stopping || (int64_t)server->hub.count >= server->max_streams) {
        server->hub.refused++;
        exchange_refuse(exchange, 0, CODE_UNAVAILABLE, "There are too many event streams: at most %" PRId64 " at once",
                        server->max_streams);
    } else {
        start(stream, exchange);
        go_on(stream);
        return;
    }
    free(stream);
}

enum err stream_init(struct server *server)
{
    server->hub.server = server;
    server->hub.tick = event_new(server->base, -1, EV_PERSIST, tick, &server->hub);
    return server->hub.tick != NULL ? ERR_OK : ERR_NO_MEMORY;
}

/* Told that it is the end, a client comes again, and finds another daemon. */
void stream_end_all(struct server *server)
{
    while (server->hub.first != NULL) {
        struct stream *stream = server->hub.first;
        struct evhttp_request *request = stream->request;
        struct link *link = guard_find(&server->guard, evhttp_request_get_connection(request));
        if (link != NULL) {
            link_enter(link, LINK_WRITING);
        }
        evhttp_connection_set_closecb(evhttp_request_get_connection(request), NULL, NULL);
        forget(stream);
        evhttp_send_reply_end(request);
    }
}

void stream_fini(struct server *server)
{
    struct stream *next = NULL;
    for (struct stream *stream = server->hub.first; stream != NULL; stream = next) {
        next = stream->next;
        evhttp_connection_set_closecb(evhttp_request_get_connection(stream->request), NULL, NULL);
        forget(stream);
    }
    if (server->hub.tick != NULL) {
        event_free(server->hub.tick);
    }
}

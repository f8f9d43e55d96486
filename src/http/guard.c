/* guard.c -- watching connections from below evhttp. */
#include "http/guard.h"

#include "base/clock.h"
#include "domain/code.h"

#include <event2/buffer.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    TICK_MS = 100,
    ANSWER_MS = 600000,
    WRITE_MS = 30000,
    REFUSED_MS = 2000,
    LINGER_MS = 1000,
    MESSAGE_ROOM = 64 * 1024
};

/* What evhttp says by itself, in HTML, about what it could not read. */
static void append_page(struct evbuffer *out, int status, const struct guard_limits *limits)
{
    char message[160] = "This method is not known";
    const char *phrase = "Not Implemented";
    enum reply_code code = CODE_INVALID_PAYLOAD;
    if (status == HTTP_ENTITYTOOLARGE) {
        phrase = "Request Entity Too Large";
        code = CODE_TOO_LARGE;
        (void)snprintf(message, sizeof message, "The body must be at most %zu bytes, and its chunks well-formed",
                       limits->body_bytes_max);
    } else if (status == HTTP_EXPECTATIONFAILED) {
        phrase = "Expectation Failed";
        (void)snprintf(message, sizeof message, "Expect can only be 100-continue");
    } else if (status != HTTP_NOTIMPLEMENTED && status != 0) {
        status = HTTP_BADREQUEST;
        phrase = "Bad Request";
        (void)snprintf(message, sizeof message,
                       "The request must be well-formed HTTP, with at most %d bytes of headers", GUARD_HEADERS_MAX);
    } else {
        status = HTTP_NOTIMPLEMENTED;
    }
    char body[320];
    int len = snprintf(body, sizeof body, "{\"success\":false,\"code\":\"%s\",\"message\":\"%s\"}\n", code_name(code),
                       message);
    (void)evbuffer_add_printf(out,
                              "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nConnection: close\r\n"
                              "Content-Length: %d\r\n\r\n%s",
                              status, phrase, len, body);
}

static bool ends_page(struct evbuffer *buf)
{
    static const char end[] = "</HTML>\n";
    return evbuffer_search(buf, end, sizeof end - 1, NULL).pos >= 0;
}

/* Whatever is written before a request has been handed on is evhttp's own. */
static void on_output(struct evbuffer *buf, const struct evbuffer_cb_info *info, void *arg)
{
    struct link *link = arg;
    char line[16] = "";
    bool is_own = link->phase == LINK_READING || link->phase == LINK_IDLE;
    if (!is_own || info->n_added == 0 || !ends_page(buf)) {
        return;
    }
    (void)evbuffer_unfreeze(buf, 1);
    (void)evbuffer_copyout(buf, line, sizeof line - 1);
    int status = (int)strtol(line + sizeof "HTTP/1.1", NULL, 10);
    (void)evbuffer_drain(buf, evbuffer_get_length(buf));
    (void)evbuffer_freeze(buf, 1);
    append_page(buf, status, &link->guard->limits);
}

/* As if the other side had ended the connection. */
static void cut(struct link *link)
{
    link->guard->cut++;
    link->deadline_ms = INT64_MAX;
    (void)shutdown(bufferevent_getfd(link->bev), SHUT_RDWR);
}

static void on_input(struct evbuffer *buf, const struct evbuffer_cb_info *info, void *arg)
{
    (void)buf;
    struct link *link = arg;
    struct guard *guard = link->guard;
    link->held = link->held + info->n_added - info->n_deleted;
    guard->held = guard->held + info->n_added - info->n_deleted;
    if (info->n_added == 0) {
        return;
    }
    if (link->phase == LINK_IDLE) {
        link_enter(link, LINK_READING);
    }
    bool has_too_much = guard->held > GUARD_HELD_MAX && link->phase != LINK_LINGERING;
    bool talks_too_much = link->phase == LINK_STREAMING && link->held > GUARD_STREAM_SENDS_MAX;
    if (has_too_much || talks_too_much) {
        cut(link);
    }
}

void link_enter(struct link *link, enum link_phase phase)
{
    const struct guard_limits *limits = &link->guard->limits;
    int64_t now_ms = clock_monotonic_ms();
    link->phase = phase;
    switch (phase) {
    case LINK_READING:
        link->deadline_ms =
            now_ms + (link->refused && REFUSED_MS < limits->request_ms ? REFUSED_MS : limits->request_ms);
        break;
    case LINK_ANSWERING:
        link->deadline_ms = now_ms + ANSWER_MS;
        break;
    case LINK_WRITING:
        link->deadline_ms = now_ms + WRITE_MS;
        break;
    case LINK_STREAMING:
        link->deadline_ms = INT64_MAX;
        break;
    case LINK_IDLE:
        link->deadline_ms = now_ms + limits->idle_ms;
        break;
    case LINK_LINGERING:
        link->deadline_ms = now_ms + LINGER_MS;
        break;
    }
}

static void drop(struct link *link)
{
    struct guard *guard = link->guard;
    guard->held -= link->held;
    guard->count--;
    guard->links[link->index] = guard->links[guard->count];
    guard->links[link->index]->index = link->index;
    (void)evbuffer_remove_cb(bufferevent_get_input(link->bev), on_input, link);
    (void)evbuffer_remove_cb(bufferevent_get_output(link->bev), on_output, link);
    (void)bufferevent_disable(link->bev, EV_READ | EV_WRITE);
    (void)bufferevent_decref(link->bev);
    free(link);
}

/* evhttp has freed the connection: freeing a bufferevent takes its callbacks away. */
static bool has_ended(const struct link *link)
{
    bufferevent_event_cb told = NULL;
    bufferevent_getcb(link->bev, NULL, NULL, &told, NULL);
    return told == NULL;
}

static void throw_away(struct bufferevent *bev, void *arg)
{
    (void)arg;
    struct evbuffer *input = bufferevent_get_input(bev);
    (void)evbuffer_drain(input, evbuffer_get_length(input));
}

static void on_other_side_ended(struct bufferevent *bev, short what, void *arg)
{
    (void)bev;
    (void)what;
    drop(arg);
}

static void linger(struct link *link)
{
    link_enter(link, LINK_LINGERING);
    throw_away(link->bev, link);
    bufferevent_setcb(link->bev, throw_away, NULL, on_other_side_ended, link);
    (void)bufferevent_disable(link->bev, EV_WRITE);
    (void)bufferevent_enable(link->bev, EV_READ);
}

static void listen_while_there_is_room(struct guard *guard)
{
    if (guard->listener != NULL) {
        bool has_room = guard->count < guard->limits.connections_max + GUARD_SPARE;
        (void)(has_room ? evconnlistener_enable(guard->listener) : evconnlistener_disable(guard->listener));
    }
}

static void tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct guard *guard = arg;
    int64_t now_ms = clock_monotonic_ms();
    for (size_t i = guard->count; i > 0; i--) {
        struct link *link = guard->links[i - 1];
        if (has_ended(link)) {
            linger(link);
        } else if (now_ms >= link->deadline_ms && link->phase == LINK_LINGERING) {
            drop(link);
        } else if (now_ms >= link->deadline_ms) {
            cut(link);
        }
    }
    listen_while_there_is_room(guard);
}

static struct link *new_link(struct guard *guard)
{
    if (guard->count == guard->cap) {
        size_t cap = guard->cap == 0 ? 64 : guard->cap * 2;
        struct link **links = realloc(guard->links, cap * sizeof(struct link *));
        if (links == NULL) {
            return NULL;
        }
        guard->links = links;
        guard->cap = cap;
    }
    struct link *link = calloc(1, sizeof *link);
    if (link != NULL) {
        link->guard = guard;
        link->index = guard->count;
    }
    return link;
}

/* For evhttp, which gives the connection its socket and its callbacks as soon as this returns. */
static struct bufferevent *make(struct event_base *base, void *arg)
{
    struct guard *guard = arg;
    struct link *link = new_link(guard);
    struct bufferevent *bev = link != NULL ? bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE) : NULL;
    if (bev == NULL || evbuffer_add_cb(bufferevent_get_input(bev), on_input, link) == NULL ||
        evbuffer_add_cb(bufferevent_get_output(bev), on_output, link) == NULL) {
        if (bev != NULL) {
            bufferevent_free(bev);
        }
        free(link);
        return NULL;
    }
    /* Room for a whole request; what is sent beyond it waits in the socket. */
    bufferevent_setwatermark(bev, EV_READ, 0, guard->limits.body_bytes_max + GUARD_HEADERS_MAX + MESSAGE_ROOM);
    bufferevent_incref(bev);
    link->bev = bev;
    link->refused = guard->count >= guard->limits.connections_max;
    guard->refused += link->refused;
    guard->links[guard->count++] = link;
    link_enter(link, LINK_READING);
    listen_while_there_is_room(guard);
    return bev;
}

/* No descriptors are left, most likely: trying again at once would be a busy loop. The next tick tries again. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    (void)arg;
    (void)evconnlistener_disable(listener);
}

enum err guard_init(struct guard *guard, struct event_base *base, const struct guard_limits *limits)
{
    const struct timeval every = {.tv_usec = TICK_MS * 1000L};
    *guard = (struct guard){.base = base, .limits = *limits};
    guard->tick = event_new(base, -1, EV_PERSIST, tick, guard);
    return guard->tick != NULL && event_add(guard->tick, &every) == 0 ? ERR_OK : ERR_NO_MEMORY;
}

void guard_watch(struct guard *guard, struct evhttp *http, struct evconnlistener *listener)
{
    guard->listener = listener;
    evhttp_set_bevcb(http, make, guard);
    evconnlistener_set_error_cb(listener, on_accept_error);
}

void guard_leave(struct guard *guard)
{
    guard->listener = NULL;
}

void guard_fini(struct guard *guard)
{
    while (guard->count > 0) {
        drop(guard->links[guard->count - 1]);
    }
    if (guard->tick != NULL) {
        event_free(guard->tick);
    }
    free(guard->links);
    *guard = (struct guard){0};
}

void guard_look(struct guard *guard)
{
    event_active(guard->tick, EV_TIMEOUT, 0);
}

struct link *guard_find(struct guard *guard, struct evhttp_connection *connection)
{
    const struct bufferevent *bev = evhttp_connection_get_bufferevent(connection);
    for (size_t i = guard->count; i > 0; i--) {
        if (guard->links[i - 1]->bev == bev) {
            return guard->links[i - 1];
        }
    }
    return NULL;
}

/* server.c -- the server's life: listening, handing each request to its route, stopping. */
#include "http/internal.h"

#include <errno.h>
#include <event2/keyvalq_struct.h>
#include <event2/util.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BACKLOG = 128 };

static const unsigned known_methods = EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
                                      EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT |
                                      EVHTTP_REQ_PATCH;

static void allow(struct exchange *exchange, unsigned methods)
{
    char list[64];
    (void)snprintf(list, sizeof list, "%s%sOPTIONS", (methods & ROUTE_GET) != 0 ? "GET, HEAD, " : "",
                   (methods & ROUTE_POST) != 0 ? "POST, " : "");
    exchange_header(exchange, "Allow", list);
}

/* A page of another origin may not act here: what a browser sends for one names it. */
static bool is_foreign(struct evhttp_request *request)
{
    const struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
    const char *origin = evhttp_find_header(headers, "Origin");
    const char *host = evhttp_find_header(headers, "Host");
    const char *authority = origin != NULL ? strstr(origin, "://") : NULL;
    return origin != NULL && (authority == NULL || host == NULL || strcasecmp(authority + 3, host) != 0);
}

static void dispatch(struct exchange *exchange, struct text worker_id)
{
    struct server *server = exchange->server;
    const struct route *route = exchange->route;
    struct registry_state state = registry_state(server->registry);
    if (route->writes && is_foreign(exchange->request)) {
        exchange_refuse(exchange, 0, CODE_FORBIDDEN, "A page of another origin may not ask for this");
    } else if (route->writes && server->stopping) {
        exchange_refuse(exchange, 0, CODE_UNAVAILABLE, "This daemon is stopping");
    } else if (route->writes && !state.active) {
        exchange_refuse(exchange, 0, CODE_UNAVAILABLE,
                        "This daemon is a standby: it only answers what changes nothing");
    } else if (route->kind == ROUTE_STREAMS) {
        stream_begin(exchange);
    } else if (route->kind == ROUTE_IS_ALIVE) {
        probe_alive(exchange);
    } else if (route->kind == ROUTE_IS_READY) {
        probe_ready(exchange);
    } else if (route->kind == ROUTE_COUNTS) {
        metrics_answer(exchange);
    } else {
        ask_registry(exchange, worker_id);
    }
}

static void take_path(struct exchange *exchange, const char *path, size_t len)
{
    enum evhttp_cmd_type command = evhttp_request_get_command(exchange->request);
    bool reads = command == EVHTTP_REQ_GET || command == EVHTTP_REQ_HEAD;
    struct route_match match = routes_find((struct text){path, len}, reads ? ROUTE_GET : ROUTE_POST);
    bool is_everything = command == EVHTTP_REQ_OPTIONS && strcmp(path, "*") == 0;
    if (match.methods == 0 && !is_everything) {
        exchange_refuse(exchange, 0, CODE_NOT_FOUND, "There is nothing at this path");
    } else if (command == EVHTTP_REQ_OPTIONS) {
        allow(exchange, is_everything ? ROUTE_GET | ROUTE_POST : match.methods);
        exchange_answer(exchange, HTTP_NOCONTENT, NULL, (struct text){"", 0});
    } else if (match.route == NULL || (!reads && command != EVHTTP_REQ_POST)) {
        allow(exchange, match.methods);
        exchange_refuse(exchange, HTTP_BADMETHOD, CODE_NOT_FOUND, "This path has another method: see Allow");
    } else {
        exchange->route = match.route;
        dispatch(exchange, match.worker_id);
    }
}

/*
 * Where it can be read in two ways how long a body is, or a body comes where none is read, what follows on the
 * connection could be taken for another request than it is.
 */
static bool is_ambiguous(struct evhttp_request *request)
{
    const struct evkeyval *header = evhttp_request_get_input_headers(request)->tqh_first;
    size_t lengths = 0;
    size_t encodings = 0;
    bool is_chunked = true;
    for (; header != NULL; header = header->next.tqe_next) {
        lengths += strcasecmp(header->key, "Content-Length") == 0;
        if (strcasecmp(header->key, "Transfer-Encoding") == 0) {
            encodings++;
            is_chunked = strcasecmp(header->value, "chunked") == 0;
        }
    }
    enum evhttp_cmd_type command = evhttp_request_get_command(request);
    bool reads_no_body = command == EVHTTP_REQ_HEAD || command == EVHTTP_REQ_TRACE;
    return lengths + encodings > 1 || !is_chunked || (reads_no_body && lengths + encodings > 0);
}

static void on_closed(struct evhttp_connection *connection, void *arg)
{
    (void)connection;
    struct server *server = arg;
    guard_look(&server->guard);
}

static void handle(struct evhttp_request *request, void *arg)
{
    struct server *server = arg;
    struct evhttp_connection *connection = evhttp_request_get_connection(request);
    struct link *link = guard_find(&server->guard, connection);
    struct exchange *exchange = exchange_new(server, request);
    if (link != NULL) {
        link_enter(link, LINK_ANSWERING);
    }
    evhttp_connection_set_closecb(connection, on_closed, server);
    if (exchange == NULL) {
        evhttp_send_error(request, HTTP_SERVUNAVAIL, NULL);
        return;
    }
    if (link != NULL && link->refused) {
        exchange_refuse(exchange, 0, CODE_UNAVAILABLE, "There are too many connections: at most %zu at once",
                        server->guard.limits.connections_max);
        return;
    }
    if (is_ambiguous(request)) {
        exchange_header(exchange, "Connection", "close");
        exchange_refuse(exchange, 0, CODE_INVALID_PAYLOAD, "It must be clear how long the body is");
        return;
    }
    size_t len = 0;
    const char *encoded = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
    char *path = evhttp_uridecode(encoded != NULL ? encoded : "", 0, &len);
    take_path(exchange, path != NULL ? path : "", path != NULL ? len : 0);
    free(path);
}

/* Else the last part of a long answer waits until the other side has acknowledged the one before, 40 ms or so. Accepted
 * connections inherit it. */
static void send_without_delay(struct evconnlistener *listener)
{
    const int on = 1;
    (void)setsockopt(evconnlistener_get_fd(listener), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static struct evconnlistener *listen_on(struct event_base *base, const struct evutil_addrinfo *addresses)
{
    enum { FLAGS = LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_CLOSE_ON_FREE };
    struct evconnlistener *listener = NULL;
    for (; addresses != NULL && listener == NULL; addresses = addresses->ai_next) {
        listener =
            evconnlistener_new_bind(base, NULL, NULL, FLAGS, BACKLOG, addresses->ai_addr, (int)addresses->ai_addrlen);
    }
    if (listener != NULL) {
        send_without_delay(listener);
    }
    return listener;
}

/* "host:port", the host in brackets where it is an IPv6 address. */
static enum err open_listener(struct event_base *base, const char *listen, struct evconnlistener **out_listener,
                              struct fault *out_fault)
{
    char host[CONFIG_STRING_MAX];
    const char *colon = strrchr(listen, ':');
    bool has_brackets = listen[0] == '[' && colon > listen + 1 && colon[-1] == ']';
    (void)snprintf(host, sizeof host, "%.*s", (int)(colon - listen) - (has_brackets ? 2 : 0), listen + has_brackets);
    const struct evutil_addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = EVUTIL_AI_PASSIVE | EVUTIL_AI_NUMERICSERV};
    struct evutil_addrinfo *addresses = NULL;
    int failure = evutil_getaddrinfo(host, colon + 1, &hints, &addresses);
    if (failure != 0) {
        return fault_set(out_fault, ERR_IO, "http.listen: %s is no address to listen on: %s", listen,
                         evutil_gai_strerror(failure));
    }
    *out_listener = listen_on(base, addresses);
    int error = errno;
    evutil_freeaddrinfo(addresses);
    return *out_listener != NULL
               ? ERR_OK
               : fault_set(out_fault, ERR_IO, "http.listen: cannot listen on %s: %s", listen, strerror(error));
}

static enum err open_http(struct server *server, const struct config *config, struct fault *out_fault)
{
    struct evconnlistener *listener = NULL;
    enum err err = open_listener(server->base, config->http.listen, &listener, out_fault);
    if (err != ERR_OK) {
        return err;
    }
    server->socket = evhttp_bind_listener(server->http, listener);
    if (server->socket == NULL) {
        evconnlistener_free(listener);
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    evhttp_set_max_headers_size(server->http, GUARD_HEADERS_MAX);
    evhttp_set_max_body_size(server->http, MESSAGE_GATEWAY_BYTES_MAX);
    evhttp_set_allowed_methods(server->http, (ev_uint16_t)known_methods);
    evhttp_set_gencb(server->http, handle, server);
    guard_watch(&server->guard, server->http, listener);
    return ERR_OK;
}

enum err server_new(struct event_base *base, const struct config *config, struct registry *registry,
                    struct server **out_server, struct fault *out_fault)
{
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    const struct guard_limits limits = {.connections_max = (size_t)config->http.max_connections,
                                        .request_ms = config->http.request_timeout_ms,
                                        .idle_ms = config->http.idle_timeout_ms,
                                        .body_bytes_max = MESSAGE_GATEWAY_BYTES_MAX};
    server->base = base;
    server->registry = registry;
    server->max_streams = config->http.max_streams;
    server->stream_heartbeat_ms = config->http.stream_heartbeat_ms;
    server->decoder = decoder_new(MESSAGE_GATEWAY_BYTES_MAX);
    server->http = evhttp_new(base);
    enum err err = guard_init(&server->guard, base, &limits);
    if (err != ERR_OK || stream_init(server) != ERR_OK || server->decoder == NULL || server->http == NULL) {
        err = fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    } else {
        err = open_http(server, config, out_fault);
    }
    if (err != ERR_OK) {
        server_free(server);
        return err;
    }
    *out_server = server;
    return ERR_OK;
}

void server_stop(struct server *server)
{
    if (server != NULL && !server->stopping) {
        server->stopping = true;
        guard_leave(&server->guard);
        evhttp_del_accept_socket(server->http, server->socket);
        stream_end_all(server);
    }
}

/* What the registry has not answered by its own end it will never answer. */
void server_free(struct server *server)
{
    if (server == NULL) {
        return;
    }
    while (server->exchanges != NULL) {
        exchange_free(server->exchanges);
    }
    stream_fini(server);
    if (server->http != NULL) {
        evhttp_free(server->http);
    }
    guard_fini(&server->guard);
    decoder_free(server->decoder);
    free(server);
}

void server_events_added(struct server *server)
{
    if (server != NULL) {
        stream_kick(server);
    }
}

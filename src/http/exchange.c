/* exchange.c -- one request on its way to an answer: found by its route, answered as JSON, counted. */
#include "http/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SENTENCE_MAX = 400, RETRY_AFTER_S = 1 };

struct exchange *exchange_new(struct server *server, struct evhttp_request *request)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange != NULL) {
        exchange->server = server;
        exchange->request = request;
        exchange->is_head = evhttp_request_get_command(request) == EVHTTP_REQ_HEAD;
        exchange->next = server->exchanges;
        if (exchange->next != NULL) {
            exchange->next->previous = exchange;
        }
        server->exchanges = exchange;
    }
    return exchange;
}

void exchange_free(struct exchange *exchange)
{
    if (exchange->previous != NULL) {
        exchange->previous->next = exchange->next;
    } else {
        exchange->server->exchanges = exchange->next;
    }
    if (exchange->next != NULL) {
        exchange->next->previous = exchange->previous;
    }
    free(exchange->violations);
    free(exchange);
}

void exchange_header(struct exchange *exchange, const char *name, const char *value)
{
    (void)evhttp_add_header(evhttp_request_get_output_headers(exchange->request), name, value);
}

static void on_written(struct evhttp_request *request, void *arg)
{
    struct server *server = arg;
    struct evhttp_connection *connection = evhttp_request_get_connection(request);
    struct link *link = connection != NULL ? guard_find(&server->guard, connection) : NULL;
    if (link != NULL) {
        link_enter(link, LINK_IDLE);
    }
}

static void prepare(struct exchange *exchange, int status, size_t bytes)
{
    struct server *server = exchange->server;
    struct evhttp_connection *connection = evhttp_request_get_connection(exchange->request);
    struct link *link = connection != NULL ? guard_find(&server->guard, connection) : NULL;
    char length[24];
    (void)snprintf(length, sizeof length, "%zu", bytes);
    if (status != HTTP_NOCONTENT) {
        exchange_header(exchange, "Content-Length", length);
    }
    exchange_header(exchange, "Cache-Control", "no-store");
    exchange_header(exchange, "X-Content-Type-Options", "nosniff");
    if (server->stopping || (link != NULL && link->refused)) {
        exchange_header(exchange, "Connection", "close");
    }
    if (link != NULL) {
        link_enter(link, LINK_WRITING);
    }
    evhttp_request_set_on_complete_cb(exchange->request, on_written, server);
}

void exchange_answer(struct exchange *exchange, int status, const char *content_type, struct text bytes)
{
    struct evbuffer *body = evbuffer_new();
    if (body != NULL && !exchange->is_head) {
        (void)evbuffer_add(body, bytes.data, bytes.len);
    }
    if (content_type != NULL) {
        exchange_header(exchange, "Content-Type", content_type);
    }
    prepare(exchange, status, bytes.len);
    metrics_tally(exchange->server, exchange->route, status);
    evhttp_send_reply(exchange->request, status, NULL, body);
    if (body != NULL) {
        evbuffer_free(body);
    }
    exchange_free(exchange);
}

static void answer_json(struct exchange *exchange, int status, const json_t *document)
{
    struct buf bytes = {0};
    if (document == NULL || encode_document(document, ENCODING_JSON, &bytes) != ERR_OK) {
        buf_clear(&bytes);
        buf_printf(&bytes, "{\"success\":false,\"code\":\"%s\"}", code_name(CODE_UNAVAILABLE));
        status = HTTP_SERVUNAVAIL;
    }
    buf_append_string(&bytes, "\n");
    exchange_answer(exchange, status, encoding_content_type(ENCODING_JSON), buf_text(&bytes));
    buf_fini(&bytes);
}

static int status_of(enum reply_code code)
{
    switch (code) {
    case CODE_OK:
        return HTTP_OK;
    case CODE_INVALID_PAYLOAD:
    case CODE_VALIDATION_FAILED:
    case CODE_IDENTITY_MISMATCH:
        return HTTP_BADREQUEST;
    case CODE_FORBIDDEN:
        return 403;
    case CODE_UNKNOWN_WORKER:
    case CODE_NOT_FOUND:
        return HTTP_NOTFOUND;
    case CODE_SUPERSEDED:
    case CODE_DEREGISTERED:
    case CODE_ACTIVE_JOBS:
        return 409;
    case CODE_TOO_LARGE:
        return HTTP_ENTITYTOOLARGE;
    case CODE_RATE_LIMITED:
        return 429;
    default:
        return HTTP_SERVUNAVAIL;
    }
}

/* A worker's first heartbeat is its registration: only later ones, or registering again, move it on. */
static bool is_registered_anew(const struct exchange *exchange, const json_t *document)
{
    const json_t *worker = json_object_get(document, "worker");
    const json_t *registered_at = json_object_get(worker, "registeredAt");
    bool registers =
        exchange->route != NULL && exchange->route->verb != NULL && strcmp(exchange->route->verb, "register") == 0;
    return registers && registered_at != NULL && json_equal(registered_at, json_object_get(worker, "lastHeartbeatAt"));
}

static void add_retry_after(struct exchange *exchange, const json_t *document)
{
    const json_t *after_ms = json_object_get(document, "retryAfterMs");
    char seconds[24];
    json_int_t after_s = after_ms != NULL ? (json_integer_value(after_ms) + 999) / 1000 : RETRY_AFTER_S;
    (void)snprintf(seconds, sizeof seconds, "%" JSON_INTEGER_FORMAT, after_s);
    exchange_header(exchange, "Retry-After", seconds);
}

static void answer_as(struct exchange *exchange, int status, const json_t *document)
{
    if (status == 429 || status == HTTP_SERVUNAVAIL) {
        add_retry_after(exchange, document);
    }
    answer_json(exchange, status, document);
}

void exchange_answer_document(struct exchange *exchange, enum reply_code code, const json_t *document)
{
    int status = status_of(code);
    if (status == HTTP_OK && is_registered_anew(exchange, document)) {
        status = 201;
    }
    answer_as(exchange, status, document);
}

static void refuse(struct exchange *exchange, int status, const struct reply *reply)
{
    json_t *document = reply_document(reply);
    answer_as(exchange, status != 0 ? status : status_of(reply->code), document);
    json_decref(document);
}

void exchange_refuse(struct exchange *exchange, int status, enum reply_code code, const char *format, ...)
{
    char sentence[SENTENCE_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    refuse(exchange, status, &(struct reply){.code = code, .message = text_of(sentence)});
}

void exchange_refuse_all(struct exchange *exchange, const struct violations *violations)
{
    refuse(exchange, 0, &(struct reply){.code = violations->code, .violations = violations});
}

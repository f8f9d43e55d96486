/* ask.c -- a request becomes the payload of a verb: the id in the path, the query string and the body together. */
#include "http/internal.h"

#include "http/parameters.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLIENT_MAX = 96 };

/* Whom the audit names: the peer's address, in the letters of an id. */
static struct text name_client(struct exchange *exchange, char out[CLIENT_MAX])
{
    char *address = NULL;
    ev_uint16_t port = 0;
    evhttp_connection_get_peer(evhttp_request_get_connection(exchange->request), &address, &port);
    int len = snprintf(out, CLIENT_MAX, "http-%s", address != NULL ? address : "");
    for (char *c = out; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && *c != '.' && *c != '-') {
            *c = '-';
        }
    }
    return (struct text){out, len < CLIENT_MAX ? (size_t)len : CLIENT_MAX - 1};
}

/* What the parameters lack is told together with what the registry found wrong. */
static void answer_with_violations(struct exchange *exchange, const json_t *document)
{
    struct violations *violations = exchange->violations;
    const json_t *errors = json_object_get(document, "errors");
    enum reply_code code = code_of(text_of(json_string_value(json_object_get(document, "code"))));
    for (size_t i = 0; i < json_array_size(errors); i++) {
        violations_add(violations, code, "%s", json_string_value(json_array_get(errors, i)));
    }
    exchange_refuse_all(exchange, violations);
}

static void on_answer(void *owner, enum reply_code code, const json_t *document)
{
    struct exchange *exchange = owner;
    if (exchange->violations != NULL) {
        answer_with_violations(exchange, document);
    } else {
        exchange_answer_document(exchange, code, document);
    }
}

static void ask(struct exchange *exchange, const char *verb, struct text payload)
{
    char client[CLIENT_MAX];
    registry_ask(exchange->server->registry, name_client(exchange, client), text_of(verb), payload, on_answer,
                 exchange);
}

static struct text body_of(struct exchange *exchange)
{
    struct evbuffer *body = evhttp_request_get_input_buffer(exchange->request);
    size_t len = evbuffer_get_length(body);
    const unsigned char *data = len > 0 ? evbuffer_pullup(body, -1) : NULL;
    return data != NULL ? (struct text){(const char *)data, len} : (struct text){"", 0};
}

static const char *query_of(const struct exchange *exchange)
{
    return evhttp_uri_get_query(evhttp_request_get_evhttp_uri(exchange->request));
}

/* The object that the body is, or an empty one; NULL with the violation where it is none. */
static json_t *read_body(struct exchange *exchange, struct violations *violations)
{
    struct text body = exchange->route->body_bytes_max > 0 ? body_of(exchange) : (struct text){"", 0};
    if (body.len > 0) {
        return decode_document(exchange->server->decoder, body, violations);
    }
    json_t *empty = json_object();
    if (empty == NULL) {
        violations_add(violations, CODE_UNAVAILABLE, "The registry is out of memory");
    }
    return empty;
}

/* The id in the path is the authority; a payload that names no text is left for the registry to refuse. */
static bool settle_worker(json_t *payload, struct text worker_id)
{
    const json_t *named = json_object_get(payload, "workerId");
    if (json_is_string(named)) {
        struct text name = {json_string_value(named), json_string_length(named)};
        return text_equal(name, worker_id);
    }
    if (named == NULL || json_is_null(named)) {
        (void)json_object_set_new(payload, "workerId", json_stringn(worker_id.data, worker_id.len));
    }
    return true;
}

static void ask_with(struct exchange *exchange, const json_t *payload)
{
    const struct route *route = exchange->route;
    bool sorts = route->sorting_verb != NULL && json_object_get(payload, "sort") != NULL;
    struct buf bytes = {0};
    if (encode_document(payload, ENCODING_JSON, &bytes) == ERR_OK) {
        ask(exchange, sorts ? route->sorting_verb : route->verb, buf_text(&bytes));
    } else {
        exchange_refuse(exchange, 0, CODE_UNAVAILABLE, "The registry is out of memory");
    }
    buf_fini(&bytes);
}

static bool keep_violations(struct exchange *exchange, const struct violations *violations)
{
    exchange->violations = malloc(sizeof *violations);
    if (exchange->violations != NULL) {
        memcpy(exchange->violations, violations, sizeof *violations);
    }
    return exchange->violations != NULL;
}

/* A question with bad parameters is asked all the same, so that everything wrong is told at once; nothing is done so.
 */
static void ask_merged(struct exchange *exchange, struct text worker_id)
{
    struct violations violations = {0};
    json_t *payload = read_body(exchange, &violations);
    json_t *found = payload != NULL ? json_incref(payload) : json_object();
    parameters_read(query_of(exchange), exchange->route->params, found, &violations);
    json_decref(found);
    bool may_ask = payload != NULL && (violations.count == 0 || !exchange->route->writes);
    if (payload != NULL && worker_id.data != NULL && !settle_worker(payload, worker_id)) {
        exchange_refuse(exchange, 0, CODE_IDENTITY_MISMATCH, "workerId names another worker than the path");
    } else if (!may_ask || (violations.count > 0 && !keep_violations(exchange, &violations))) {
        exchange_refuse_all(exchange, &violations);
    } else {
        ask_with(exchange, payload);
    }
    json_decref(payload);
}

static void ask_as_it_is(struct exchange *exchange)
{
    struct violations violations = {0};
    json_t *found = json_object();
    parameters_read(query_of(exchange), exchange->route->params, found, &violations);
    json_decref(found);
    if (violations.count > 0) {
        exchange_refuse_all(exchange, &violations);
    } else {
        ask(exchange, exchange->route->verb, body_of(exchange));
    }
}

void ask_registry(struct exchange *exchange, struct text worker_id)
{
    const struct route *route = exchange->route;
    size_t len = evbuffer_get_length(evhttp_request_get_input_buffer(exchange->request));
    if (route->body_bytes_max > 0 && len > route->body_bytes_max) {
        exchange_refuse(exchange, 0, CODE_TOO_LARGE, "The body must be at most %zu bytes (has %zu)",
                        route->body_bytes_max, len);
    } else if (route->body_as_it_is) {
        ask_as_it_is(exchange);
    } else {
        ask_merged(exchange, worker_id);
    }
}

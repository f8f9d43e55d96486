/*
 * http_client.h -- asking over HTTP: whole requests by libcurl, and bytes on a socket for what no client would send.
 * Only for 127.0.0.1.
 */
#ifndef MUSTER_TESTS_SUPPORT_HTTP_CLIENT_H
#define MUSTER_TESTS_SUPPORT_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct http_client;

/* http_client_new keeps one connection open from request to request; NULL without memory. free(NULL) is safe. */
struct http_client *http_client_new(int port);
void http_client_free(struct http_client *client);

/* What came back; it lives until the next request. */
struct http_answer {
    int status;       /* 0: no answer at all */
    const char *body; /* terminated */
    size_t body_len;
    const char *headers; /* as they came, terminated */
    const char *content_type;
    bool connected_again; /* the connection of the request before was not used */
};

/* http_ask sends a request; body NULL: none. headers are lines ("Name: value"), NULL at the end, or NULL. */
struct http_answer http_ask(struct http_client *client, const char *method, const char *path,
                            const char *const *headers, const char *body, size_t body_len);
struct http_answer http_get(struct http_client *client, const char *path);
struct http_answer http_post(struct http_client *client, const char *path, const char *body);

/* http_header copies the value of a header into out, "" where it is not there. */
void http_header(const struct http_answer *answer, const char *name, char *out, size_t size);

/* A connection, and all that has come on it so far (terminated). */
struct http_wire {
    char *came;
    size_t len;
    int fd;     /* -1: could not be opened */
    bool ended; /* by the other side */
};
void http_wire_open(struct http_wire *wire, int port);
void http_wire_close(struct http_wire *wire);

/* http_wire_send sends without waiting for room; returns how many bytes went. */
size_t http_wire_send(struct http_wire *wire, const char *bytes, size_t len);
size_t http_wire_say(struct http_wire *wire, const char *text);

/* http_wire_wait reads until the fragment has come; false when it has not by then, or cannot any more. */
bool http_wire_wait(struct http_wire *wire, const char *fragment, int timeout_ms);

/* http_wire_wait_end reads until the other side has ended the connection. */
bool http_wire_wait_end(struct http_wire *wire, int timeout_ms);

#endif

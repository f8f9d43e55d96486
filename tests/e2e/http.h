/* http.h -- a world whose first daemon speaks HTTP, and what tests expect of its answers. */
#ifndef MUSTER_TESTS_E2E_HTTP_H
#define MUSTER_TESTS_E2E_HTTP_H

#include "e2e/world.h"
#include "support/http_client.h"

#define HTTP_PREFIX "/api/v1/worker-registration"

struct http_world {
    struct world world;
    int port;
    struct http_client *client;
};

/* http_open starts a daemon with these settings more (NULL at the end, or NULL) and waits until it is ready. */
void http_open(struct http_world *http, const char *const *settings);
void http_close(struct http_world *http);

/* http_start_daemon starts another daemon of the world that listens on a port of its own, which it returns. */
int http_start_daemon(struct http_world *http, int index, const char *const *settings);

/* http_wait_status asks until the answer has this status. */
void http_wait_status(struct http_client *client, const char *path, int status);

/* http_expect ends the test unless the answer has this status and is like the given JSON. */
void http_expect(const struct http_answer *answer, int status, const char *like);

/* http_figure is the value of a line of /metrics (name with labels), 0 where there is none. */
double http_figure(struct http_client *client, const char *name);

#endif

/* http.c -- daemons with HTTP, and looking at what they answer. */
#include "e2e/http.h"

#include "support/wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int http_start_daemon(struct http_world *http, int index, const char *const *settings)
{
    enum { SETTINGS_MAX = 24 };
    const char *all[SETTINGS_MAX] = {NULL};
    char listen[64];
    int port = server_free_port();
    size_t count = 0;
    (void)snprintf(listen, sizeof listen, "http.listen=127.0.0.1:%d", port);
    all[count++] = listen;
    for (; settings != NULL && *settings != NULL && count < SETTINGS_MAX - 1; settings++) {
        all[count++] = *settings;
    }
    world_start_daemon(&http->world, index, all);
    return port;
}

void http_wait_status(struct http_client *client, const char *path, int status)
{
    int64_t deadline_ms = clock_monotonic_ms() + WORLD_PATIENCE_MS + WORLD_PATIENCE_MS;
    struct http_answer answer = http_get(client, path);
    while (answer.status != status) {
        if (clock_monotonic_ms() >= deadline_ms) {
            fail_msg("%s answers %d: %s", path, answer.status, answer.body);
        }
        wait_a_step();
        answer = http_get(client, path);
    }
}

void http_open(struct http_world *http, const char *const *settings)
{
    *http = (struct http_world){0};
    world_begin(&http->world, NULL, NULL);
    http->port = http_start_daemon(http, 0, settings);
    http->client = http_client_new(http->port);
    assert_non_null(http->client);
    http_wait_status(http->client, "/readyz", 200);
}

void http_close(struct http_world *http)
{
    http_client_free(http->client);
    world_close(&http->world);
}

void http_expect(const struct http_answer *answer, int status, const char *like)
{
    if (answer->status != status) {
        fail_msg("the status is %d and not %d: %s", answer->status, status, answer->body != NULL ? answer->body : "");
    }
    if (like != NULL) {
        assert_string_equal(answer->content_type, "application/json");
        assert_like(answer->body, like);
    }
}

double http_figure(struct http_client *client, const char *name)
{
    struct http_answer answer = http_get(client, "/metrics");
    size_t len = strlen(name);
    assert_int_equal(answer.status, 200);
    for (const char *line = answer.body; line != NULL && *line != '\0'; line += strspn(line, "\n")) {
        if (strncmp(line, name, len) == 0 && line[len] == ' ') {
            return strtod(line + len, NULL);
        }
        line += strcspn(line, "\n");
    }
    return 0;
}

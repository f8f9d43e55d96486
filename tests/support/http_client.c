/* http_client.c -- libcurl's easy interface, and a plain socket. */
#include "support/http_client.h"

#include "base/buf.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, URL_MAX = 4096 };

struct http_client {
    CURL *curl;
    int port;
    struct buf headers;
    struct buf body;
};

struct http_client *http_client_new(int port)
{
    struct http_client *client = calloc(1, sizeof *client);
    if (client == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        (client->curl = curl_easy_init()) == NULL) {
        free(client);
        return NULL;
    }
    client->port = port;
    return client;
}

void http_client_free(struct http_client *client)
{
    if (client != NULL) {
        curl_easy_cleanup(client->curl);
        buf_fini(&client->headers);
        buf_fini(&client->body);
        free(client);
    }
}

static size_t take(char *bytes, size_t size, size_t count, void *context)
{
    buf_append(context, bytes, size * count);
    return size * count;
}

static void prepare(struct http_client *client, const char *method, const char *path)
{
    char url[URL_MAX];
    CURL *curl = client->curl;
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s", client->port, path);
    curl_easy_reset(curl);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)PATIENCE_MS);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &client->body);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, &client->headers);
    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    (void)curl_easy_setopt(curl, CURLOPT_NOBODY, strcmp(method, "HEAD") == 0 ? 1L : 0L);
}

struct http_answer http_ask(struct http_client *client, const char *method, const char *path,
                            const char *const *headers, const char *body, size_t body_len)
{
    CURL *curl = client->curl;
    struct curl_slist *lines = NULL;
    struct http_answer answer = {0};
    long status = 0;
    long connects = 0;
    char *content_type = NULL;
    buf_clear(&client->headers);
    buf_clear(&client->body);
    prepare(client, method, path);
    for (; headers != NULL && *headers != NULL; headers++) {
        lines = curl_slist_append(lines, *headers);
    }
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
    if (body != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)body_len);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    }
    if (curl_easy_perform(curl) == CURLE_OK) {
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        (void)curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &content_type);
        (void)curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &connects);
    }
    curl_slist_free_all(lines);
    answer.status = (int)status;
    answer.body_len = client->body.len;
    answer.body = buf_terminated(&client->body);
    answer.headers = buf_terminated(&client->headers);
    answer.content_type = content_type != NULL ? content_type : "";
    answer.connected_again = connects > 0;
    return answer;
}

struct http_answer http_get(struct http_client *client, const char *path)
{
    return http_ask(client, "GET", path, NULL, NULL, 0);
}

struct http_answer http_post(struct http_client *client, const char *path, const char *body)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    const char *sent = body != NULL ? body : "";
    return http_ask(client, "POST", path, headers, sent, strlen(sent));
}

void http_header(const struct http_answer *answer, const char *name, char *out, size_t size)
{
    size_t len = strlen(name);
    out[0] = '\0';
    for (const char *line = answer->headers; line != NULL && *line != '\0'; line += strspn(line, "\r\n")) {
        size_t line_len = strcspn(line, "\r\n");
        if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
            const char *value = line + len + 1 + strspn(line + len + 1, " ");
            (void)snprintf(out, size, "%.*s", (int)(line + line_len - value), value);
            return;
        }
        line += line_len;
    }
}

void http_wire_open(struct http_wire *wire, int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    *wire = (struct http_wire){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    wire->came = calloc(1, 1);
    if (wire->fd >= 0 && (wire->came == NULL || connect(wire->fd, (struct sockaddr *)&address, sizeof address) != 0)) {
        (void)close(wire->fd);
        wire->fd = -1;
    }
}

void http_wire_close(struct http_wire *wire)
{
    if (wire->fd >= 0) {
        (void)close(wire->fd);
    }
    free(wire->came);
    *wire = (struct http_wire){.fd = -1};
}

size_t http_wire_send(struct http_wire *wire, const char *bytes, size_t len)
{
    size_t sent = 0;
    while (sent < len) {
        ssize_t now = send(wire->fd, bytes + sent, len - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (now <= 0) {
            break;
        }
        sent += (size_t)now;
    }
    return sent;
}

size_t http_wire_say(struct http_wire *wire, const char *text)
{
    return http_wire_send(wire, text, strlen(text));
}

/* Reads what is there within the time; false at the end, or when nothing came. */
static bool read_some(struct http_wire *wire, int timeout_ms)
{
    enum { PIECE = 65536 };
    struct pollfd ready = {.fd = wire->fd, .events = POLLIN};
    if (wire->ended || poll(&ready, 1, timeout_ms > 0 ? timeout_ms : 0) <= 0) {
        return false;
    }
    char *grown = realloc(wire->came, wire->len + PIECE + 1);
    if (grown == NULL) {
        return false;
    }
    wire->came = grown;
    ssize_t now = recv(wire->fd, wire->came + wire->len, PIECE, 0);
    wire->ended = now <= 0;
    wire->len += now > 0 ? (size_t)now : 0;
    wire->came[wire->len] = '\0';
    return now > 0;
}

bool http_wire_wait(struct http_wire *wire, const char *fragment, int timeout_ms)
{
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    while (strstr(wire->came, fragment) == NULL) {
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        if (left_ms <= 0 || (!read_some(wire, (int)left_ms) && wire->ended)) {
            return strstr(wire->came, fragment) != NULL;
        }
    }
    return true;
}

bool http_wire_wait_end(struct http_wire *wire, int timeout_ms)
{
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    while (!wire->ended && clock_monotonic_ms() < deadline_ms) {
        (void)read_some(wire, (int)(deadline_ms - clock_monotonic_ms()));
    }
    return wire->ended;
}

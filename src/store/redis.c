/* redis.c -- hiredis's asynchronous context on libevent, as a link that can be opened again. */
#include "store/redis.h"

#include <hiredis/adapters/libevent.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_PORT = 6379 };

static enum err bad_uri(const char *uri, struct fault *out_fault)
{
    return fault_set(out_fault, ERR_INVALID,
                     "redis.uri = %s: must be redis://[user@]host[:port][/database] or unix:///path[?db=number]", uri);
}

static bool copy_part(char *out, size_t size, const char *from, size_t len)
{
    if (len == 0 || len >= size) {
        return false;
    }
    memcpy(out, from, len);
    out[len] = '\0';
    return true;
}

static bool read_number(const char *text, const char *end, int max, int *out)
{
    char *stop = NULL;
    long value = strtol(text, &stop, 10);
    if (text == end || stop != end || value < 0 || value > max) {
        return false;
    }
    *out = (int)value;
    return true;
}

static bool parse_unix(const char *path, struct redis_address *address)
{
    const char *query = strchr(path, '?');
    size_t len = query != NULL ? (size_t)(query - path) : strlen(path);
    if (path[0] != '/' || !copy_part(address->path, sizeof address->path, path, len)) {
        return false;
    }
    if (query == NULL) {
        return true;
    }
    return strncmp(query, "?db=", 4) == 0 && read_number(query + 4, query + strlen(query), 1000000, &address->database);
}

bool redis_address_read(const char *host, const char *end, int default_port, struct redis_address *out_address)
{
    const char *colon = memchr(host, ':', (size_t)(end - host));
    const char *name_end = colon != NULL ? colon : end;
    out_address->port = default_port;
    return copy_part(out_address->host, sizeof out_address->host, host, (size_t)(name_end - host)) &&
           (colon == NULL || read_number(colon + 1, end, 65535, &out_address->port));
}

static bool parse_tcp(const char *authority, struct redis_address *address)
{
    const char *end = authority + strlen(authority);
    const char *slash = strchr(authority, '/');
    const char *host_end = slash != NULL ? slash : end;
    const char *at = memchr(authority, '@', (size_t)(host_end - authority));
    const char *host = at != NULL ? at + 1 : authority;
    if (at != NULL && !copy_part(address->user, sizeof address->user, authority, (size_t)(at - authority))) {
        return false;
    }
    if (!redis_address_read(host, host_end, DEFAULT_PORT, address)) {
        return false;
    }
    return slash == NULL || slash + 1 == end || read_number(slash + 1, end, 1000000, &address->database);
}

enum err redis_address_parse(const char *uri, struct redis_address *out_address, struct fault *out_fault)
{
    static const char tcp[] = "redis://";
    static const char socket[] = "unix://";
    struct redis_address address = {0};
    bool good = false;
    if (strncmp(uri, tcp, sizeof tcp - 1) == 0) {
        good = parse_tcp(uri + sizeof tcp - 1, &address);
    } else if (strncmp(uri, socket, sizeof socket - 1) == 0) {
        good = parse_unix(uri + sizeof socket - 1, &address);
    }
    if (!good) {
        return bad_uri(uri, out_fault);
    }
    *out_address = address;
    return ERR_OK;
}

static void on_connect(const redisAsyncContext *context, int status)
{
    struct redis_link *link = context->data;
    if (link == NULL) {
        return;
    }
    if (status != REDIS_OK) {
        link->context = NULL;
        link->closed(link->owner, context->errstr);
        return;
    }
    link->connected = true;
    link->opened(link->owner);
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    struct redis_link *link = context->data;
    if (link == NULL) {
        return;
    }
    link->context = NULL;
    link->connected = false;
    link->closed(link->owner, status == REDIS_OK ? "closed" : context->errstr);
}

enum err redis_open(struct redis_link *link, const struct redis_address *address, struct event_base *base,
                    struct fault *out_fault)
{
    redisAsyncContext *context = address->host[0] == '\0' ? redisAsyncConnectUnix(address->path)
                                                          : redisAsyncConnect(address->host, address->port);
    if (context == NULL) {
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    if (context->err != 0) {
        enum err err = fault_set(out_fault, ERR_IO, "%s", context->errstr);
        redisAsyncFree(context);
        return err;
    }
    context->data = link;
    link->context = context;
    link->connected = false;
    redisLibeventAttach(context, base);
    redisAsyncSetConnectCallback(context, on_connect);
    redisAsyncSetDisconnectCallback(context, on_disconnect);
    return ERR_OK;
}

void redis_close(struct redis_link *link)
{
    redisAsyncContext *context = link->context;
    if (context == NULL) {
        return;
    }
    link->context = NULL;
    link->connected = false;
    context->data = NULL;
    redisAsyncFree(context);
}

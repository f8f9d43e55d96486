/* redis_client.c -- hiredis's blocking context with the last reply kept. */
#include "support/redis_client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum { COMMAND_S = 5 };

struct redis_client {
    redisContext *context;
    redisReply *reply;
};

enum err redis_client_new(const struct server *server, struct redis_client **out_client, struct fault *out_fault)
{
    const struct timeval limit = {.tv_sec = COMMAND_S};
    struct redis_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    client->context = redisConnectUnixWithTimeout(server->socket_path, limit);
    if (client->context == NULL || client->context->err != 0) {
        enum err err = fault_set(out_fault, ERR_IO, "%s: %s", server->socket_path,
                                 client->context != NULL ? client->context->errstr : "out of memory");
        redis_client_free(client);
        return err;
    }
    (void)redisSetTimeout(client->context, limit);
    *out_client = client;
    return ERR_OK;
}

void redis_client_free(struct redis_client *client)
{
    if (client == NULL) {
        return;
    }
    if (client->reply != NULL) {
        freeReplyObject(client->reply);
    }
    if (client->context != NULL) {
        redisFree(client->context);
    }
    free(client);
}

static const redisReply *ask(struct redis_client *client, const char *format, va_list args)
{
    if (client->reply != NULL) {
        freeReplyObject(client->reply);
    }
    client->reply = redisvCommand(client->context, format, args);
    return client->reply != NULL && client->reply->type != REDIS_REPLY_ERROR ? client->reply : NULL;
}

static const redisReply *ask_or_end(struct redis_client *client, const char *format, va_list args)
{
    const redisReply *reply = ask(client, format, args);
    if (reply == NULL) {
        (void)fprintf(stderr, "redis: %s: %s\n", format, redis_error(client));
        abort();
    }
    return reply;
}

const char *redis_error(const struct redis_client *client)
{
    return client->reply != NULL ? client->reply->str : client->context->errstr;
}

const redisReply *redis_try(struct redis_client *client, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const redisReply *reply = ask(client, format, args);
    va_end(args);
    return reply;
}

const redisReply *redis_reply(struct redis_client *client, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const redisReply *reply = ask_or_end(client, format, args);
    va_end(args);
    return reply;
}

const char *redis_text(struct redis_client *client, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const redisReply *reply = ask_or_end(client, format, args);
    va_end(args);
    return reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS ? reply->str : NULL;
}

int64_t redis_integer(struct redis_client *client, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const redisReply *reply = ask_or_end(client, format, args);
    va_end(args);
    return reply->type == REDIS_REPLY_STRING ? strtoll(reply->str, NULL, 10) : reply->integer;
}

size_t redis_count(struct redis_client *client, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const redisReply *reply = ask_or_end(client, format, args);
    va_end(args);
    return reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
}

bool redis_has_keys(struct redis_client *client, const char *pattern)
{
    char cursor[32] = "0";
    do {
        const redisReply *page = redis_reply(client, "SCAN %s MATCH %s COUNT 1000", cursor, pattern);
        if (page->element[1]->elements > 0) {
            return true;
        }
        (void)snprintf(cursor, sizeof cursor, "%s", page->element[0]->str);
    } while (strcmp(cursor, "0") != 0);
    return false;
}

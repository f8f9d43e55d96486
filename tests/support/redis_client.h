/* redis_client.h -- a blocking connection to the private redis-server, for looking at what is stored. */
#ifndef MUSTER_TESTS_SUPPORT_REDIS_CLIENT_H
#define MUSTER_TESTS_SUPPORT_REDIS_CLIENT_H

#include "support/server.h"

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

struct redis_client;

/* redis_client_new connects to the server's unix socket; every command has 5 seconds. */
enum err redis_client_new(const struct server *server, struct redis_client **out_client,
                          struct fault *out_fault) MUST_USE;
void redis_client_free(struct redis_client *client);

/*
 * A command in hiredis's format ("HGET %s status"; %b takes pointer and size_t). A reply lives until the next command.
 * redis_reply never returns NULL: a lost connection or an error of Redis is told on standard error and ends the test
 * program, for no test can go on after it. redis_try returns NULL for those instead, with redis_error saying what.
 */
const redisReply *redis_reply(struct redis_client *client, const char *format, ...);
const redisReply *redis_try(struct redis_client *client, const char *format, ...);
const char *redis_error(const struct redis_client *client);

/* The same with what one mostly wants: a text (NULL for nil), a number (of text too; 0 for nil), how many elements. */
const char *redis_text(struct redis_client *client, const char *format, ...);
int64_t redis_integer(struct redis_client *client, const char *format, ...);
size_t redis_count(struct redis_client *client, const char *format, ...);

/* redis_has_keys says whether any key matches a pattern as SCAN takes it. */
bool redis_has_keys(struct redis_client *client, const char *pattern);

#endif

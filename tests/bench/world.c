/* world.c -- starts both servers and the store, and reads what they have used. */
#include "bench/world.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIPELINE = 200 };

const char world_persistence[] =
    "appendonly yes\nappendfsync everysec\nsave \"\"\n"
    "auto-aof-rewrite-percentage 300\nauto-aof-rewrite-min-size 256mb\nmaxmemory-policy noeviction\n"
    "notify-keyspace-events Ex\n";

const struct store_policy world_policy = {.check_interval_ms = 120000,
                                          .max_consecutive_failures = 3,
                                          .auto_recovery = true,
                                          .cleanup_threshold_ms = 900000,
                                          .archive_seconds = 86400,
                                          .max_attempts = 3,
                                          .retry_delay_ms = 3600000,
                                          .events_max_length = 1000000,
                                          .flap_count = 5,
                                          .flap_window_ms = 600000,
                                          .flap_hold_ms = 60000,
                                          .flap_hold_max_ms = 3600000};

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

void world_init_store(struct world *world, const char *uri)
{
    world->base = event_base_new();
    store_client_open(&world->writer, world->base, uri, "muster");
    store_client_lead(&world->writer, &world_policy);
}

void world_init(struct world *world)
{
    struct fault fault = {0};
    *world = (struct world){0};
    if (server_start_redis(&world->redis, world_persistence, &fault) != ERR_OK ||
        server_start_redis(&world->bare, world_persistence, &fault) != ERR_OK ||
        redis_client_new(&world->redis, &world->client, &fault) != ERR_OK) {
        die("Redis", fault.text);
    }
    world->bare_context = redisConnectUnix(world->bare.socket_path);
    if (world->bare_context == NULL || world->bare_context->err != 0) {
        die("Redis", "cannot connect");
    }
    world_init_store(world, world->redis.socket_uri);
}

void world_fini_store(struct world *world)
{
    store_client_close(&world->writer);
    event_base_free(world->base);
}

void world_fini(struct world *world)
{
    world_fini_store(world);
    redisFree(world->bare_context);
    redis_client_free(world->client);
    server_free(&world->redis);
    server_free(&world->bare);
}

static double info_number(const char *info, const char *name)
{
    const char *at = strstr(info, name);
    return at != NULL ? strtod(at + strlen(name), NULL) : 0;
}

void world_keep_file(struct world *world)
{
    (void)redis_reply(world->client, "CONFIG SET auto-aof-rewrite-percentage 0");
    world_bare_command(world, "CONFIG SET auto-aof-rewrite-percentage 0");
    world_bare_settle(world);
}

/* The main thread alone: what is written to disk behind it costs another core. */
static double redis_us_of(const char *info)
{
    return (info_number(info, "used_cpu_sys_main_thread:") + info_number(info, "used_cpu_user_main_thread:")) * 1e6;
}

struct usage world_usage(struct world *world)
{
    struct usage usage = {.client_us = (double)clock_process_us()};
    usage.redis_us = redis_us_of(redis_text(world->client, "INFO cpu"));
    const char *calls = strstr(redis_text(world->client, "INFO commandstats"), "cmdstat_fcall:");
    usage.call_us = calls != NULL ? info_number(calls, "usec=") : 0;
    return usage;
}

struct usage world_bare_usage(struct world *world)
{
    struct usage usage = {.client_us = (double)clock_process_us()};
    world_bare_settle(world);
    redisReply *reply = redisCommand(world->bare_context, "INFO cpu");
    usage.redis_us = reply != NULL ? redis_us_of(reply->str) : 0;
    freeReplyObject(reply);
    return usage;
}

struct usage world_usage_each(const struct usage *before, const struct usage *after, int count)
{
    return (struct usage){.redis_us = (after->redis_us - before->redis_us) / count,
                          .call_us = (after->call_us - before->call_us) / count,
                          .client_us = (after->client_us - before->client_us) / count};
}

static int64_t memory_of(const char *info)
{
    return (int64_t)(info_number(info, "used_memory:") - info_number(info, "mem_clients_normal:") -
                     info_number(info, "mem_aof_buffer:"));
}

int64_t world_memory(struct world *world)
{
    return memory_of(redis_text(world->client, "INFO memory"));
}

int64_t world_bare_memory(struct world *world)
{
    world_bare_settle(world);
    redisReply *reply = redisCommand(world->bare_context, "INFO memory");
    if (reply == NULL || reply->str == NULL) {
        die("Redis", "tells nothing of its memory");
    }
    int64_t memory = memory_of(reply->str);
    freeReplyObject(reply);
    return memory;
}

void world_bare_command(struct world *world, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int appended = redisvAppendCommand(world->bare_context, format, arguments);
    va_end(arguments);
    if (appended != REDIS_OK) {
        die("Redis", "out of memory");
    }
    world->bare_open++;
    if (world->bare_open >= PIPELINE) {
        world_bare_settle(world);
    }
}

void world_bare_set(struct world *world, int key)
{
    world_bare_command(world, "SET alive:worker-%07d 1700000000000000 PX 3600000", key);
}

void world_bare_settle(struct world *world)
{
    for (; world->bare_open > 0; world->bare_open--) {
        redisReply *reply = NULL;
        if (redisGetReply(world->bare_context, (void **)&reply) != REDIS_OK) {
            die("Redis", world->bare_context->errstr);
        }
        if (reply->type == REDIS_REPLY_ERROR) {
            die("Redis", reply->str);
        }
        freeReplyObject(reply);
    }
}

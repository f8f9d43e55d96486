/* floor.c -- the commands that write a worker's keys, its heartbeats and its silence, sent as they are; nobody looks at
 * the answers. */
#include "bench/floor.h"

#include "base/clock.h"

#include <stdio.h>

enum { TIMEOUT_MS = 3600000 };

static void join_sets(struct world *world, const char *id, int number)
{
    static const char *const all[] = {"workers",   "status:ACTIVE",     "health:HEALTHY",
                                      "tag:linux", "capability:encode", "capability:transcode"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        world_bare_command(world, "SADD muster:{0}:%s %s", all[i], id);
    }
    world_bare_command(world, "SADD muster:{0}:tag:pool-%d %s", number % 10, id);
    world_bare_command(world, "SADD muster:{0}:tag:rack-%d %s", number % 500, id);
    world_bare_command(world, "SADD muster:{0}:zone:zone-%d %s", number % 16, id);
}

/* Numbers are as long as in a registry that has been running for a year. */
static void write_record(struct world *world, const char *id, int number)
{
    static const char epoch[] = "1795526413283551";
    static const char now[] = "1795526413283";
    char name[32];
    char tags[64];
    char host[32];
    char address[32];
    char steady[64];
    (void)snprintf(name, sizeof name, "Worker number %d", number);
    (void)snprintf(tags, sizeof tags, "[\"linux\",\"pool-%d\",\"rack-%d\"]", number % 10, number % 500);
    (void)snprintf(host, sizeof host, "host-%d.example", number);
    (void)snprintf(address, sizeof address, "10.%d.%d.%d", number / 65536, number / 256 % 256, number % 256);
    (void)snprintf(steady, sizeof steady, "1 %s  %d 10 0 0 b7d0a1c2", epoch, TIMEOUT_MS);
    world_bare_command(
        world,
        "HSET muster:{0}:worker:%s steady %s heartbeats 0 seq 0 currentJobCount 0 lastHeartbeatAt %s "
        "sentAt %s cpuUsage 0 memoryUsage 0 availableCapacity 10 revision 1 updatedAt %s health HEALTHY "
        "consecutiveFailures 0 status ACTIVE "
        "epoch %s registeredAt %s errorCount 0 name %s maxConcurrentJobs 10 heartbeatTimeoutMs %d "
        "heartbeatIntervalMs %d zone zone-%d version 1.4.2 port 8080 bootId b7d0a1c2 connection 1 tags %s "
        "capabilities %s hostName %s hostAddress %s",
        id, steady, now, now, now, epoch, now, name, TIMEOUT_MS, TIMEOUT_MS / 3, number % 16, tags,
        "[\"encode\",\"transcode\"]", host, address);
    world_bare_command(world, "SET muster:{0}:alive:%s %s PX %d", id, epoch, TIMEOUT_MS);
    world_bare_command(world, "ZADD muster:{0}:deadlines %s alive:%s", now, id);
    world_bare_command(world, "ZADD muster:{0}:free 10 %s", id);
    world_bare_command(world,
                       "XADD muster:{0}:events * type registered workerId %s epoch %s revision 1 at %s toStatus ACTIVE "
                       "toHealth HEALTHY reason worker",
                       id, epoch, now);
}

void floor_register(struct world *world, int workers)
{
    for (int i = 0; i < workers; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "worker-%07d", i);
        write_record(world, id, i);
        join_sets(world, id, i);
    }
    world_bare_settle(world);
}

void floor_beat(struct world *world, int worker, int64_t seq)
{
    char id[32];
    int64_t now_ms = clock_wall_ms();
    int64_t deadline_ms = now_ms + TIMEOUT_MS;
    (void)snprintf(id, sizeof id, "worker-%07d", worker);
    world_bare_command(world, "HMGET muster:{0}:worker:%s steady heartbeats seq", id);
    world_bare_command(world, "PEXPIREAT muster:{0}:alive:%s %lld", id, (long long)deadline_ms);
    world_bare_command(
        world,
        "HSET muster:{0}:worker:%s heartbeats %lld lastHeartbeatAt %lld seq %lld sentAt %lld cpuUsage %.1f "
        "memoryUsage %.1f",
        id, (long long)seq, (long long)now_ms, (long long)seq, (long long)now_ms,
        (double)((seq * 7 + worker) % 1000) / 10, (double)((seq * 3 + worker) % 1000) / 10);
}

/* One command for all of them: before stands in front of each member. */
static void change_members(struct world *world, const char *command, const char *before, int first, int count)
{
    enum { MEMBER_BYTES = 64 };
    char text[MEMBER_BYTES * (FLOOR_SILENT_MAX + 1)];
    size_t len = (size_t)snprintf(text, sizeof text, "%s", command);
    for (int i = first; i < first + count; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, " %sworker-%07d", before, i);
    }
    world_bare_command(world, text);
}

static void tell_silence(struct world *world, int worker)
{
    static const char epoch[] = "1795526413283551";
    char id[32];
    int64_t now_ms = clock_wall_ms();
    long long now = (long long)now_ms;
    (void)snprintf(id, sizeof id, "worker-%07d", worker);
    world_bare_command(world, "HMGET muster:{0}:worker:%s steady lastHeartbeatAt seq revision zone", id);
    world_bare_command(world, "SET muster:{0}:recheck:%s %s PX %d", id, epoch, TIMEOUT_MS);
    world_bare_command(
        world,
        "XADD muster:{0}:events * type unhealthy workerId %s epoch %s revision 2 at %lld toStatus ACTIVE "
        "toHealth UNHEALTHY fromStatus ACTIVE fromHealth HEALTHY reason heartbeat_timeout evidence %s",
        id, epoch, now,
        "{\"foundBy\":\"sweep\",\"lastHeartbeatAt\":1795526413283,\"seq\":1,\"deadline\":1795526413283,"
        "\"lateMs\":1000}");
    world_bare_command(world,
                       "HSET muster:{0}:worker:%s steady U1%s revision 2 updatedAt %lld health UNHEALTHY "
                       "consecutiveFailures 1 unhealthySince %lld missing 1 reason heartbeat_timeout",
                       id, epoch, now, now);
}

void floor_silence(struct world *world, int first, int count)
{
    world_bare_command(world, "ZRANGEBYSCORE muster:{0}:deadlines -inf +inf WITHSCORES LIMIT 0 %d", count);
    change_members(world, "DEL", "muster:{0}:alive:", first, count);
    for (int i = first; i < first + count; i++) {
        tell_silence(world, i);
    }
    change_members(world, "ZREM muster:{0}:deadlines", "alive:", first, count);
    change_members(world, "ZADD muster:{0}:deadlines", "1795526413283 recheck:", first, count);
    change_members(world, "ZREM muster:{0}:free", "", first, count);
    change_members(world, "SREM muster:{0}:health:HEALTHY", "", first, count);
    change_members(world, "SADD muster:{0}:health:UNHEALTHY", "", first, count);
}

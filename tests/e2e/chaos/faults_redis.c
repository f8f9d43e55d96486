/* faults_redis.c -- Redis gone, frozen, full, read-only, loading, or with less in it than it had. */
#include "e2e/chaos/faults.h"

#include "base/clock.h"
#include "e2e/chaos/record.h"
#include "support/wait.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* How long Redis takes for each key of a snapshot, or each command of its log, while it is made to load slowly. */
#define KEY_DELAY_US "30000"
#define COMMAND_DELAY_US "1500"

enum { LOADED_WITHIN_MS = 20000, REPLICA_PORT_OF_NOBODY = 9 };

static void kill_9(struct faults *faults)
{
    world_kill_redis(faults->world);
    if (faults->forgets) {
        faults_note_loss(faults, faults->saved_wall_ms);
    }
}

static void start(struct faults *faults)
{
    struct fault fault = {0};
    faults_must(server_start_again(&faults->world->redis, &fault), &fault);
    faults_must(redis_client_new(&faults->world->redis, &faults->world->store, &fault), &fault);
}

static void save_and_kill_later(struct faults *faults)
{
    faults_save(faults);
}

static void kill_and_start(struct faults *faults)
{
    kill_9(faults);
    start(faults);
}

static void freeze(struct faults *faults)
{
    server_suspend(&faults->world->redis);
}

static void thaw(struct faults *faults)
{
    server_resume(&faults->world->redis);
}

/* Keys that have expired meanwhile are not loaded, and nobody is told of them. */
static void thaw_and_reload(struct faults *faults)
{
    thaw(faults);
    (void)redis_reply(faults->world->store, "DEBUG RELOAD");
}

static void take_memory(struct faults *faults)
{
    (void)redis_reply(faults->world->store, "CONFIG SET maxmemory 1");
}

static void give_memory(struct faults *faults)
{
    (void)redis_reply(faults->world->store, "CONFIG SET maxmemory 0");
}

static void limit_files(struct faults *faults, rlim_t bytes)
{
    const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
    if (prlimit(faults->world->redis.process.pid, RLIMIT_FSIZE, &limit, NULL) != 0) {
        fail_msg("the size of Redis's files cannot be limited");
    }
}

/* No file may grow: to Redis that is a disk that is full. One that writes each change down at once ends itself then. */
static void fill_disk(struct faults *faults)
{
    limit_files(faults, 1);
    if (faults->forgets) {
        (void)redis_reply(faults->world->store, "CONFIG SET save %s", "1 1");
    }
}

static void free_disk(struct faults *faults)
{
    if (process_is_running(&faults->world->redis.process)) {
        limit_files(faults, RLIM_INFINITY);
        (void)redis_reply(faults->world->store, "CONFIG SET save %s", "");
    } else {
        kill_9(faults);
        start(faults);
    }
}

static void become_replica(struct faults *faults)
{
    (void)redis_reply(faults->world->store, "REPLICAOF 127.0.0.1 %d", REPLICA_PORT_OF_NOBODY);
}

static void become_master(struct faults *faults)
{
    (void)redis_reply(faults->world->store, "REPLICAOF NO ONE");
}

static void configure(struct faults *faults, const char *line)
{
    FILE *config = fopen(faults->world->redis.config_path, "a");
    if (config == NULL || fprintf(config, "%s\n", line) < 0 || fclose(config) != 0) {
        fail_msg("%s cannot be changed", faults->world->redis.config_path);
    }
}

static void start_slowly(struct faults *faults)
{
    if (faults->forgets) {
        faults_save(faults);
    }
    kill_9(faults);
    configure(faults, faults->forgets ? "key-load-delay " KEY_DELAY_US : "key-load-delay " COMMAND_DELAY_US);
    start(faults);
}

static void load_at_once(struct faults *faults)
{
    int64_t deadline_ms = clock_monotonic_ms() + LOADED_WITHIN_MS;
    (void)redis_reply(faults->world->store, "CONFIG SET key-load-delay 0");
    configure(faults, "key-load-delay 0");
    while (redis_try(faults->world->store, "GET muster:{0}:epoch") == NULL) {
        if (clock_monotonic_ms() >= deadline_ms) {
            fail_msg("Redis still loads: %s", redis_error(faults->world->store));
        }
        wait_a_step();
    }
}

/* What the stream held goes into the diary, in the same moment; no snapshot may bring it back. */
static void flush(struct faults *faults)
{
    struct redis_client *store = faults->world->store;
    (void)redis_reply(store, "MULTI");
    (void)redis_reply(store, "XRANGE muster:{0}:events - +");
    (void)redis_reply(store, "FLUSHALL");
    const redisReply *results = redis_reply(store, "EXEC");
    record_changes(faults->diary, results->element[0]);
    faults_note_flush(faults);
    if (faults->forgets) {
        faults_save(faults);
    }
}

static void cut_subscriber(struct faults *faults)
{
    (void)redis_reply(faults->world->store, "CLIENT KILL TYPE pubsub");
}

static void flush_functions(struct faults *faults)
{
    (void)redis_reply(faults->world->store, "FUNCTION FLUSH");
}

const struct fault_kind faults_of_redis[] = {
    {"Redis away", kill_9, start, 300, 2500, 0},
    {"Redis away for long", kill_9, start, 4500, 6000, 500},
    {"Redis killed some time after a snapshot", save_and_kill_later, kill_and_start, 500, 2500, 0},
    {"Redis stalled", freeze, thaw, 300, 2500, 0},
    {"Redis stalled for long", freeze, thaw, 7500, 9000, 500},
    {"Redis stalled, then loaded anew", freeze, thaw_and_reload, 1500, 2500, 0},
    {"Redis out of memory", take_memory, give_memory, 4500, 6000, 500},
    {"Redis on a full disk", fill_disk, free_disk, 6000, 7500, 2000},
    {"Redis read-only", become_replica, become_master, 4500, 6000, 500},
    {"Redis loading", start_slowly, load_at_once, 4500, 6000, 500},
    {"Redis flushed", flush, NULL, 0, 0, 0},
    {"subscriber cut off", cut_subscriber, NULL, 0, 0, 0},
    {"functions flushed", flush_functions, NULL, 0, 0, 0},
    {0},
};

/* faults.c -- the table of faults, each with how it begins and how it ends. */
#include "e2e/chaos/faults.h"

#include "base/clock.h"
#include "e2e/chaos/diary.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALM_MS = 1500, CALM_SPREAD_MS = 1500, LONGEST_SPREAD_MS = 2500 };

static unsigned draw(struct faults *faults, unsigned below)
{
    faults->random = faults->random * 1103515245U + 12345U;
    return (faults->random >> 16) % below;
}

/* d<index> holds the lease: "token d0". */
static int active_daemon(struct faults *faults)
{
    const redisReply *lease = redis_try(faults->world->store, "GET muster:{0}:lease");
    const char *name = lease != NULL && lease->str != NULL ? strchr(lease->str, ' ') : NULL;
    return name != NULL && strcmp(name, " d1") == 0 ? 1 : 0;
}

static void must(enum err err, const struct fault *fault)
{
    if (err != ERR_OK) {
        (void)fprintf(stderr, "%s\n", fault->text);
        exit(EXIT_FAILURE);
    }
}

static void stop_broker(struct faults *faults)
{
    server_stop(&faults->world->broker, SIGTERM);
}

static void start_broker(struct faults *faults)
{
    struct fault fault = {0};
    must(server_start_again(&faults->world->broker, &fault), &fault);
    world_observe_again(faults->world);
}

static void stall_broker(struct faults *faults)
{
    server_suspend(&faults->world->broker);
}

static void wake_broker(struct faults *faults)
{
    server_resume(&faults->world->broker);
}

static void kill_redis(struct faults *faults)
{
    redis_client_free(faults->world->store);
    faults->world->store = NULL;
    server_stop(&faults->world->redis, SIGKILL);
}

static void start_redis(struct faults *faults)
{
    struct fault fault = {0};
    must(server_start_again(&faults->world->redis, &fault), &fault);
    must(redis_client_new(&faults->world->redis, &faults->world->store, &fault), &fault);
}

static void stall_redis(struct faults *faults)
{
    server_suspend(&faults->world->redis);
}

static void wake_redis(struct faults *faults)
{
    server_resume(&faults->world->redis);
}

static void kill_daemon(struct faults *faults)
{
    faults->daemon = active_daemon(faults);
    process_stop(&faults->world->daemons[faults->daemon], SIGKILL);
}

static void start_daemon(struct faults *faults)
{
    world_start_daemon(faults->world, faults->daemon, NULL);
}

static void stall_daemon(struct faults *faults)
{
    faults->daemon = active_daemon(faults);
    process_signal(&faults->world->daemons[faults->daemon], SIGSTOP);
}

static void wake_daemon(struct faults *faults)
{
    process_signal(&faults->world->daemons[faults->daemon], SIGCONT);
}

static void cut_subscriber(struct faults *faults)
{
    (void)redis_try(faults->world->store, "CLIENT KILL TYPE pubsub");
}

static void flush_functions(struct faults *faults)
{
    (void)redis_try(faults->world->store, "FUNCTION FLUSH");
}

static void steal_client_id(struct faults *faults)
{
    struct fault fault = {0};
    must(recorder_open(faults->world->broker.uri, "musterd", NULL, &faults->thief, &fault), &fault);
}

static void give_back_client_id(struct faults *faults)
{
    recorder_free(faults->thief);
    faults->thief = NULL;
}

static void nothing(struct faults *faults)
{
    (void)faults;
}

static const struct {
    const char *name;
    void (*begin)(struct faults *faults);
    void (*end)(struct faults *faults);
} table[] = {
    {"broker away", stop_broker, start_broker},
    {"broker stalled", stall_broker, wake_broker},
    {"redis killed", kill_redis, start_redis},
    {"redis stalled", stall_redis, wake_redis},
    {"active daemon killed", kill_daemon, start_daemon},
    {"active daemon stalled", stall_daemon, wake_daemon},
    {"subscriber cut off", cut_subscriber, nothing},
    {"functions flushed", flush_functions, nothing},
    {"client id stolen", steal_client_id, give_back_client_id},
};

void faults_init(struct faults *faults, struct world *world, unsigned seed, json_t *diary)
{
    *faults = (struct faults){.world = world, .diary = diary, .random = seed ^ 0x5bd1e995U, .current = -1};
    faults->next_ms = clock_monotonic_ms() + CALM_MS + draw(faults, CALM_SPREAD_MS);
}

void faults_end(struct faults *faults)
{
    if (faults->current < 0) {
        return;
    }
    table[faults->current].end(faults);
    print_message("  %s is over\n", table[faults->current].name);
    diary_add(faults->diary, "fault",
              json_pack("{s:s, s:I, s:I}", "name", table[faults->current].name, "from",
                        (json_int_t)faults->began_wall_ms, "to", (json_int_t)clock_wall_ms()));
    faults->current = -1;
    faults->next_ms = clock_monotonic_ms() + CALM_MS + draw(faults, CALM_SPREAD_MS);
}

void faults_step(struct faults *faults)
{
    if (clock_monotonic_ms() < faults->next_ms) {
        return;
    }
    if (faults->current >= 0) {
        faults_end(faults);
        return;
    }
    faults->current = (int)draw(faults, sizeof table / sizeof table[0]);
    faults->began_wall_ms = clock_wall_ms();
    faults->next_ms = clock_monotonic_ms() + 300 + draw(faults, LONGEST_SPREAD_MS);
    print_message("  %s\n", table[faults->current].name);
    table[faults->current].begin(faults);
}

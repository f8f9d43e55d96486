/*
 * test_chaos.c -- simulated workers, faults by a seed, and a judge that knows what really happened.
 *
 * Usage: test_chaos [FIRST_SEED [RUNS [SECONDS [FOLDER]]]]. The record of a run that is found guilty stays, and its
 * path is told; those of all runs stay where a folder for them is given.
 */
#include "base/clock.h"
#include "e2e/chaos/diary.h"
#include "e2e/chaos/faults.h"
#include "e2e/chaos/fleet.h"
#include "e2e/chaos/judge.h"
#include "e2e/chaos/record.h"
#include "e2e/world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SETTLE_MS = 40000, STEP_MS = 5, FORGETS_EVERY = 3, MERGES_EVERY = 2 };

static unsigned first_seed = 2;
static int runs = 2;
static int64_t active_ms = 20000;
static const char *folder = NULL;

/* One installation and those who live in it. */
struct stage {
    struct world world;
    struct proxy *proxy;
    struct fleet *fleet;
    struct probe *probe;
    struct faults faults;
};

static void step(struct stage *stage)
{
    fleet_step(stage->fleet, STEP_MS);
    probe_step(stage->probe);
}

static bool has_text(struct world *world, const char *key, const char *value)
{
    const redisReply *reply = redis_try(world->store, "GET muster:{0}:%s", key);
    return reply != NULL && reply->str != NULL && strcmp(reply->str, value) == 0;
}

/* Everybody who lives is HEALTHY, and everybody else is gone. */
static bool is_everybody_well(struct stage *stage)
{
    struct redis_client *store = stage->world.store;
    size_t there = 0;
    for (size_t i = 0; i < FLEET_WORKERS; i++) {
        const char *id = fleet_id(stage->fleet, i);
        if (fleet_is_there(stage->fleet, i)) {
            there++;
            if (redis_integer(store, "SISMEMBER muster:{0}:health:HEALTHY %s", id) == 0) {
                return false;
            }
        }
    }
    return fleet_is_settled(stage->fleet) && probe_rests(stage->probe) &&
           redis_integer(store, "SCARD muster:{0}:health:HEALTHY") == (int64_t)there &&
           redis_integer(store, "SCARD muster:{0}:workers") == (int64_t)there;
}

static bool is_all_told(struct world *world)
{
    const redisReply *last = redis_try(world->store, "XREVRANGE muster:{0}:events + - COUNT 1");
    char last_id[64] = "";
    if (last != NULL && last->elements == 1) {
        (void)snprintf(last_id, sizeof last_id, "%s", last->element[0]->element[0]->str);
    }
    return has_text(world, "cursor", last_id);
}

/* In this order: what has been told is asked for when there is nothing more to tell. */
static bool is_calm(struct stage *stage)
{
    return is_everybody_well(stage) && is_all_told(&stage->world);
}

static void let_run(struct stage *stage)
{
    int64_t end_ms = clock_monotonic_ms() + active_ms;
    while (clock_monotonic_ms() < end_ms) {
        step(stage);
        faults_step(&stage->faults);
    }
    faults_finish(&stage->faults);
    while (!faults_are_over(&stage->faults)) {
        step(stage);
        faults_step(&stage->faults);
    }
}

static bool calm_down(struct stage *stage)
{
    int64_t end_ms = clock_monotonic_ms() + SETTLE_MS;
    bool is_over = false;
    while (!is_over && clock_monotonic_ms() < end_ms) {
        int64_t until_ms = clock_monotonic_ms() + 200;
        while (clock_monotonic_ms() < until_ms) {
            step(stage);
        }
        is_over = is_calm(stage);
    }
    return is_over;
}

static void print_logs(struct world *world)
{
    for (int i = 0; i < WORLD_DAEMONS_MAX; i++) {
        char *log = process_log(&world->daemons[i]);
        if (log != NULL) {
            (void)fprintf(stderr, "log of daemon %d:\n%s\n", i, log);
        }
        free(log);
    }
}

static void open_stage(struct stage *stage, unsigned seed, json_t *diary)
{
    struct fault fault = {0};
    bool forgets = seed % FORGETS_EVERY == 0;
    int64_t merge_ms = seed % MERGES_EVERY == 0 ? FLEET_MERGE_MS : 0;
    world_begin(&stage->world,
                "max_inflight_messages 1000\nset_tcp_nodelay true\nautosave_interval 1\n"
                "max_queued_messages " FAULTS_BROKER_QUEUE "\n",
                forgets ? "enable-debug-command yes\nloading-process-events-interval-bytes 1024\n"
                        : "enable-debug-command yes\nappendonly yes\nappendfsync always\n");
    world_observe_for_good(&stage->world);
    faults_must(proxy_new(stage->world.broker.port, &stage->proxy, &fault), &fault);
    stage->fleet = fleet_new(stage->world.broker.uri, seed, active_ms, merge_ms, diary);
    stage->probe = probe_new(stage->world.broker.uri, diary);
    faults_init(&stage->faults, &stage->world, stage->proxy, stage->probe, seed, forgets, merge_ms, diary);
    diary_add(diary, "run",
              json_pack("{s:i, s:b, s:I}", "seed", (int)seed, "forgets", forgets, "mergeMs", (json_int_t)merge_ms));
    if (forgets) {
        faults_save(&stage->faults);
    }
    faults_start_daemon(&stage->faults, 0);
    world_wait_listening(&stage->world, 0);
    faults_start_daemon(&stage->faults, 1);
}

static void close_stage(struct stage *stage)
{
    probe_free(stage->probe);
    fleet_free(stage->fleet);
    world_close(&stage->world);
    proxy_free(stage->proxy);
}

static void note_ends(struct world *world, json_t *diary)
{
    for (int i = 0; i < 2; i++) {
        struct process *daemon = &world->daemons[i];
        if (!process_is_running(daemon)) {
            char name[8];
            (void)snprintf(name, sizeof name, "d%d", i);
            diary_add(diary, "ended", json_pack("{s:s, s:i}", "daemon", name, "status", process_exit_status(daemon)));
        }
    }
}

/* Nothing may change any more while all of it is looked at. */
static void record(struct world *world, json_t *diary)
{
    process_signal(&world->daemons[0], SIGSTOP);
    process_signal(&world->daemons[1], SIGSTOP);
    record_end(world, diary);
    process_signal(&world->daemons[0], SIGCONT);
    process_signal(&world->daemons[1], SIGCONT);
}

static bool run(unsigned seed, json_t *diary)
{
    struct stage stage;
    memset(&stage, 0, sizeof stage);
    open_stage(&stage, seed, diary);
    let_run(&stage);
    bool is_calm_again = calm_down(&stage);
    if (!is_calm_again || getenv("CHAOS_LOGS") != NULL) {
        print_logs(&stage.world);
    }
    note_ends(&stage.world, diary);
    record(&stage.world, diary);
    close_stage(&stage);
    return is_calm_again;
}

static size_t print_verdicts(const json_t *diary)
{
    json_t *verdicts = judge_record(diary);
    size_t index = 0;
    const json_t *verdict = NULL;
    json_array_foreach(verdicts, index, verdict)
    {
        print_message("  %s\n", json_string_value(verdict));
    }
    json_decref(verdicts);
    return index;
}

static void run_of_seed(unsigned seed)
{
    json_t *diary = json_array();
    char path[256];
    print_message("seed %u\n", seed);
    bool is_calm_again = run(seed, diary);
    bool is_guilty = print_verdicts(diary) > 0 || !is_calm_again;
    (void)snprintf(path, sizeof path, "%s/muster-chaos-%u.jsonl", folder != NULL ? folder : "/tmp", seed);
    if ((is_guilty || folder != NULL) && diary_write(diary, path) != 0) {
        print_message("%s cannot be written\n", path);
    }
    json_decref(diary);
    if (is_guilty) {
        fail_msg("seed %u: %s; the record is %s", seed, is_calm_again ? "guilty" : "it did not calm down", path);
    }
}

static void everything_holds_whatever_fails(void **state)
{
    (void)state;
    for (unsigned seed = first_seed; seed < first_seed + (unsigned)runs; seed++) {
        run_of_seed(seed);
    }
}

int main(int argc, char **argv)
{
    first_seed = argc > 1 ? (unsigned)atoi(argv[1]) : first_seed;
    runs = argc > 2 ? atoi(argv[2]) : runs;
    active_ms = argc > 3 ? (int64_t)atoi(argv[3]) * 1000 : active_ms;
    folder = argc > 4 ? argv[4] : folder;
    /* Redis inherits it, and then sees an error where a file may not grow any more. */
    (void)signal(SIGXFSZ, SIG_IGN);
    const struct CMUnitTest tests[] = {cmocka_unit_test(everything_holds_whatever_fails)};
    return cmocka_run_group_tests_name("e2e/chaos", tests, NULL, NULL);
}

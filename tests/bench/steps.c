/*
 * steps.c -- what the steps of a worker's life cost Redis: noticing that it is silent, UNHEALTHY, RECOVERED, HEALTHY,
 * FAILED, cleanup; and where very many are silent, the same keys by plain commands in a second Redis of the same
 * configuration. No broker, no daemon, and nobody but those who take the step.
 *
 * Usage: bench_steps [--json] [--bare] [workers]; prints a Markdown table, or one JSON document; --bare: of the plain
 *        commands alone.
 *        bench_steps --paused [workers]; for who counts from outside: says "<Redis's process> <stage> begins" and
 *        "<Redis's process> <stage> ends <steps>", and waits for a line of input each time.
 */
#include "bench/arguments.h"
#include "bench/floor.h"
#include "bench/report.h"
#include "bench/world.h"

#include "base/clock.h"
#include "store/expiry.h"
#include "store/heartbeat.h"
#include "store/register.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REGISTRATIONS_OPEN = 64,
    BATCHES_OPEN = 4,
    TOUCHED_A_CALL = 200,
    LOOKED_AT_A_CALL = 200,
    CLAIMS_A_CALL = 100,
    TIMEOUT_MS = 2000,
    WORKERS_A_MS = 5, /* that register and beat before the first of them is overdue, on a slow machine */
    STEP_MS = 100,
    NEVER_MS = 3600000,
};

enum stage {
    STAGE_TOUCH,
    STAGE_LOOK,
    STAGE_UNHEALTHY,
    STAGE_RECOVERED,
    STAGE_HEALTHY,
    STAGE_SWEEP,
    STAGE_SILENT,
    STAGE_FAILED,
    STAGE_CLEANED_UP,
    STAGES,
};
static const struct {
    const char *key;
    const char *name;
} stages[STAGES] = {
    [STAGE_TOUCH] = {"touch", "a due key touched"},
    [STAGE_LOOK] = {"look", "an expired key looked at"},
    [STAGE_UNHEALTHY] = {"unhealthy", "a step to UNHEALTHY"},
    [STAGE_RECOVERED] = {"recovered", "a heartbeat, and RECOVERED"},
    [STAGE_HEALTHY] = {"healthy", "a heartbeat, and HEALTHY"},
    [STAGE_SWEEP] = {"sweep", "a due key touched and looked at"},
    [STAGE_SILENT] = {"silent", "a due key touched, and UNHEALTHY at once"},
    [STAGE_FAILED] = {"failed", "a step to FAILED"},
    [STAGE_CLEANED_UP] = {"cleaned_up", "a cleanup"},
};

struct bench {
    struct world world;
    int workers;
    int open;    /* calls without an answer */
    int refused; /* answers that were not ok */
    int64_t seq;
    const char *expected; /* outcome of the steps under way */
    int taken;            /* steps with that outcome */
    size_t swept;
    struct store_due dues[TOUCHED_A_CALL];
    char members[TOUCHED_A_CALL][64];
    size_t due_count;
    bool paused;
    bool bare;
    struct usage before; /* the stage under way */
    struct usage spent[STAGES];
    size_t steps[STAGES];
    struct usage floor; /* of STAGE_SILENT, each */
    int64_t floor_ms;   /* from the first of them to the last */
};

static void wait_for_line(void)
{
    char line[8];
    (void)fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL) {
        exit(EXIT_FAILURE);
    }
}

static void begin(struct bench *bench, enum stage stage)
{
    bench->before = world_usage(&bench->world);
    if (bench->paused) {
        (void)printf("%d %s begins\n", (int)bench->world.redis.process.pid, stages[stage].key);
        wait_for_line();
    }
}

static void end(struct bench *bench, enum stage stage, size_t steps)
{
    if (bench->paused) {
        (void)printf("%d %s ends %zu\n", (int)bench->world.redis.process.pid, stages[stage].key, steps);
        wait_for_line();
    }
    struct usage after = world_usage(&bench->world);
    bench->steps[stage] += steps;
    bench->spent[stage].redis_us += after.redis_us - bench->before.redis_us;
    bench->spent[stage].call_us += after.call_us - bench->before.call_us;
    bench->spent[stage].client_us += after.client_us - bench->before.client_us;
}

/* ---------------------------------------------------------------------------------------- who lives */

static void on_registered(void *context, const struct store_registered *result)
{
    struct bench *bench = context;
    bench->open--;
    bench->refused += result->outcome != STORE_DONE || result->code != CODE_OK;
}

static int64_t timeout_ms(const struct bench *bench)
{
    return TIMEOUT_MS + bench->workers / WORKERS_A_MS;
}

static void register_one(struct bench *bench, int number)
{
    char id[32];
    char zone[32];
    (void)snprintf(id, sizeof id, "worker-%07d", number);
    (void)snprintf(zone, sizeof zone, "zone-%d", number % 16);
    struct registration worker = {
        .worker_id = text_of(id),
        .name = text_of("A worker that dies"),
        .host_name = text_of("host.example"),
        .host_address = text_of("10.0.0.1"),
        .port = {.set = true, .value = 8080},
        .max_concurrent_jobs = {.set = true, .value = 10},
        .capabilities_json = text_of("[\"encode\",\"transcode\"]"),
        .tags_json = text_of("[\"linux\",\"pool-1\",\"rack-17\"]"),
        .version = text_of("1.4.2"),
        .zone = text_of(zone),
        .boot_id = text_of("b7d0a1c2"),
        .connection = {.set = true, .value = 1},
    };
    struct store_registration call = {.registration = &worker,
                                      .valid = true,
                                      .heartbeat_timeout_ms = timeout_ms(bench),
                                      .heartbeat_interval_ms = timeout_ms(bench) / 3};
    bench->open++;
    store_register(bench->world.writer.store, &call, on_registered, bench);
}

static void register_all(struct bench *bench)
{
    for (int i = 0; i < bench->workers; i++) {
        register_one(bench, i);
        store_client_wait(&bench->world.writer, &bench->open, REGISTRATIONS_OPEN - 1);
    }
    store_client_wait(&bench->world.writer, &bench->open, 0);
}

static void on_heartbeats(void *context, const struct store_heartbeats *result)
{
    struct bench *bench = context;
    bench->open--;
    bench->refused += result->outcome != STORE_DONE || result->count > 0;
}

static void add_heartbeat(struct bench *bench, int number)
{
    char id[32];
    (void)snprintf(id, sizeof id, "worker-%07d", number);
    struct heartbeat heartbeat = {
        .worker_id = text_of(id),
        .status = WORKER_BUSY,
        .current_job_count = {.set = true, .value = 3},
        .available_capacity = {.set = true, .value = 7},
        .cpu_usage = {.set = true, .value = (double)((bench->seq * 7 + number) % 1000) / 10},
        .memory_usage = {.set = true, .value = (double)((bench->seq * 3 + number) % 1000) / 10},
        .seq = {.set = true, .value = bench->seq},
        .sent_at_ms = {.set = true, .value = clock_wall_ms()},
        .boot_id = text_of("b7d0a1c2"),
        .connection = {.set = true, .value = 1},
    };
    store_heartbeat_add(bench->world.writer.store, &heartbeat, false);
}

static void beat(struct bench *bench)
{
    bench->seq++;
    for (int i = 0; i < bench->workers; i++) {
        add_heartbeat(bench, i);
        if (store_heartbeat_count(bench->world.writer.store) == STORE_HEARTBEATS_MAX || i == bench->workers - 1) {
            bench->open++;
            store_heartbeat_send(bench->world.writer.store, on_heartbeats, bench);
            store_client_wait(&bench->world.writer, &bench->open, BATCHES_OPEN - 1);
        }
    }
    store_client_wait(&bench->world.writer, &bench->open, 0);
}

static void count_beat(struct bench *bench, enum stage stage)
{
    begin(bench, stage);
    beat(bench);
    end(bench, stage, (size_t)bench->workers);
}

/* ---------------------------------------------------------------------------------------- who is silent */

/* Then no step is taken but by a claim. */
static const struct hearing heard_nothing = {.since_ms = INT64_MAX, .until_ms = 0};

static void on_dues(void *context, const struct store_dues *result)
{
    struct bench *bench = context;
    bench->open--;
    bench->taken += (int)result->taken.count;
    bench->swept = result->seen;
    bench->due_count = 0;
    for (size_t i = 0; i < result->count && i < TOUCHED_A_CALL; i++) {
        bench->dues[i] = result->dues[i];
        (void)snprintf(bench->members[i], sizeof bench->members[i], "%.*s", TEXT_ARG(result->dues[i].member));
        bench->dues[i].member = text_of(bench->members[i]);
        bench->dues[i].zone = (struct text){0};
        bench->due_count++;
    }
}

static void sweep(struct bench *bench, const struct hearing *hearing, size_t skip, int64_t grace_ms)
{
    bench->open++;
    store_sweep(bench->world.writer.store, hearing, skip, TOUCHED_A_CALL, grace_ms, on_dues, bench);
    store_client_wait(&bench->world.writer, &bench->open, 0);
}

static void on_steps(void *context, const struct store_steps *result)
{
    struct bench *bench = context;
    bench->open--;
    bench->refused += result->outcome != STORE_DONE;
    for (size_t i = 0; i < result->count; i++) {
        bench->taken += text_is(result->steps[i].outcome, bench->expected);
    }
}

static void claim_found(struct bench *bench, const char *found_by)
{
    struct store_claim claims[TOUCHED_A_CALL];
    for (size_t i = 0; i < bench->due_count; i++) {
        claims[i] = (struct store_claim){.due = bench->dues[i], .take = true};
    }
    for (size_t from = 0; from < bench->due_count; from += CLAIMS_A_CALL) {
        size_t count = bench->due_count - from < CLAIMS_A_CALL ? bench->due_count - from : CLAIMS_A_CALL;
        bench->open++;
        store_claim(bench->world.writer.store, found_by, claims + from, count, on_steps, bench);
        store_client_wait(&bench->world.writer, &bench->open, 0);
    }
}

/* As a step is taken while not too many are due: all are touched, and what has expired is looked at, then claimed. */
static void claim_by_event(struct bench *bench, enum stage stage, const char *kind)
{
    size_t touched = 0;
    begin(bench, STAGE_TOUCH);
    do {
        sweep(bench, &heard_nothing, touched, NEVER_MS);
        touched += bench->swept;
    } while (bench->swept > 0);
    end(bench, STAGE_TOUCH, touched);
    for (int at = 0; at < bench->workers; at += LOOKED_AT_A_CALL) {
        char names[LOOKED_AT_A_CALL][64];
        struct text members[LOOKED_AT_A_CALL];
        int count = bench->workers - at < LOOKED_AT_A_CALL ? bench->workers - at : LOOKED_AT_A_CALL;
        for (int i = 0; i < count; i++) {
            (void)snprintf(names[i], sizeof names[i], "%s:worker-%07d", kind, at + i);
            members[i] = text_of(names[i]);
        }
        begin(bench, STAGE_LOOK);
        bench->open++;
        store_look(bench->world.writer.store, &heard_nothing, members, (size_t)count, on_dues, bench);
        store_client_wait(&bench->world.writer, &bench->open, 0);
        end(bench, STAGE_LOOK, (size_t)count);
        begin(bench, stage);
        claim_found(bench, "event");
        end(bench, stage, bench->due_count);
    }
}

/* As a step is taken where no event has come. */
static void claim_by_sweep(struct bench *bench, enum stage stage)
{
    do {
        begin(bench, STAGE_SWEEP);
        sweep(bench, &heard_nothing, 0, 0);
        end(bench, STAGE_SWEEP, bench->swept);
        begin(bench, stage);
        claim_found(bench, "sweep");
        end(bench, stage, bench->due_count);
    } while (bench->swept > 0 && bench->taken < bench->workers);
}

/* As it is where very many are due at the same instant, and all of their silence was heard. */
static void take_at_once(struct bench *bench)
{
    static const struct hearing heard_all = {.since_ms = 0, .until_ms = INT64_MAX};
    begin(bench, STAGE_SILENT);
    do {
        sweep(bench, &heard_all, 0, 0);
    } while (bench->swept > 0);
    end(bench, STAGE_SILENT, (size_t)bench->taken);
}

/* What would be left of that if nothing but its keys had to be read and written. */
static void take_bare(struct bench *bench)
{
    floor_register(&bench->world, bench->workers);
    struct usage before = world_bare_usage(&bench->world);
    int64_t began_ms = clock_monotonic_ms();
    for (int at = 0; at < bench->workers; at += FLOOR_SILENT_MAX) {
        int left = bench->workers - at;
        floor_silence(&bench->world, at, left < FLOOR_SILENT_MAX ? left : FLOOR_SILENT_MAX);
    }
    bench->floor_ms = clock_monotonic_ms() - began_ms;
    struct usage after = world_bare_usage(&bench->world);
    bench->floor = world_usage_each(&before, &after, bench->workers);
}

static void expect(struct bench *bench, const char *outcome, int wait_ms)
{
    if (bench->taken != bench->workers && bench->expected != NULL) {
        (void)fprintf(stderr, "bench_steps: %d of %d are %s\n", bench->taken, bench->workers, bench->expected);
        exit(EXIT_FAILURE);
    }
    bench->expected = outcome;
    bench->taken = 0;
    store_client_pass(&bench->world.writer, wait_ms);
}

static void live(struct bench *bench)
{
    struct store_policy policy = world_policy;
    int silent_ms = (int)timeout_ms(bench) + STEP_MS;
    register_all(bench);
    beat(bench); /* from ACTIVE to BUSY */
    expect(bench, "unhealthy", silent_ms);
    claim_by_event(bench, STAGE_UNHEALTHY, "alive");
    count_beat(bench, STAGE_RECOVERED);
    count_beat(bench, STAGE_HEALTHY);
    policy.check_interval_ms = silent_ms;
    policy.max_consecutive_failures = 2;
    policy.cleanup_threshold_ms = silent_ms;
    store_set_policy(bench->world.writer.store, &policy);
    expect(bench, "unhealthy", silent_ms);
    take_at_once(bench);
    expect(bench, "failed", silent_ms + STEP_MS);
    claim_by_sweep(bench, STAGE_FAILED);
    expect(bench, "cleaned_up", silent_ms + STEP_MS);
    claim_by_sweep(bench, STAGE_CLEANED_UP);
    expect(bench, NULL, 0);
}

/* ---------------------------------------------------------------------------------------- the report */

static void add_row(json_t *costs, const char *key, const char *name, const struct usage *spent, double steps)
{
    json_t *row = json_pack("{s:s, s:f, s:f, s:f}", "name", name, "redis_us", spent->redis_us / steps, "call_us",
                            spent->call_us / steps, "client_us", spent->client_us / steps);
    (void)json_object_set_new(costs, key, row);
}

static json_t *report_of(const struct bench *bench)
{
    json_t *costs = json_object();
    for (int i = 0; i < STAGES && !bench->bare; i++) {
        add_row(costs, stages[i].key, stages[i].name, &bench->spent[i], (double)bench->steps[i]);
    }
    if (!bench->paused) {
        add_row(costs, "silent_floor", "the keys of that UNHEALTHY at once by plain commands", &bench->floor, 1);
    }
    return json_pack("{s:i, s:s, s:o, s:I}", "workers", bench->workers, "persistence", world_persistence, "costs",
                     costs, "floor_ms", (json_int_t)bench->floor_ms);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    bool json = arguments_take_flag(&argc, &argv, "--json");
    bench.bare = arguments_take_flag(&argc, &argv, "--bare");
    bench.paused = !json && !bench.bare && arguments_take_flag(&argc, &argv, "--paused");
    bench.workers = arguments_number(argc, argv, 1, 20000);
    if (bench.workers <= 0) {
        (void)fprintf(stderr, "usage: bench_steps [--json] [--bare] [workers] | bench_steps --paused [workers]\n");
        return 2;
    }
    world_init(&bench.world);
    world_keep_file(&bench.world);
    if (!bench.bare) {
        live(&bench);
    }
    if (!bench.paused) {
        take_bare(&bench);
    }
    json_t *report = report_of(&bench);
    if (json) {
        report_print_json(report, JSON_INDENT(2) | JSON_REAL_PRECISION(5));
    } else {
        report_print_costs(report, NULL);
        json_decref(report);
    }
    world_fini(&bench.world);
    if (bench.refused > 0) {
        (void)fprintf(stderr, "bench_steps: %d calls were refused\n", bench.refused);
    }
    return bench.refused > 0 ? EXIT_FAILURE : 0;
}

/*
 * store.c -- what the store costs Redis: a registration, a heartbeat, a search, and a worker's memory, beside pipelined
 * SET PX in a second Redis of the same configuration, all in one run. No append-only file is rewritten meanwhile. No
 * broker, no daemon. Steps of time: steps.c.
 *
 * Usage: bench_store [--json] [workers [rounds]]; prints a Markdown table, or one JSON document.
 */
#include "bench/arguments.h"
#include "bench/floor.h"
#include "bench/report.h"
#include "bench/world.h"

#include "base/clock.h"
#include "store/heartbeat.h"
#include "store/register.h"
#include "store/search.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REGISTRATIONS_OPEN = 64,
    BATCHES_OPEN = 4,
    TIMEOUT_MS = 3600000,
    SEARCHES = 200,
    PAGE = 100,
    ROUNDS_MAX = 64,
    SAMPLES = 200,
};

/* How a heartbeat differs from the one before. */
enum pulse {
    PULSE_STEADY,  /* the load as it was: seq, time, processor and memory */
    PULSE_WORKING, /* a job more or less as well */
    PULSES,
};
static const char *const pulse_names[PULSES] = {"heartbeat, load as before", "heartbeat, other load"};
static const char *const pulse_keys[PULSES] = {"heartbeat", "heartbeat_load"};

struct bench {
    struct world world;
    int workers;
    int rounds;
    int open;    /* calls without an answer */
    int refused; /* answers that were not ok */
    int64_t seq;
    int64_t *epochs; /* by worker */
    int64_t empty_bytes;
    double registration_bytes;
    double heartbeat_bytes; /* when all have heartbeaten, with an event more */
    double floor_bytes;
    struct usage registration;
    struct usage floor;
    struct usage pulse_floor;
    struct usage pulses[PULSES][ROUNDS_MAX];
    struct usage bare[ROUNDS_MAX];
    double search_ms[SEARCHES];
    int found;
};

/* ---------------------------------------------------------------------------------------- registrations */

static void on_registered(void *context, const struct store_registered *result)
{
    struct bench *bench = context;
    bench->open--;
    bench->refused += result->outcome != STORE_DONE || result->code != CODE_OK;
}

static void register_one(struct bench *bench, const char *id, int number)
{
    char name[64];
    char host[64];
    char address[32];
    char zone[32];
    char tags[96];
    (void)snprintf(name, sizeof name, "Worker number %d", number);
    (void)snprintf(host, sizeof host, "host-%d.example", number);
    (void)snprintf(address, sizeof address, "10.%d.%d.%d", number / 65536, number / 256 % 256, number % 256);
    (void)snprintf(zone, sizeof zone, "zone-%d", number % 16);
    (void)snprintf(tags, sizeof tags, "[\"linux\",\"pool-%d\",\"rack-%d\"]", number % 10, number % 500);
    struct registration worker = {
        .worker_id = text_of(id),
        .name = text_of(name),
        .host_name = text_of(host),
        .host_address = text_of(address),
        .port = {.set = true, .value = 8080},
        .max_concurrent_jobs = {.set = true, .value = 10},
        .capabilities_json = text_of("[\"encode\",\"transcode\"]"),
        .tags_json = text_of(tags),
        .version = text_of("1.4.2"),
        .zone = text_of(zone),
        .boot_id = text_of("b7d0a1c2"),
        .connection = {.set = true, .value = 1},
    };
    struct store_registration call = {.registration = &worker,
                                      .valid = true,
                                      .heartbeat_timeout_ms = TIMEOUT_MS,
                                      .heartbeat_interval_ms = TIMEOUT_MS / 3};
    bench->open++;
    store_register(bench->world.writer.store, &call, on_registered, bench);
}

static double bytes_of_all(struct bench *bench)
{
    return (double)(world_memory(&bench->world) - bench->empty_bytes) / bench->workers;
}

static void register_fleet(struct bench *bench)
{
    struct usage before = world_usage(&bench->world);
    bench->empty_bytes = world_memory(&bench->world);
    char id[32];
    for (int i = 0; i < bench->workers; i++) {
        (void)snprintf(id, sizeof id, "worker-%07d", i);
        register_one(bench, id, i);
        store_client_wait(&bench->world.writer, &bench->open, REGISTRATIONS_OPEN - 1);
    }
    store_client_wait(&bench->world.writer, &bench->open, 0);
    struct usage after = world_usage(&bench->world);
    bench->registration = world_usage_each(&before, &after, bench->workers);
    bench->registration_bytes = bytes_of_all(bench);
}

/* Heartbeats tell the epoch that the registration was answered with, as an agent's do. */
static void read_epochs(struct bench *bench)
{
    for (int i = 0; i < bench->workers; i++) {
        bench->epochs[i] = redis_integer(bench->world.client, "HGET muster:{0}:worker:worker-%07d epoch", i);
    }
}

/* Worker by worker in an order that visits memory at random. */
static int worker_at(const struct bench *bench, int turn)
{
    return (int)((int64_t)turn * 7919 % bench->workers);
}

/* What would be left of a heartbeat's cost if nothing but its fields had to be read and written. */
static struct usage beat_bare(struct bench *bench)
{
    struct usage before = world_bare_usage(&bench->world);
    for (int round = 0; round < bench->rounds; round++) {
        for (int i = 0; i < bench->workers; i++) {
            floor_beat(&bench->world, worker_at(bench, i), round + 1);
        }
    }
    world_bare_settle(&bench->world);
    struct usage after = world_bare_usage(&bench->world);
    return world_usage_each(&before, &after, bench->workers * bench->rounds);
}

/* What would be left of a registration's cost if nothing but its keys had to be written. */
static void register_bare(struct bench *bench)
{
    int64_t memory = world_bare_memory(&bench->world);
    struct usage before = world_bare_usage(&bench->world);
    floor_register(&bench->world, bench->workers);
    struct usage after = world_bare_usage(&bench->world);
    bench->floor = world_usage_each(&before, &after, bench->workers);
    bench->floor_bytes = (double)(world_bare_memory(&bench->world) - memory) / bench->workers;
    bench->pulse_floor = beat_bare(bench);
    world_bare_command(&bench->world, "FLUSHALL SYNC");
    world_bare_settle(&bench->world);
}

/* ---------------------------------------------------------------------------------------- heartbeats */

static void on_heartbeats(void *context, const struct store_heartbeats *result)
{
    struct bench *bench = context;
    bench->open--;
    bench->refused += result->outcome != STORE_DONE || result->count > 0;
}

static void add_heartbeat(struct bench *bench, int worker, enum pulse pulse)
{
    char id[32];
    (void)snprintf(id, sizeof id, "worker-%07d", worker);
    int64_t jobs = pulse == PULSE_WORKING ? (bench->seq + worker) % 9 : 3;
    struct heartbeat heartbeat = {
        .worker_id = text_of(id),
        .status = WORKER_BUSY,
        .current_job_count = {.set = true, .value = jobs},
        .available_capacity = {.set = true, .value = 10 - jobs},
        .cpu_usage = {.set = true, .value = (double)((bench->seq * 7 + worker) % 1000) / 10},
        .memory_usage = {.set = true, .value = (double)((bench->seq * 3 + worker) % 1000) / 10},
        .error_count = {.set = true, .value = 0},
        .seq = {.set = true, .value = bench->seq},
        .sent_at_ms = {.set = true, .value = clock_wall_ms()},
        .epoch = {.set = true, .value = bench->epochs[worker]},
        .boot_id = text_of("b7d0a1c2"),
        .connection = {.set = true, .value = 1},
    };
    store_heartbeat_add(bench->world.writer.store, &heartbeat, false);
}

static void send_heartbeats(struct bench *bench)
{
    bench->open++;
    store_heartbeat_send(bench->world.writer.store, on_heartbeats, bench);
    store_client_wait(&bench->world.writer, &bench->open, BATCHES_OPEN - 1);
}

static struct usage beat(struct bench *bench, enum pulse pulse)
{
    struct usage before = world_usage(&bench->world);
    bench->seq++;
    for (int i = 0; i < bench->workers; i++) {
        add_heartbeat(bench, worker_at(bench, i), pulse);
        if (store_heartbeat_count(bench->world.writer.store) == STORE_HEARTBEATS_MAX) {
            send_heartbeats(bench);
        }
    }
    if (store_heartbeat_count(bench->world.writer.store) > 0) {
        send_heartbeats(bench);
    }
    store_client_wait(&bench->world.writer, &bench->open, 0);
    struct usage after = world_usage(&bench->world);
    return world_usage_each(&before, &after, bench->workers);
}

static struct usage set_bare(struct bench *bench)
{
    struct usage before = world_bare_usage(&bench->world);
    for (int i = 0; i < bench->workers; i++) {
        world_bare_set(&bench->world, worker_at(bench, i));
    }
    world_bare_settle(&bench->world);
    struct usage after = world_bare_usage(&bench->world);
    return world_usage_each(&before, &after, bench->workers);
}

static void beat_rounds(struct bench *bench)
{
    (void)beat(bench, PULSE_STEADY); /* from ACTIVE to BUSY, with an event each */
    bench->heartbeat_bytes = bytes_of_all(bench);
    (void)set_bare(bench);
    for (int round = 0; round < bench->rounds; round++) {
        bench->bare[round] = set_bare(bench);
        bench->pulses[PULSE_STEADY][round] = beat(bench, PULSE_STEADY);
        bench->pulses[PULSE_WORKING][round] = beat(bench, PULSE_WORKING);
        (void)beat(bench, PULSE_STEADY);
    }
}

/* ---------------------------------------------------------------------------------------- searches */

static void on_picked(void *context, const struct store_picked *result)
{
    struct bench *bench = context;
    bench->open--;
    bench->found += (int)result->count;
    bench->refused += result->outcome != STORE_DONE;
}

static void search(struct bench *bench)
{
    char tag[32];
    for (int i = 0; i < SEARCHES; i++) {
        (void)snprintf(tag, sizeof tag, i % 2 == 0 ? "pool-%d" : "rack-%d", i % 10);
        struct text tags[] = {text_of(tag)};
        struct query query = {.tags = {tags, 1}, .minimum_free_capacity = {.set = true, .value = 5}};
        struct store_search wanted = {.query = &query, .schedulable = true, .most = PAGE};
        int64_t began_us = clock_monotonic_us();
        bench->open++;
        store_pick(bench->world.writer.store, &wanted, on_picked, bench);
        store_client_wait(&bench->world.writer, &bench->open, 0);
        bench->search_ms[i] = (double)(clock_monotonic_us() - began_us) / 1000;
    }
}

/* ---------------------------------------------------------------------------------------- a worker's memory */

/* What a key costs: alone, or its share for one worker. */
struct part {
    const char *name;
    const char *key;   /* %07d is a worker's number; without, a key of all */
    const char *share; /* command that counts the members of a key of all */
};
static const struct part parts[] = {
    {"worker", "worker:worker-%07d", NULL},
    {"detail", "detail:worker-%07d", NULL},
    {"alive", "alive:worker-%07d", NULL},
    {"deadlines", "deadlines", "ZCARD"},
    {"free", "free", "ZCARD"},
    {"workers", "workers", "SCARD"},
    {"status", "status:BUSY", "SCARD"},
    {"health", "health:HEALTHY", "SCARD"},
    {"tag of all", "tag:linux", "SCARD"},
    {"tag of a tenth", "tag:pool-3", "SCARD"},
    {"tag of a few", "tag:rack-3", "SCARD"},
    {"capability", "capability:encode", "SCARD"},
    {"zone", "zone:zone-3", "SCARD"},
    {"an event in the stream", "events", "XLEN"},
};
enum { PARTS = sizeof parts / sizeof parts[0] };

static double bytes_of_key(struct bench *bench, const char *key)
{
    return (double)redis_integer(bench->world.client, "MEMORY USAGE muster:{0}:%s SAMPLES 1000", key);
}

static double bytes_of_part(struct bench *bench, const struct part *part)
{
    if (part->share != NULL) {
        double members = (double)redis_integer(bench->world.client, "%s muster:{0}:%s", part->share, part->key);
        return members > 0 ? bytes_of_key(bench, part->key) / members : 0;
    }
    double bytes = 0;
    int samples = bench->workers < SAMPLES ? bench->workers : SAMPLES;
    for (int i = 0; i < samples; i++) {
        char key[64];
        const char *number = strchr(part->key, '%');
        (void)snprintf(key, sizeof key, "%.*s%07d", (int)(number - part->key), part->key, worker_at(bench, i));
        bytes += bytes_of_key(bench, key);
    }
    return bytes / samples;
}

/* ---------------------------------------------------------------------------------------- the report */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, int count)
{
    double sorted[ROUNDS_MAX];
    memcpy(sorted, values, (size_t)count * sizeof *values);
    qsort(sorted, (size_t)count, sizeof *sorted, compare);
    return count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

static struct usage median_cost(const struct usage *costs, int count)
{
    double redis[ROUNDS_MAX];
    double call[ROUNDS_MAX];
    double client[ROUNDS_MAX];
    for (int i = 0; i < count; i++) {
        redis[i] = costs[i].redis_us;
        call[i] = costs[i].call_us;
        client[i] = costs[i].client_us;
    }
    return (struct usage){median(redis, count), median(call, count), median(client, count)};
}

static void add_row(json_t *report, const char *key, const char *name, struct usage cost, double bare_us)
{
    json_t *row = json_pack("{s:s, s:f, s:f, s:f, s:f}", "name", name, "redis_us", cost.redis_us, "call_us",
                            cost.call_us, "client_us", cost.client_us, "ratio", cost.redis_us / bare_us);
    (void)json_object_set_new(json_object_get(report, "costs"), key, row);
}

static json_t *report_of(struct bench *bench)
{
    struct usage bare = median_cost(bench->bare, bench->rounds);
    json_t *report = json_pack("{s:i, s:i, s:s, s:{}, s:{}}", "workers", bench->workers, "rounds", bench->rounds,
                               "persistence", world_persistence, "costs", "bytes");
    add_row(report, "set", "bare pipelined SET PX", bare, bare.redis_us);
    for (int i = 0; i < PULSES; i++) {
        add_row(report, pulse_keys[i], pulse_names[i], median_cost(bench->pulses[i], bench->rounds), bare.redis_us);
    }
    add_row(report, "heartbeat_floor", "a heartbeat's reads and writes by plain commands", bench->pulse_floor,
            bare.redis_us);
    add_row(report, "registration", "registration", bench->registration, bare.redis_us);
    add_row(report, "registration_floor", "its keys by plain commands", bench->floor, bare.redis_us);
    json_t *bytes = json_object_get(report, "bytes");
    for (size_t i = 0; i < PARTS; i++) {
        (void)json_object_set_new(bytes, parts[i].name, json_real(bytes_of_part(bench, &parts[i])));
    }
    (void)json_object_set_new(bytes, "all when registered", json_real(bench->registration_bytes));
    (void)json_object_set_new(bytes, "the same keys by plain commands", json_real(bench->floor_bytes));
    (void)json_object_set_new(bytes, "all with heartbeats", json_real(bench->heartbeat_bytes));
    qsort(bench->search_ms, SEARCHES, sizeof bench->search_ms[0], compare);
    (void)json_object_set_new(report, "search_p50_ms", json_real(bench->search_ms[SEARCHES / 2]));
    (void)json_object_set_new(report, "search_p99_ms", json_real(bench->search_ms[SEARCHES * 99 / 100]));
    return report;
}

static void print_tables(const json_t *report)
{
    const char *key = NULL;
    json_t *value = NULL;
    report_print_costs(report, " of SET PX");
    (void)printf("\nBytes a worker:\n\n| | |\n|---|---|\n");
    json_object_foreach(json_object_get(report, "bytes"), key, value)
    {
        (void)printf("| %s | %.0f |\n", key, json_real_value(value));
    }
    (void)printf("\nA search by tag and free capacity: p50 %.1f ms, p99 %.1f ms\n",
                 json_real_value(json_object_get(report, "search_p50_ms")),
                 json_real_value(json_object_get(report, "search_p99_ms")));
}

static bool read_arguments(struct bench *bench, int argc, char **argv, bool *out_json)
{
    *out_json = arguments_take_flag(&argc, &argv, "--json");
    bench->workers = arguments_number(argc, argv, 1, 100000);
    bench->rounds = arguments_number(argc, argv, 2, 5);
    return bench->workers > 0 && bench->rounds > 0 && bench->rounds <= ROUNDS_MAX;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    bool json = false;
    if (!read_arguments(&bench, argc, argv, &json)) {
        (void)fprintf(stderr, "usage: bench_store [--json] [workers [rounds]]\n");
        return 2;
    }
    bench.epochs = calloc((size_t)bench.workers, sizeof *bench.epochs);
    if (bench.epochs == NULL) {
        return EXIT_FAILURE;
    }
    world_init(&bench.world);
    world_keep_file(&bench.world);
    register_fleet(&bench);
    register_bare(&bench);
    read_epochs(&bench);
    beat_rounds(&bench);
    search(&bench);
    json_t *report = report_of(&bench);
    if (json) {
        report_print_json(report, JSON_INDENT(2) | JSON_REAL_PRECISION(5));
    } else {
        print_tables(report);
        json_decref(report);
    }
    free(bench.epochs);
    world_fini(&bench.world);
    if (bench.refused > 0 || bench.found == 0) {
        (void)fprintf(stderr, "bench_store: %d calls were refused, %d found\n", bench.refused, bench.found);
        return EXIT_FAILURE;
    }
    return 0;
}

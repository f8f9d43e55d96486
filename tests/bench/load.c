/*
 * load.c -- a fleet made in Redis at once, through the store's own import: for measures that need many workers and not
 * the time that it takes to register them. Nobody else may hold the lease meanwhile. Nothing of it has been told to the
 * world, and the outbox's cursor is moved past it.
 *
 * Usage: bench_load URI WORKERS EPOCH TIMEOUT_MS INTERVAL_MS; the workers are those of muster-sim's prefix "fleet" and
 * boot "bench-boot". The last tenth is full; all others are as free as muster-sim's. Prints one JSON document.
 */
#include "bench/world.h"

#include "base/clock.h"
#include "store/import.h"
#include "store/lease.h"
#include "store/outbox.h"
#include "store/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS_OPEN = 8, CAPACITY = 10, SHARES = 10, RACKS = 500, ZONES = 16 };

struct load {
    struct world world;
    int64_t workers;
    int64_t epoch;
    int64_t timeout_ms;
    int64_t interval_ms;
    int open;
    int64_t imported;
};

static void on_imported(void *context, const struct store_imported *result)
{
    struct load *load = context;
    load->open--;
    for (size_t i = 0; result->outcome == STORE_DONE && i < result->count; i++) {
        load->imported += result->results[i].code == CODE_OK;
    }
}

static void add_worker(struct load *load, int64_t number)
{
    char id[32];
    char name[40];
    char tags[96];
    char zone[16];
    int64_t share = number * SHARES / load->workers;
    int64_t jobs = share == SHARES - 1 ? CAPACITY : 0;
    (void)snprintf(id, sizeof id, "fleet-%07" PRId64, number);
    (void)snprintf(name, sizeof name, "Worker number %" PRId64, number);
    (void)snprintf(zone, sizeof zone, "z%" PRId64, number % ZONES);
    (void)snprintf(tags, sizeof tags, "[\"blue\",\"pool-%" PRId64 "\",\"rack-%" PRId64 "\"]", share, number % RACKS);
    const struct registration registration = {
        .worker_id = text_of(id),
        .name = text_of(name),
        .max_concurrent_jobs = {.set = true, .value = CAPACITY},
        .capabilities_json = text_of("[\"java\",\"render\"]"),
        .tags_json = text_of(tags),
        .zone = text_of(zone),
        .boot_id = text_of("bench-boot"),
        .connection = {.set = true, .value = 1},
    };
    const struct worker_state state = {
        .worker_id = text_of(id),
        .status = WORKER_ACTIVE,
        .declared = WORKER_ACTIVE,
        .health = HEALTH_HEALTHY,
        .epoch = {.set = true, .value = load->epoch},
        .current_job_count = {.set = true, .value = jobs},
        .available_capacity = {.set = true, .value = CAPACITY - jobs},
    };
    store_import_registration(load->world.writer.store, &registration, load->timeout_ms, load->interval_ms);
    store_import_state(load->world.writer.store, &state);
}

static void import_all(struct load *load)
{
    for (int64_t number = 0; number < load->workers;) {
        store_import_begin(load->world.writer.store, false, text_of("bench"));
        for (int i = 0; i < STORE_IMPORTS_MAX && number < load->workers; i++) {
            add_worker(load, number++);
        }
        load->open++;
        store_import_send(load->world.writer.store, on_imported, load);
        store_client_wait(&load->world.writer, &load->open, CALLS_OPEN - 1);
    }
    store_client_wait(&load->world.writer, &load->open, 0);
}

static void on_done(void *context, enum store_outcome outcome)
{
    struct load *load = context;
    load->open--;
    if (outcome != STORE_DONE) {
        load->imported = 0;
    }
}

static void on_last(void *context, const struct store_events *result)
{
    struct load *load = context;
    char last[64];
    (void)snprintf(last, sizeof last, "%.*s", TEXT_ARG(result->next));
    store_advance(load->world.writer.store, last, on_done, load);
}

/* Whoever is active next need not tell them one by one. */
static void pass_over(struct load *load)
{
    load->open = 2;
    store_last_event(load->world.writer.store, on_last, load);
    store_client_wait(&load->world.writer, &load->open, 1);
    store_release(load->world.writer.store, on_done, load);
    store_client_wait(&load->world.writer, &load->open, 0);
}

int main(int argc, char **argv)
{
    static struct load load;
    if (argc != 6) {
        (void)fprintf(stderr, "usage: bench_load URI WORKERS EPOCH TIMEOUT_MS INTERVAL_MS\n");
        return 2;
    }
    load.workers = strtoll(argv[2], NULL, 10);
    load.epoch = strtoll(argv[3], NULL, 10);
    load.timeout_ms = strtoll(argv[4], NULL, 10);
    load.interval_ms = strtoll(argv[5], NULL, 10);
    int64_t began_ms = clock_monotonic_ms();
    world_init_store(&load.world, argv[1]);
    import_all(&load);
    pass_over(&load);
    (void)printf("{\"imported\": %" PRId64 ", \"tookMs\": %" PRId64 "}\n", load.imported,
                 clock_monotonic_ms() - began_ms);
    world_fini_store(&load.world);
    return load.imported == load.workers ? EXIT_SUCCESS : EXIT_FAILURE;
}

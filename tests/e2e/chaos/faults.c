/* faults.c -- the deck of faults: shuffled by the seed, dealt one at a time, each with its end and what follows. */
#include "e2e/chaos/faults.h"

#include "base/clock.h"
#include "e2e/chaos/diary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALM_MS = 700, CALM_SPREAD_MS = 1300, BACK_MS = 30000 };
enum { FLAP_COUNT = 1, FLAP_WINDOW_MS = 60000, FLAP_HOLD_MS = 300, FLAP_HOLD_MAX_MS = 1200 };

unsigned faults_draw(struct faults *faults, unsigned below)
{
    faults->random = faults->random * 1103515245U + 12345U;
    return (faults->random >> 16) % below;
}

void faults_must(enum err err, const struct fault *fault)
{
    if (err != ERR_OK) {
        (void)fprintf(stderr, "%s\n", fault->text);
        exit(EXIT_FAILURE);
    }
}

/* d<index> holds the lease: "token d0". */
int faults_active_daemon(struct faults *faults)
{
    const redisReply *lease = redis_try(faults->world->store, "GET muster:{0}:lease");
    const char *name = lease != NULL && lease->str != NULL ? strchr(lease->str, ' ') : NULL;
    return name != NULL && strcmp(name, " d1") == 0 ? 1 : 0;
}

void faults_start_daemon(struct faults *faults, int index)
{
    char uri[64];
    char flap[4][64];
    char merge[64];
    (void)snprintf(uri, sizeof uri, "mqtt.uri=tcp://127.0.0.1:%d", proxy_port(faults->proxy));
    (void)snprintf(flap[0], sizeof flap[0], "health.flap_count=%d", FLAP_COUNT);
    (void)snprintf(flap[1], sizeof flap[1], "health.flap_window_ms=%d", FLAP_WINDOW_MS);
    (void)snprintf(flap[2], sizeof flap[2], "health.flap_hold_ms=%d", FLAP_HOLD_MS);
    (void)snprintf(flap[3], sizeof flap[3], "health.flap_hold_max_ms=%d", FLAP_HOLD_MAX_MS);
    (void)snprintf(merge, sizeof merge, "worker.merge_heartbeats_ms=%d", (int)faults->merge_ms);
    const char *const settings[] = {uri,
                                    "brake.percent=100",
                                    flap[0],
                                    flap[1],
                                    flap[2],
                                    flap[3],
                                    merge,
                                    "worker.min_heartbeat_timeout_ms=1500",
                                    "worker.heartbeat_timeout_ms=1500",
                                    NULL};
    world_start_daemon(faults->world, index, settings);
}

void faults_note_gap(struct faults *faults, int64_t from_wall_ms)
{
    diary_add(faults->diary, "gap",
              json_pack("{s:I, s:I}", "from", (json_int_t)from_wall_ms, "to", (json_int_t)clock_wall_ms()));
}

void faults_note_loss(struct faults *faults, int64_t from_wall_ms)
{
    diary_add(faults->diary, "loss",
              json_pack("{s:I, s:I}", "from", (json_int_t)from_wall_ms, "to", (json_int_t)clock_wall_ms()));
}

void faults_note_flush(struct faults *faults)
{
    diary_add(faults->diary, "flush", json_pack("{s:I}", "at", (json_int_t)clock_wall_ms()));
}

void faults_save(struct faults *faults)
{
    faults->saved_wall_ms = clock_wall_ms();
    (void)redis_reply(faults->world->store, "SAVE");
}

/* Seeds that follow each other are to have nothing in common. */
static unsigned scatter(unsigned seed)
{
    unsigned mixed = (seed + 1) * 2654435761U;
    mixed = (mixed ^ (mixed >> 15)) * 2246822519U;
    return mixed ^ (mixed >> 13);
}

static void add_kinds(struct faults *faults, const struct fault_kind *kinds)
{
    for (; kinds->name != NULL && faults->deck_size < FAULTS_MAX; kinds++) {
        faults->deck[faults->deck_size++] = kinds;
    }
}

static void shuffle(struct faults *faults)
{
    for (size_t i = faults->deck_size; i > 1; i--) {
        size_t other = faults_draw(faults, (unsigned)i);
        const struct fault_kind *kind = faults->deck[other];
        faults->deck[other] = faults->deck[i - 1];
        faults->deck[i - 1] = kind;
    }
    faults->dealt = 0;
}

static void wait_a_little(struct faults *faults)
{
    faults->next_ms = clock_monotonic_ms() + CALM_MS + faults_draw(faults, CALM_SPREAD_MS);
}

void faults_init(struct faults *faults, struct world *world, struct proxy *proxy, struct probe *probe, unsigned seed,
                 bool forgets, int64_t merge_ms, json_t *diary)
{
    *faults = (struct faults){.world = world,
                              .proxy = proxy,
                              .probe = probe,
                              .diary = diary,
                              .forgets = forgets,
                              .merge_ms = merge_ms,
                              .random = scatter(seed)};
    diary_add(diary, "policy",
              json_pack("{s:i, s:i, s:i, s:i}", "flapCount", FLAP_COUNT, "flapWindowMs", FLAP_WINDOW_MS, "flapHoldMs",
                        FLAP_HOLD_MS, "flapHoldMaxMs", FLAP_HOLD_MAX_MS));
    add_kinds(faults, faults_of_broker);
    add_kinds(faults, faults_of_redis);
    add_kinds(faults, faults_of_daemon);
    shuffle(faults);
    wait_a_little(faults);
}

static void begin_next(struct faults *faults)
{
    if (faults->dealt == faults->deck_size) {
        shuffle(faults);
    }
    const struct fault_kind *kind = faults->deck[faults->dealt++];
    faults->current = kind;
    print_message("  %s\n", kind->name);
    faults->began_wall_ms = clock_wall_ms();
    kind->begin(faults);
    faults->next_ms =
        clock_monotonic_ms() + kind->least_ms + faults_draw(faults, (unsigned)(kind->most_ms - kind->least_ms) + 1);
    if (kind->refuses_after_ms > 0) {
        probe_ask(faults->probe);
    }
}

static void end_current(struct faults *faults)
{
    const struct fault_kind *kind = faults->current;
    int64_t refuses_from_ms = kind->refuses_after_ms > 0 ? faults->began_wall_ms + kind->refuses_after_ms : 0;
    if (kind->end != NULL) {
        kind->end(faults);
    }
    faults->current = NULL;
    faults->last = kind;
    faults->ended_ms = clock_monotonic_ms();
    diary_add(faults->diary, "fault",
              json_pack("{s:s, s:I, s:I, s:I}", "name", kind->name, "from", (json_int_t)faults->began_wall_ms, "to",
                        (json_int_t)clock_wall_ms(), "refusesFrom", (json_int_t)refuses_from_ms));
    probe_seek(faults->probe);
}

/* Service is back when a new worker has been registered and its heartbeat taken. */
static void watch_return(struct faults *faults)
{
    int64_t waited_ms = clock_monotonic_ms() - faults->ended_ms;
    if (!probe_has_found(faults->probe) && waited_ms < BACK_MS) {
        return;
    }
    diary_add(faults->diary, "return",
              json_pack("{s:s, s:I, s:I}", "fault", faults->last->name, "afterMs", (json_int_t)waited_ms, "ownDelayMs",
                        (json_int_t)probe_own_delay_ms(faults->probe)));
    print_message("    back after %lld ms\n", (long long)waited_ms);
    faults->ended_ms = 0;
    probe_rest(faults->probe);
    wait_a_little(faults);
}

void faults_step(struct faults *faults)
{
    if (faults->ended_ms != 0) {
        watch_return(faults);
    } else if (clock_monotonic_ms() >= faults->next_ms && faults->current != NULL) {
        end_current(faults);
    } else if (clock_monotonic_ms() >= faults->next_ms && !faults->finishing) {
        begin_next(faults);
    }
}

void faults_finish(struct faults *faults)
{
    faults->finishing = true;
}

bool faults_are_over(const struct faults *faults)
{
    return faults->current == NULL && faults->ended_ms == 0;
}

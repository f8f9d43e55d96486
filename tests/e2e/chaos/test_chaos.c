/*
 * test_chaos.c -- simulated workers, faults by a seed, and a judge that knows what really happened.
 *
 * Usage: test_chaos [FIRST_SEED [RUNS [SECONDS]]]. The record of a run that is found guilty stays, and its path is
 * told.
 */
#include "base/clock.h"
#include "codec/document.h"
#include "e2e/chaos/diary.h"
#include "e2e/chaos/faults.h"
#include "e2e/chaos/fleet.h"
#include "e2e/chaos/judge.h"
#include "e2e/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SETTLE_MS = 40000, STEP_MS = 5, FIELDS_MAX = 256 };

static unsigned first_seed = 1;
static int runs = 2;
static int64_t active_ms = 20000;

/* A reply of alternating names and values as the codec takes them. */
static size_t read_fields(const redisReply *reply, struct field *fields, size_t count)
{
    for (size_t i = 0; i + 1 < reply->elements && count < FIELDS_MAX; i += 2) {
        fields[count].name = (struct text){reply->element[i]->str, reply->element[i]->len};
        fields[count++].value = (struct text){reply->element[i + 1]->str, reply->element[i + 1]->len};
    }
    return count;
}

static void write_changes(struct world *world, json_t *diary)
{
    const redisReply *entries = redis_reply(world->store, "XRANGE muster:{0}:events - +");
    for (size_t i = 0; i < entries->elements; i++) {
        struct field fields[FIELDS_MAX];
        const redisReply *id = entries->element[i]->element[0];
        size_t count = read_fields(entries->element[i]->element[1], fields, 0);
        diary_add(diary, "change", event_document((struct text){id->str, id->len}, fields, count));
    }
}

static void write_heard(struct world *world, json_t *diary)
{
    static const char events[] = "muster/v1/event/";
    for (size_t i = 0; recorder_all(world->observer, i) != NULL; i++) {
        const struct record *record = recorder_all(world->observer, i);
        if (strncmp(record->topic, events, sizeof events - 1) == 0) {
            diary_add(diary, "heard", json_loads(record->payload, 0, NULL));
        }
    }
}

static json_t *retained_of(struct world *world, const char *id)
{
    char topic[128];
    (void)snprintf(topic, sizeof topic, "muster/v1/status/%s", id);
    const struct record *record = recorder_last(world->observer, topic, NULL);
    return record != NULL && record->payload_len > 0 ? json_loads(record->payload, 0, NULL) : json_null();
}

static json_t *sets_of(struct world *world, const char *id)
{
    static const char *const names[] = {"workers",        "status:ACTIVE",    "status:IDLE",      "status:BUSY",
                                        "status:ERROR",   "status:DRAINING",  "status:INACTIVE",  "status:MAINTENANCE",
                                        "health:HEALTHY", "health:RECOVERED", "health:UNHEALTHY", "health:FAILED"};
    json_t *sets = json_array();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (redis_integer(world->store, "SISMEMBER muster:{0}:%s %s", names[i], id) == 1) {
            (void)json_array_append_new(sets, json_string(names[i]));
        }
    }
    return sets;
}

static json_t *due_of(struct world *world, const char *id)
{
    static const char *const kinds[] = {"alive", "recheck", "cleanup"};
    json_t *due = json_array();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char member[128];
        (void)snprintf(member, sizeof member, "%s:%s", kinds[i], id);
        if (redis_text(world->store, "ZSCORE muster:{0}:deadlines %s", member) != NULL) {
            (void)json_array_append_new(due, json_string(member));
        }
    }
    return due;
}

static void write_final(struct world *world, const char *id, json_t *diary)
{
    struct field fields[FIELDS_MAX];
    const redisReply *record = redis_reply(world->store, "HGETALL muster:{0}:worker:%s", id);
    size_t count = read_fields(record, fields, 0);
    json_t *document = count > 0 ? status_document(text_of(id), fields, count) : json_null();
    json_t *final = json_pack("{s:s, s:o, s:o, s:o, s:o}", "id", id, "document", document, "retained",
                              retained_of(world, id), "sets", sets_of(world, id), "due", due_of(world, id));
    bool alive = redis_integer(world->store, "EXISTS muster:{0}:alive:%s", id) == 1;
    (void)json_object_set_new(final, "alive", json_boolean(alive));
    diary_add(diary, "final", final);
}

static void write_totals(struct world *world, json_t *diary)
{
    diary_add(diary, "totals",
              json_pack("{s:I, s:I}", "totalWorkers",
                        (json_int_t)redis_integer(world->store, "HGET muster:{0}:totals totalWorkers"), "totalCapacity",
                        (json_int_t)redis_integer(world->store, "HGET muster:{0}:totals totalCapacity")));
}

/* Everybody who lives is HEALTHY, everybody else is gone, and all of it has been told. */
static bool is_calm(struct world *world, const struct fleet *fleet)
{
    size_t there = 0;
    for (size_t i = 0; i < FLEET_WORKERS; i++) {
        there += fleet_is_there(fleet, i);
    }
    const redisReply *last = redis_try(world->store, "XREVRANGE muster:{0}:events + - COUNT 1");
    char last_id[64] = "";
    if (last != NULL && last->elements == 1) {
        (void)snprintf(last_id, sizeof last_id, "%s", last->element[0]->element[0]->str);
    }
    const char *cursor = redis_text(world->store, "GET muster:{0}:cursor");
    bool is_told = cursor != NULL && strcmp(cursor, last_id) == 0;
    return is_told && fleet_is_settled(fleet) &&
           redis_integer(world->store, "SCARD muster:{0}:health:HEALTHY") == (int64_t)there &&
           redis_integer(world->store, "SCARD muster:{0}:workers") == (int64_t)there;
}

static void let_run(struct fleet *fleet, struct faults *faults)
{
    int64_t end_ms = clock_monotonic_ms() + active_ms;
    while (clock_monotonic_ms() < end_ms) {
        fleet_step(fleet, STEP_MS);
        faults_step(faults);
    }
    faults_end(faults);
}

static bool calm_down(struct world *world, struct fleet *fleet)
{
    int64_t end_ms = clock_monotonic_ms() + SETTLE_MS;
    bool is_over = false;
    while (!is_over && clock_monotonic_ms() < end_ms) {
        int64_t until_ms = clock_monotonic_ms() + 200;
        while (clock_monotonic_ms() < until_ms) {
            fleet_step(fleet, STEP_MS);
        }
        is_over = is_calm(world, fleet);
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

static json_t *run(unsigned seed, json_t *diary, bool *out_calm)
{
    struct world world;
    struct faults faults;
    world_begin(&world, NULL, "appendonly yes\nappendfsync always\n");
    static const char *const settings[] = {"brake.percent=100", "health.flap_hold_ms=100",
                                           "health.flap_hold_max_ms=400", NULL};
    world_start_daemon(&world, 0, settings);
    world_wait_listening(&world, 0);
    world_start_daemon(&world, 1, settings);
    struct fleet *fleet = fleet_new(world.broker.uri, seed, active_ms, diary);
    faults_init(&faults, &world, seed, diary);
    let_run(fleet, &faults);
    *out_calm = calm_down(&world, fleet);
    if (!*out_calm) {
        print_logs(&world);
    }
    for (size_t i = 0; i < FLEET_WORKERS; i++) {
        write_final(&world, fleet_id(fleet, i), diary);
    }
    write_totals(&world, diary);
    write_changes(&world, diary);
    write_heard(&world, diary);
    fleet_free(fleet);
    world_close(&world);
    return judge_record(diary);
}

static void run_of_seed(unsigned seed)
{
    json_t *diary = json_array();
    bool is_calm_again = false;
    print_message("seed %u\n", seed);
    json_t *verdicts = run(seed, diary, &is_calm_again);
    size_t index = 0;
    const json_t *verdict = NULL;
    json_array_foreach(verdicts, index, verdict)
    {
        print_message("  %s\n", json_string_value(verdict));
    }
    if (json_array_size(verdicts) > 0 || !is_calm_again) {
        char path[64];
        (void)snprintf(path, sizeof path, "/tmp/muster-chaos-%u.jsonl", seed);
        (void)diary_write(diary, path);
        fail_msg("seed %u: %s; the record is %s", seed, is_calm_again ? "guilty" : "it did not calm down", path);
    }
    json_decref(verdicts);
    json_decref(diary);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(everything_holds_whatever_fails)};
    return cmocka_run_group_tests_name("e2e/chaos", tests, NULL, NULL);
}

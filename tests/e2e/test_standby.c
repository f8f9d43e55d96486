/* test_standby.c -- daemons that die, stall and hand over: one is active, each change is made and told once. */
#include "e2e/world.h"

#include "support/wait.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAKEOVER_MS = 3000, KILLS = 8, REGISTRATIONS_A_ROUND = 40 };

static int setup(void **state)
{
    static struct world world;
    world_begin(&world, NULL, "appendonly yes\nappendfsync always\n");
    world_start_daemon(&world, 0, NULL);
    world_wait_listening(&world, 0);
    world_start_daemon(&world, 1, NULL);
    assert_non_null(recorder_wait(world.observer, "muster/v1/registry/d1",
                                  "{\"state\":\"online\",\"role\":\"standby\"}", WORLD_PATIENCE_MS));
    *state = &world;
    return 0;
}

static void start_anew(struct world *world, int index)
{
    char log[FOLDER_PATH_MAX + 64];
    process_stop(&world->daemons[index], SIGKILL);
    (void)snprintf(log, sizeof log, "%s", world->daemons[index].log_path);
    (void)remove(log);
    static const char *const settings[] = {"daemon.lease_ms=800", NULL};
    world_start_daemon(world, index, settings);
}

static bool entry_is(const redisReply *fields, const char *name, const char *value)
{
    for (size_t i = 0; i + 1 < fields->elements; i += 2) {
        if (strcmp(fields->element[i]->str, name) == 0) {
            return strcmp(fields->element[i + 1]->str, value) == 0;
        }
    }
    return false;
}

/* How often a change was made, however often it was told. */
static size_t count_changes(struct world *world, const char *type, const char *id)
{
    const redisReply *entries = redis_reply(world->store, "XRANGE muster:{0}:events - +");
    size_t count = 0;
    for (size_t i = 0; i < entries->elements; i++) {
        const redisReply *fields = entries->element[i]->element[1];
        count += entry_is(fields, "type", type) && entry_is(fields, "workerId", id);
    }
    return count;
}

static void standby_takes_over_within_3s_of_kill_9(void **state)
{
    struct world *world = *state;
    world_register(world, "over-1", "\"heartbeatTimeoutMs\":1000");
    process_stop(&world->daemons[0], SIGKILL);
    int64_t killed_ms = clock_monotonic_ms();
    world_wait_listening(world, 1);
    int64_t taken_ms = clock_monotonic_ms() - killed_ms;
    print_message("the standby listened after %lld ms\n", (long long)taken_ms);
    assert_true(taken_ms < TAKEOVER_MS);
    assert_non_null(
        recorder_wait(world->observer, "muster/v1/registry/d0", "{\"state\":\"offline\"}", WORLD_PATIENCE_MS));
    world_register(world, "over-2", "");
    world_event(world, "unhealthy", "over-1", NULL);
    world_event(world, "cleaned_up", "over-1", NULL);
    assert_int_equal(count_changes(world, "unhealthy", "over-1"), 1);
    assert_int_equal(count_changes(world, "failed", "over-1"), 1);
    assert_int_equal(count_changes(world, "cleaned_up", "over-1"), 1);
}

static void clean_stop_hands_over_at_once_and_leaves_no_document(void **state)
{
    struct world *world = *state;
    start_anew(world, 0);
    assert_non_null(
        recorder_wait(world->observer, "muster/v1/registry/d0", "{\"role\":\"standby\"}", WORLD_PATIENCE_MS));
    recorder_mark(world->observer);
    process_stop(&world->daemons[1], SIGTERM);
    int64_t stopped_ms = clock_monotonic_ms();
    world_wait_listening(world, 0);
    assert_true(clock_monotonic_ms() - stopped_ms < 1000);
    assert_non_null(recorder_wait(world->observer, "muster/v1/registry/d1", "", WORLD_PATIENCE_MS));
    assert_int_equal(process_exit_status(&world->daemons[1]), 0);
    world_register(world, "over-3", "");
}

static void stalled_active_daemon_changes_nothing_when_it_wakes(void **state)
{
    struct world *world = *state;
    start_anew(world, 1);
    assert_non_null(
        recorder_wait(world->observer, "muster/v1/registry/d1", "{\"role\":\"standby\"}", WORLD_PATIENCE_MS));
    world_register(world, "stall-1", "\"heartbeatTimeoutMs\":1500");
    process_signal(&world->daemons[0], SIGSTOP);
    world_wait_listening(world, 1);
    world_register(world, "stall-2", "");
    world_event(world, "cleaned_up", "stall-1", NULL);
    process_signal(&world->daemons[0], SIGCONT);
    world_wait_log(world, 0, "standing by");
    world_register(world, "stall-3", "");
    world_event(world, "cleaned_up", "stall-2", NULL);
    assert_int_equal(count_changes(world, "registered", "stall-1"), 1);
    assert_int_equal(count_changes(world, "unhealthy", "stall-1"), 1);
    assert_int_equal(count_changes(world, "cleaned_up", "stall-1"), 1);
    assert_int_equal(count_changes(world, "cleaned_up", "stall-2"), 1);
}

/* Registers without waiting; the replies are looked at later. */
static void register_without_waiting(struct world *world, int round, int number)
{
    char topic[128];
    char response[128];
    struct fault fault = {0};
    (void)snprintf(topic, sizeof topic, "muster/v1/worker/kill-%d-%d/register", round, number);
    (void)snprintf(response, sizeof response, "muster/v1/reply/worker/kill-%d-%d/x", round, number);
    struct broker_publication publication = {
        .topic = topic,
        .payload = text_of("{\"name\":\"k\",\"maxConcurrentJobs\":1,\"heartbeatTimeoutMs\":60000}"),
        .qos = 1,
        .response_topic = response};
    assert_int_equal(recorder_publish(world->observer, &publication, &fault), ERR_OK);
}

static void assert_answered_is_kept_and_told(struct world *world, int round, int number)
{
    char id[64];
    char topic[128];
    (void)snprintf(id, sizeof id, "kill-%d-%d", round, number);
    (void)snprintf(topic, sizeof topic, "muster/v1/reply/worker/%s/x", id);
    bool answered = recorder_find(world->observer, topic, "{\"code\":\"ok\"}") != NULL;
    bool kept = redis_integer(world->store, "EXISTS muster:{0}:worker:%s", id) == 1;
    if (answered) {
        assert_true(kept);
    }
    if (kept) {
        world_event(world, "registered", id, "{\"revision\":1}");
    }
}

static void kill_9_at_any_moment_loses_no_answered_registration_and_no_event(void **state)
{
    struct world *world = *state;
    unsigned random = 12345;
    for (int round = 0; round < KILLS; round++) {
        start_anew(world, 0);
        start_anew(world, 1);
        world_wait_log(world, 0, "Redis is up");
        world_wait_log(world, 1, "Redis is up");
        int64_t deadline_ms = clock_monotonic_ms() + WORLD_PATIENCE_MS;
        int active = -1;
        while (active < 0 && clock_monotonic_ms() < deadline_ms) {
            active = world_log_has(world, 0, "listening to") ? 0 : world_log_has(world, 1, "listening to") ? 1 : -1;
            wait_a_step();
        }
        assert_true(active >= 0);
        random = random * 1103515245U + 12345U;
        int kill_at = (int)(random >> 16) % REGISTRATIONS_A_ROUND;
        for (int i = 0; i < REGISTRATIONS_A_ROUND; i++) {
            register_without_waiting(world, round, i);
            if (i == kill_at) {
                process_signal(&world->daemons[active], SIGKILL);
            }
        }
        world_wait_listening(world, 1 - active);
        char last[64];
        (void)snprintf(last, sizeof last, "kill-last-%d", round);
        world_register(world, last, "\"heartbeatTimeoutMs\":60000");
        world_event(world, "registered", last, NULL);
        for (int i = 0; i < REGISTRATIONS_A_ROUND; i++) {
            assert_answered_is_kept_and_told(world, round, i);
        }
    }
}

static void event_told_twice_has_the_same_content(void **state)
{
    struct world *world = *state;
    json_t *seen = json_object();
    for (size_t i = 0; recorder_all(world->observer, i) != NULL; i++) {
        const struct record *record = recorder_all(world->observer, i);
        if (strncmp(record->topic, "muster/v1/event/", 16) != 0) {
            continue;
        }
        json_t *event = json_loads(record->payload, 0, NULL);
        const char *event_id = json_string_value(json_object_get(event, "eventId"));
        assert_non_null(event_id);
        json_t *before = json_object_get(seen, event_id);
        if (before != NULL) {
            assert_true(json_equal(before, event));
        }
        (void)json_object_set_new(seen, event_id, event);
    }
    assert_true(json_object_size(seen) > KILLS);
    assert_int_equal(json_object_size(seen), redis_integer(world->store, "XLEN muster:{0}:events"));
    json_decref(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standby_takes_over_within_3s_of_kill_9),
        cmocka_unit_test(clean_stop_hands_over_at_once_and_leaves_no_document),
        cmocka_unit_test(stalled_active_daemon_changes_nothing_when_it_wakes),
        cmocka_unit_test(kill_9_at_any_moment_loses_no_answered_registration_and_no_event),
        cmocka_unit_test(event_told_twice_has_the_same_content),
    };
    return cmocka_run_group_tests_name("e2e/standby", tests, setup, world_teardown);
}

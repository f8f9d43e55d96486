/* test_upgrade.c -- two versions of the daemon side by side: neither hinders the other, and no change is lost or
 * doubled.
 */
#include "e2e/world.h"

#include "support/wait.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM = 120, SWITCH_AT = 40, OLD = 0, NEXT = 1 };

#define NEXT_DAEMON MUSTER_BIN_DIR "/musterd_next"

static const char *const short_lease[] = {"daemon.lease_ms=200", "worker.heartbeat_timeout_ms=60000", NULL};

static void start(struct world *world, int index)
{
    world->daemon_program = index == NEXT ? NEXT_DAEMON : NULL;
    /* Its log tells of this start only. */
    if (world->daemons[index].log_path[0] != '\0') {
        (void)remove(world->daemons[index].log_path);
    }
    world_start_daemon(world, index, short_lease);
}

static int setup(void **state)
{
    static struct world world;
    world_begin(&world, NULL, NULL);
    start(&world, OLD);
    world_wait_listening(&world, OLD);
    *state = &world;
    return 0;
}

static size_t count_libraries(struct world *world)
{
    return redis_count(world->store, "FUNCTION LIST LIBRARYNAME muster_*");
}

static void tell_registration(struct world *world, const char *round, int i)
{
    char topic[128];
    char response[128];
    char payload[128];
    struct fault fault = {0};
    (void)snprintf(topic, sizeof topic, "muster/v1/worker/%s-%d/register", round, i);
    (void)snprintf(response, sizeof response, "muster/v1/reply/worker/%s-%d/here", round, i);
    (void)snprintf(payload, sizeof payload, "{\"name\":\"n\",\"maxConcurrentJobs\":2,\"bootId\":\"b\"}");
    struct broker_publication publication = {
        .topic = topic, .payload = text_of(payload), .qos = 1, .response_topic = response};
    assert_int_equal(recorder_publish(world->observer, &publication, &fault), ERR_OK);
}

static void tell_heartbeat(struct world *world, const char *round, int i, const char *payload)
{
    char id[64];
    (void)snprintf(id, sizeof id, "%s-%d", round, i);
    world_heartbeat(world, id, payload);
}

/* What the worker was answered with ok is there, and each of its events was told once, with a revision one greater. */
static void assert_kept_and_told(struct world *world, const char *round, int i)
{
    char topic[128];
    char id[64];
    int64_t revision = 0;
    (void)snprintf(id, sizeof id, "%s-%d", round, i);
    (void)snprintf(topic, sizeof topic, "muster/v1/reply/worker/%s/here", id);
    if (recorder_find(world->observer, topic, "{\"code\":\"ok\"}") == NULL) {
        return;
    }
    world_wait_field(world, id, "bootId", "b");
    json_t *told = json_object();
    (void)snprintf(topic, sizeof topic, "/%s", id);
    for (size_t at = 0; recorder_all(world->observer, at) != NULL; at++) {
        const struct record *record = recorder_all(world->observer, at);
        const char *end = strrchr(record->topic, '/');
        if (strncmp(record->topic, "muster/v1/event/", 16) != 0 || strcmp(end, topic) != 0) {
            continue;
        }
        json_t *event = json_loads(record->payload, 0, NULL);
        const char *event_id = json_string_value(json_object_get(event, "eventId"));
        json_t *before = json_object_get(told, event_id);
        if (before == NULL) {
            assert_int_equal(world_number(record, "revision"), ++revision);
            (void)json_object_set(told, event_id, event);
        } else {
            assert_true(json_equal(before, event)); /* told twice is not happened twice */
        }
        json_decref(event);
    }
    json_decref(told);
    assert_int_equal(revision, strtoll(world_field(world, id, "revision"), NULL, 10));
    assert_true(revision >= 1);
}

/* The stream goes on while the active daemon ends and the other version takes over. */
static void switch_over(struct world *world, int from, int to, const char *round, int signal)
{
    for (int i = 0; i < STREAM; i++) {
        tell_registration(world, round, i);
        if (i > 0) {
            tell_heartbeat(world, round, i - 1, "{\"status\":\"BUSY\",\"currentJobCount\":1,\"bootId\":\"b\"}");
        }
        if (i == SWITCH_AT) {
            process_signal(&world->daemons[from], signal);
        }
    }
    world_wait_listening(world, to);
    assert_true(process_wait(&world->daemons[from], WORLD_PATIENCE_MS));
    char last[64];
    (void)snprintf(last, sizeof last, "last-%s", round);
    world_register(world, last, "");
    world_event(world, "registered", last, NULL);
    for (int i = 0; i < STREAM; i++) {
        assert_kept_and_told(world, round, i);
    }
}

static void older_active_goes_on_with_its_own_library_beside_a_newer_standby(void **state)
{
    struct world *world = *state;
    assert_int_equal(count_libraries(world), 1);
    start(world, NEXT);
    world_wait_log(world, NEXT, "Redis is up");
    assert_int_equal(count_libraries(world), 2);
    world_register(world, "beside", "");
    assert_false(world_log_has(world, NEXT, "active under"));
    assert_false(world_log_has(world, OLD, "Function not found"));
}

static void upgrade_in_good_order_loses_and_doubles_nothing(void **state)
{
    switch_over(*state, OLD, NEXT, "up", SIGTERM);
}

static bool is_one_left(void *context)
{
    return count_libraries(context) == 1;
}

static void library_of_the_older_version_is_gone_once_the_newer_has_settled(void **state)
{
    struct world *world = *state;
    assert_true(wait_until(is_one_left, world, 2 * WORLD_PATIENCE_MS));
    assert_int_equal(redis_count(world->store, "HGETALL muster:meta"), 6);
    world_register(world, "settled", "");
}

static void older_standby_does_not_take_the_newer_library_away(void **state)
{
    struct world *world = *state;
    start(world, OLD);
    world_wait_log(world, OLD, "Redis is up");
    assert_int_equal(count_libraries(world), 2);
    world_register(world, "still", "");
    assert_false(world_log_has(world, NEXT, "Function not found"));
}

static void downgrade_by_kill_loses_and_doubles_nothing(void **state)
{
    switch_over(*state, NEXT, OLD, "down", SIGKILL);
}

static void daemon_whose_library_was_deleted_loads_it_again(void **state)
{
    struct world *world = *state;
    const redisReply *libraries = redis_reply(world->store, "FUNCTION LIST LIBRARYNAME muster_*");
    assert_int_equal(libraries->elements, 2);
    (void)redis_reply(world->store, "FUNCTION FLUSH");
    world_wait_log(world, OLD, "Function not found");
    assert_true(wait_until(is_one_left, world, WORLD_PATIENCE_MS));
    world_wait_log(world, OLD, "hearing begins anew: nothing is missing any more");
    world_register(world, "reloaded", "");
}

static void layout_of_a_newer_version_is_refused_with_a_clear_error(void **state)
{
    struct world *world = *state;
    process_stop(&world->daemons[OLD], SIGTERM);
    (void)redis_reply(world->store, "HSET muster:meta layout 3");
    start(world, OLD);
    world_wait_log(world, OLD, "the layout in muster:meta is not one that this version knows: 3");
    assert_false(world_log_has(world, OLD, "active under"));
    (void)redis_reply(world->store, "HSET muster:meta layout 2");
    world_wait_listening(world, OLD);
}

/* Layout 1 had all labels in the detail hash. */
static void record_of_the_layout_before_is_read_and_changes_as_it_is_written(void **state)
{
    struct world *world = *state;
    world_register(world, "earlier", "\"bootId\":\"b\",\"tags\":[\"before\"]");
    process_stop(&world->daemons[OLD], SIGTERM);
    (void)redis_reply(world->store, "HDEL muster:{0}:worker:earlier tags");
    (void)redis_reply(world->store, "HSET muster:{0}:detail:earlier tags [\"before\"]");
    (void)redis_reply(world->store, "HSET muster:meta layout 1");
    start(world, OLD);
    world_wait_listening(world, OLD);
    assert_string_equal(redis_text(world->store, "HGET muster:meta layout"), "2");
    world_register(world, "earlier", "\"bootId\":\"b\",\"tags\":[\"after\"]");
    assert_int_equal(redis_integer(world->store, "SISMEMBER muster:{0}:tag:before earlier"), 0);
    assert_int_equal(redis_integer(world->store, "SISMEMBER muster:{0}:tag:after earlier"), 1);
    assert_string_equal(redis_text(world->store, "HGET muster:{0}:worker:earlier tags"), "[\"after\"]");
    assert_int_equal(redis_integer(world->store, "EXISTS muster:{0}:detail:earlier"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(older_active_goes_on_with_its_own_library_beside_a_newer_standby),
        cmocka_unit_test(upgrade_in_good_order_loses_and_doubles_nothing),
        cmocka_unit_test(library_of_the_older_version_is_gone_once_the_newer_has_settled),
        cmocka_unit_test(older_standby_does_not_take_the_newer_library_away),
        cmocka_unit_test(downgrade_by_kill_loses_and_doubles_nothing),
        cmocka_unit_test(daemon_whose_library_was_deleted_loads_it_again),
        cmocka_unit_test(layout_of_a_newer_version_is_refused_with_a_clear_error),
        cmocka_unit_test(record_of_the_layout_before_is_read_and_changes_as_it_is_written),
    };
    return cmocka_run_group_tests_name("e2e/upgrade", tests, setup, world_teardown);
}

/* test_retained.c -- retained statuses stay true when the broker loses what it kept, or Redis its memory. */
#include "e2e/world.h"

#include "support/wait.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static void lost_statuses_are_told_again_without_any_change(void **state)
{
    (void)state;
    enum { WORKERS = 250 };
    struct world world;
    char id[32];
    char event_id[64];
    world_begin(&world, "persistence false\n", NULL);
    world_start_daemon(&world, 0, NULL);
    world_wait_listening(&world, 0);
    for (int i = 0; i < WORKERS; i++) {
        (void)snprintf(id, sizeof id, "kept-%d", i);
        world_register(&world, id, "\"heartbeatTimeoutMs\":600000");
    }
    world_status(&world, "kept-249", "{\"status\":\"ACTIVE\"}");
    (void)snprintf(event_id, sizeof event_id, "%s",
                   redis_reply(world.store, "XREVRANGE muster:{0}:events + - COUNT 1")->element[0]->element[0]->str);
    server_stop(&world.broker, SIGKILL);
    world_start_broker(&world);
    world_observe_again(&world);
    for (int i = 0; i < WORKERS; i++) {
        (void)snprintf(id, sizeof id, "kept-%d", i);
        world_status(&world, id, "{\"status\":\"ACTIVE\",\"health\":\"HEALTHY\",\"revision\":1}");
    }
    assert_string_equal(
        redis_reply(world.store, "XREVRANGE muster:{0}:events + - COUNT 1")->element[0]->element[0]->str, event_id);
    world_close(&world);
}

/* The broker has written down what it keeps; then a worker changes and one leaves; then the broker dies. */
static void statuses_that_a_crashed_broker_has_forgotten_are_told_again(void **state)
{
    (void)state;
    static const char patient[] = "\"heartbeatTimeoutMs\":600000";
    struct world world;
    world_begin(&world, NULL, NULL);
    world_start_daemon(&world, 0, NULL);
    world_wait_listening(&world, 0);
    world_register(&world, "changed", patient);
    world_register(&world, "left", patient);
    world_status(&world, "left", "{\"status\":\"ACTIVE\"}");
    process_signal(&world.broker.process, SIGUSR1);
    world_wait_written(&world.broker.process, "Saving in-memory database");
    recorder_mark(world.observer);
    world_heartbeat(&world, "changed", "{\"status\":\"MAINTENANCE\"}");
    world_tell(&world, "worker/left/deregister", "{}");
    world_status(&world, "changed", "{\"status\":\"MAINTENANCE\"}");
    world_status(&world, "left", "");
    server_stop(&world.broker, SIGKILL);
    world_start_broker(&world);
    recorder_mark(world.observer);
    world_observe_again(&world);
    world_status(&world, "changed", "{\"status\":\"MAINTENANCE\"}");
    world_status(&world, "left", "");
    world_close(&world);
}

static bool has_come_back(void *context)
{
    struct world *world = context;
    return strcmp(world_field(world, "back", "status"), "ACTIVE") == 0;
}

static void statuses_of_the_forgotten_are_taken_back(void **state)
{
    (void)state;
    struct world world;
    struct process agent = {0};
    world_open(&world, NULL);
    world_start_agent(&world, &agent, "back", NULL);
    world_register(&world, "gone", "\"heartbeatTimeoutMs\":600000");
    world_status(&world, "gone", "{\"status\":\"ACTIVE\"}");
    int64_t epoch = world_number(world_status(&world, "back", "{\"status\":\"ACTIVE\"}"), "epoch");
    recorder_mark(world.observer);
    (void)redis_reply(world.store, "FLUSHALL");
    assert_non_null(recorder_wait(world.observer, "muster/v1/status/gone", "", WORLD_PATIENCE_MS));
    assert_true(wait_until(has_come_back, &world, WORLD_PATIENCE_MS));
    assert_true(world_number(world_status(&world, "back", "{\"status\":\"ACTIVE\"}"), "epoch") > epoch);
    assert_int_equal(recorder_count(world.observer, "muster/v1/event/failed/+", NULL), 0);
    process_stop(&agent, SIGKILL);
    world_close(&world);
}

/* One was registered since the snapshot, one has changed since, one has left since. */
static void change_after_snapshot(struct world *world)
{
    static const char patient[] = "\"heartbeatTimeoutMs\":600000";
    world_register(world, "changed", patient);
    world_register(world, "left", patient);
    world_status(world, "left", "{\"status\":\"ACTIVE\"}");
    (void)redis_reply(world->store, "SAVE");
    world_heartbeat(world, "changed", "{\"status\":\"MAINTENANCE\"}");
    world_tell(world, "worker/left/deregister", "{}");
    world_register(world, "new", patient);
    world_status(world, "new", "{\"status\":\"ACTIVE\"}");
    world_status(world, "changed", "{\"status\":\"MAINTENANCE\"}");
    world_status(world, "left", "");
    recorder_mark(world->observer);
}

static void bring_snapshot_back(struct world *world)
{
    world_kill_redis(world);
    world_start_redis(world);
}

static void assert_statuses_are_those_of_snapshot(struct world *world)
{
    world_status(world, "changed", "{\"status\":\"ACTIVE\"}");
    world_status(world, "left", "{\"status\":\"ACTIVE\"}");
    world_status(world, "new", "");
}

static bool is_trusted(void *context)
{
    return redis_text(((struct world *)context)->store, "GET muster:{0}:memory") != NULL;
}

static void retain(struct world *world, const char *topic)
{
    struct fault fault = {0};
    const struct broker_publication publication = {
        .topic = topic, .payload = text_of("{\"status\":\"ACTIVE\"}"), .qos = 1, .retained = true};
    assert_int_equal(recorder_publish(world->observer, &publication, &fault), ERR_OK);
}

/* More than are looked up, and more than are withdrawn, at a time. */
static void many_statuses_of_nobody_are_all_taken_back(void **state)
{
    (void)state;
    enum { GHOSTS = 2500, PATIENCE_MS = 60000 };
    struct world world;
    char topic[64];
    world_begin(&world, "max_inflight_messages 0\nmax_queued_messages 0\n", NULL);
    world_start_daemon(&world, 0, NULL);
    world_wait_listening(&world, 0);
    world_register(&world, "stays", "\"heartbeatTimeoutMs\":600000");
    world_status(&world, "stays", "{\"status\":\"ACTIVE\"}");
    assert_true(wait_until(is_trusted, &world, WORLD_PATIENCE_MS));
    for (int i = 0; i < GHOSTS; i++) {
        (void)snprintf(topic, sizeof topic, "muster/v1/status/ghost-%d", i);
        retain(&world, topic);
    }
    recorder_mark(world.observer);
    (void)redis_reply(world.store, "DEL muster:{0}:memory");
    assert_true(wait_until(is_trusted, &world, PATIENCE_MS));
    for (int i = 0; i < GHOSTS; i++) {
        (void)snprintf(topic, sizeof topic, "muster/v1/status/ghost-%d", i);
        assert_non_null(recorder_wait(world.observer, topic, "", WORLD_PATIENCE_MS));
    }
    assert_int_equal(recorder_count(world.observer, "muster/v1/status/stays", ""), 0);
    assert_false(world_log_has(&world, 0, "is interrupted"));
    world_close(&world);
}

static void statuses_follow_redis_back_to_its_snapshot(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, NULL);
    change_after_snapshot(&world);
    bring_snapshot_back(&world);
    assert_statuses_are_those_of_snapshot(&world);
    assert_true(wait_until(is_trusted, &world, WORLD_PATIENCE_MS));
    world_close(&world);
}

static void statuses_follow_redis_back_where_the_daemon_died_with_it(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, NULL);
    change_after_snapshot(&world);
    process_stop(&world.daemons[0], SIGKILL);
    bring_snapshot_back(&world);
    world_start_daemon(&world, 0, NULL);
    assert_statuses_are_those_of_snapshot(&world);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_statuses_are_told_again_without_any_change),
        cmocka_unit_test(statuses_that_a_crashed_broker_has_forgotten_are_told_again),
        cmocka_unit_test(statuses_of_the_forgotten_are_taken_back),
        cmocka_unit_test(many_statuses_of_nobody_are_all_taken_back),
        cmocka_unit_test(statuses_follow_redis_back_to_its_snapshot),
        cmocka_unit_test(statuses_follow_redis_back_where_the_daemon_died_with_it),
    };
    return cmocka_run_group_tests_name("e2e/retained", tests, NULL, NULL);
}

/* test_system.c -- the statistics of the fleet: on their topic, retained and only when changed, and by request. */
#include "e2e/world.h"

#include "support/wait.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>

enum { INTERVAL_MS = 100, QUIET_MS = 1000 };

#define SYSTEM "muster/v1/system"

static const char *const settings[] = {"publish.system_interval_ms=100", "daemon.lease_ms=800",
                                       "health.max_consecutive_failures=1", NULL};
static const char *const own_topics[] = {SYSTEM, NULL};

static void observe_system(struct world *world)
{
    struct fault fault = {0};
    assert_int_equal(recorder_subscribe(world->observer, own_topics, &fault), ERR_OK);
}

static int setup(void **state)
{
    static struct world world;
    world_open(&world, settings);
    observe_system(&world);
    *state = &world;
    return 0;
}

static const struct record *wait_system(struct world *world, const char *like)
{
    const struct record *record = recorder_wait(world->observer, SYSTEM, like, WORLD_PATIENCE_MS);
    if (record == NULL) {
        recorder_print(world->observer);
        fail_msg("no statistics like %s", like);
    }
    return record;
}

static void empty_fleet_is_told_as_wholly_healthy(void **state)
{
    struct world *world = *state;
    const struct record *record =
        wait_system(world, "{\"totalWorkers\":0,\"activeWorkers\":0,\"idleWorkers\":0,\"busyWorkers\":0,"
                           "\"failedWorkers\":0,\"maintenanceWorkers\":0,\"drainingWorkers\":0,\"totalCapacity\":0,"
                           "\"usedCapacity\":0,\"availableCapacity\":0,\"systemHealthPercentage\":100.0,"
                           "\"unhealthyWorkers\":[],\"unhealthyWorkerCount\":0}");
    assert_true(record->retained);
    assert_int_equal(record->qos, 1);
    int64_t age_ms = record->wall_ms - world_number(record, "timestamp");
    assert_true(age_ms > -1000 && age_ms < WORLD_PATIENCE_MS);
}

static void register_long(struct world *world, const char *id)
{
    world_register(world, id, "\"heartbeatTimeoutMs\":60000");
}

static void leave(struct world *world, const char *id)
{
    char payload[256];
    (void)snprintf(payload, sizeof payload, "{\"workerId\":\"%s\"}", id);
    assert_like(world_ask(world, "request/op/force-deregister", "client/op", payload), "{\"code\":\"ok\"}");
}

static void workers_count_by_status_and_capacity(void **state)
{
    struct world *world = *state;
    register_long(world, "s-1");
    register_long(world, "s-2");
    register_long(world, "s-3");
    register_long(world, "s-4");
    world_heartbeat(world, "s-1", "{\"status\":\"BUSY\",\"currentJobCount\":7}");
    world_heartbeat(world, "s-2", "{\"status\":\"IDLE\"}");
    world_heartbeat(world, "s-3", "{\"status\":\"MAINTENANCE\"}");
    static const char expected[] =
        "{\"totalWorkers\":4,\"activeWorkers\":1,\"idleWorkers\":1,\"busyWorkers\":1,\"failedWorkers\":0,"
        "\"maintenanceWorkers\":1,\"drainingWorkers\":0,\"totalCapacity\":40,\"usedCapacity\":7,"
        "\"availableCapacity\":33,\"systemHealthPercentage\":100.0}";
    (void)wait_system(world, expected);
    assert_like(world_ask(world, "request/op/system-health", "client/op", "{\"requestId\":\"r1\"}"), expected);
    assert_like(world_ask(world, "request/op/system-health", "client/op", "{\"requestId\":\"r1\"}"),
                "{\"success\":true,\"code\":\"ok\",\"requestId\":\"r1\"}");
    recorder_mark(world->observer);
    for (int i = 1; i <= 4; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "s-%d", i);
        leave(world, id);
    }
    (void)wait_system(world, "{\"totalWorkers\":0,\"totalCapacity\":0,\"usedCapacity\":0,\"availableCapacity\":0}");
}

static void failed_worker_lowers_health_and_is_listed_until_it_is_gone(void **state)
{
    struct world *world = *state;
    register_long(world, "good");
    world_register(world, "silent", "\"heartbeatTimeoutMs\":300");
    recorder_mark(world->observer);
    (void)wait_system(world, "{\"unhealthyWorkers\":[\"silent\"],\"unhealthyWorkerCount\":1,\"failedWorkers\":1,"
                             "\"systemHealthPercentage\":50.0}");
    (void)wait_system(world, "{\"totalWorkers\":1,\"unhealthyWorkers\":[],\"unhealthyWorkerCount\":0,"
                             "\"systemHealthPercentage\":100.0}");
    leave(world, "good");
}

static void settle(struct world *world)
{
    recorder_mark(world->observer);
    while (!recorder_stays_silent(world->observer, SYSTEM, NULL, 5 * INTERVAL_MS)) {
        recorder_mark(world->observer);
    }
}

static void unchanged_statistics_are_not_told_again(void **state)
{
    struct world *world = *state;
    register_long(world, "steady");
    settle(world);
    for (int i = 0; i < 5; i++) {
        world_heartbeat(world, "steady", "");
    }
    assert_true(recorder_stays_silent(world->observer, SYSTEM, NULL, QUIET_MS));
    leave(world, "steady");
    (void)wait_system(world, "{\"totalWorkers\":0}");
}

/* Changes come far more often than the interval lets them be told. */
static void changes_are_told_at_most_once_an_interval(void **state)
{
    enum { CHANGES = 40 };
    struct world *world = *state;
    register_long(world, "swift");
    settle(world);
    int64_t begin_ms = clock_monotonic_ms();
    for (int i = 0; i < CHANGES; i++) {
        char payload[64];
        (void)snprintf(payload, sizeof payload, "{\"currentJobCount\":%d}", i % 10 + 1);
        world_heartbeat(world, "swift", payload);
        wait_a_step();
    }
    (void)wait_system(world, "{\"usedCapacity\":10}");
    int64_t spent_ms = clock_monotonic_ms() - begin_ms;
    assert_true((int64_t)recorder_count(world->observer, SYSTEM, NULL) <= spent_ms / INTERVAL_MS + 2);
    leave(world, "swift");
}

static void takeover_tells_unchanged_statistics_not_again(void **state)
{
    struct world *world = *state;
    register_long(world, "lasting");
    world_start_daemon(world, 1, settings);
    assert_non_null(
        recorder_wait(world->observer, "muster/v1/registry/d1", "{\"role\":\"standby\"}", WORLD_PATIENCE_MS));
    settle(world);
    process_stop(&world->daemons[0], SIGKILL);
    world_wait_listening(world, 1);
    assert_true(recorder_stays_silent(world->observer, SYSTEM, NULL, QUIET_MS));
    leave(world, "lasting");
    (void)wait_system(world, "{\"totalWorkers\":0}");
}

/* A broker that is killed has saved nothing. */
static void broker_that_lost_what_it_retained_is_told_again(void **state)
{
    struct world *world = *state;
    register_long(world, "survivor");
    settle(world);
    server_stop(&world->broker, SIGKILL);
    world_start_broker(world);
    world_observe_again(world);
    observe_system(world);
    assert_true(wait_system(world, "{\"totalWorkers\":1}")->index > 0);
    leave(world, "survivor");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_fleet_is_told_as_wholly_healthy),
        cmocka_unit_test(workers_count_by_status_and_capacity),
        cmocka_unit_test(failed_worker_lowers_health_and_is_listed_until_it_is_gone),
        cmocka_unit_test(unchanged_statistics_are_not_told_again),
        cmocka_unit_test(changes_are_told_at_most_once_an_interval),
        cmocka_unit_test(takeover_tells_unchanged_statistics_not_again),
        cmocka_unit_test(broker_that_lost_what_it_retained_is_told_again),
    };
    return cmocka_run_group_tests_name("e2e/system", tests, setup, world_teardown);
}

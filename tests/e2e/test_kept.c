/* test_kept.c -- what workers say while Redis cannot be told: kept, and in the record once it can. */
#include "e2e/world.h"

#include "support/wait.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define PATIENT "\"heartbeatTimeoutMs\":30000"

enum { FLEET = 250, SHORT_TIMEOUT_MS = 1000, FULL_MS = 3 * SHORT_TIMEOUT_MS, WATCHED_MS = 2 * SHORT_TIMEOUT_MS };

static int setup(void **state)
{
    static struct world world;
    static const char *const settings[] = {"gateways.gw=g-*", NULL};
    memset(&world, 0, sizeof world);
    world_begin(&world, NULL, "appendonly yes\nappendfsync always\n");
    world_start_daemon(&world, 0, settings);
    world_wait_listening(&world, 0);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    world_close(*state);
    return 0;
}

/* The daemon knows by itself, from a connection that is gone: a reply says so. */
static void kill_redis(struct world *world)
{
    world_kill_redis(world);
    assert_like(world_ask(world, "worker/nobody/register", "worker/nobody", "{\"name\":\"n\",\"maxConcurrentJobs\":1}"),
                "{\"code\":\"unavailable\"}");
}

/* It would fail again for ever, and take those with it that are in the same batch. The first one: nothing is kept yet.
 */
static void heartbeat_that_breaks_the_function_is_not_kept(void **state)
{
    struct world *world = *state;
    world_register(world, "broken", PATIENT);
    (void)redis_reply(world->store, "SET muster:{0}:worker:broken no-hash");
    assert_like(world_ask(world, "worker/broken/heartbeat", "worker/broken", "{\"status\":\"BUSY\"}"),
                "{\"code\":\"unavailable\"}");
    assert_false(world_log_has(world, 0, "heartbeats are kept"));
    assert_int_equal(redis_integer(world->store, "DEL muster:{0}:worker:broken"), 1);
    assert_like(world_ask(world, "worker/broken/heartbeat", "worker/broken", ""), "{\"code\":\"unknown_worker\"}");
}

static void change_said_while_redis_is_dead_is_in_record_afterwards(void **state)
{
    struct world *world = *state;
    world_register(world, "k-1", PATIENT);
    kill_redis(world);
    world_heartbeat(world, "k-1", "{\"status\":\"MAINTENANCE\",\"seq\":1}");
    assert_like(
        world_ask(world, "worker/k-1/heartbeat", "worker/k-1", "{\"status\":\"BUSY\",\"currentJobCount\":2,\"seq\":2}"),
        "{\"code\":\"unavailable\"}");
    world_heartbeat(world, "k-1", "");
    world_start_redis(world);
    world_status(world, "k-1", "{\"status\":\"BUSY\",\"currentJobCount\":2,\"health\":\"HEALTHY\"}");
    assert_string_equal(world_field(world, "k-1", "seq"), "2");
    world_event(world, "status", "k-1", "{\"from\":{\"status\":\"ACTIVE\"},\"to\":{\"status\":\"BUSY\"}}");
    assert_int_equal(recorder_count(world->observer, "muster/v1/event/status/k-1", NULL), 1);
    assert_like(world_ask(world, "worker/k-1/heartbeat", "worker/k-1", "{\"seq\":3}"), "{\"code\":\"ok\"}");
}

static void gateway_items_are_kept_one_by_one(void **state)
{
    struct world *world = *state;
    world_register(world, "g-1", PATIENT);
    world_register(world, "g-2", PATIENT);
    kill_redis(world);
    assert_like(world_ask(world, "gateway/gw/heartbeat", "gateway/gw",
                          "{\"workers\":[ {\"workerId\":\"g-1\",\"status\":\"BUSY\",\"jobs\":[\"a\",\"b\"]} ,"
                          "{\"workerId\":\"g-2\",\"currentJobCount\":3}]}"),
                "{\"accepted\":0,\"refused\":2}");
    world_start_redis(world);
    world_status(world, "g-1", "{\"status\":\"BUSY\",\"currentJobCount\":2}");
    assert_like(world_ask(world, "worker/g-2/heartbeat", "worker/g-2", ""), "{\"code\":\"ok\"}");
    assert_string_equal(world_field(world, "g-1", "jobs"), "[\"a\",\"b\"]");
    assert_string_equal(world_field(world, "g-2", "currentJobCount"), "3");
}

static void more_than_one_batch_is_handed_over(void **state)
{
    struct world *world = *state;
    char id[32];
    for (int i = 0; i < FLEET; i++) {
        (void)snprintf(id, sizeof id, "many-%d", i);
        world_register(world, id, PATIENT);
    }
    kill_redis(world);
    for (int i = 0; i < FLEET; i++) {
        (void)snprintf(id, sizeof id, "many-%d", i);
        world_heartbeat(world, id, "{\"status\":\"IDLE\"}");
    }
    (void)world_ask(world, "worker/many-0/heartbeat", "worker/many-0", "{\"status\":\"IDLE\"}");
    world_start_redis(world);
    for (int i = 0; i < FLEET; i++) {
        (void)snprintf(id, sizeof id, "many-%d", i);
        world_status(world, id, "{\"status\":\"IDLE\"}");
    }
}

static void change_said_to_a_redis_that_hangs_is_in_record_afterwards(void **state)
{
    struct world *world = *state;
    world_register(world, "k-2", PATIENT);
    server_suspend(&world->redis);
    world_heartbeat(world, "k-2", "{\"status\":\"BUSY\"}");
    assert_like(world_ask(world, "worker/k-2/heartbeat", "worker/k-2", ""), "{\"code\":\"unavailable\"}");
    world_heartbeat(world, "k-2", "{\"status\":\"IDLE\"}");
    assert_like(world_ask(world, "worker/k-2/heartbeat", "worker/k-2", ""), "{\"code\":\"unavailable\"}");
    server_resume(&world->redis);
    world_status(world, "k-2", "{\"status\":\"IDLE\",\"health\":\"HEALTHY\"}");
}

static void redis_without_memory_fails_nobody_who_heartbeats(void **state)
{
    struct world *world = *state;
    char timeout[64];
    (void)snprintf(timeout, sizeof timeout, "\"heartbeatTimeoutMs\":%d", SHORT_TIMEOUT_MS);
    world_register(world, "k-3", timeout);
    assert_string_equal(redis_text(world->store, "CONFIG SET maxmemory 1"), "OK");
    int64_t end_ms = clock_monotonic_ms() + FULL_MS;
    while (clock_monotonic_ms() < end_ms) {
        assert_like(world_ask(world, "worker/k-3/heartbeat", "worker/k-3", "{\"status\":\"BUSY\"}"),
                    "{\"code\":\"unavailable\"}");
    }
    assert_string_equal(redis_text(world->store, "CONFIG SET maxmemory 0"), "OK");
    world_status(world, "k-3", "{\"status\":\"BUSY\",\"health\":\"HEALTHY\"}");
    end_ms = clock_monotonic_ms() + WATCHED_MS;
    while (clock_monotonic_ms() < end_ms) {
        assert_like(world_ask(world, "worker/k-3/heartbeat", "worker/k-3", ""), "{\"code\":\"ok\"}");
    }
    assert_int_equal(recorder_count(world->observer, "muster/v1/event/unhealthy/k-3", NULL), 0);
    world_event(world, "unhealthy", "k-3", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heartbeat_that_breaks_the_function_is_not_kept),
        cmocka_unit_test(change_said_while_redis_is_dead_is_in_record_afterwards),
        cmocka_unit_test(gateway_items_are_kept_one_by_one),
        cmocka_unit_test(more_than_one_batch_is_handed_over),
        cmocka_unit_test(change_said_to_a_redis_that_hangs_is_in_record_afterwards),
        cmocka_unit_test(redis_without_memory_fails_nobody_who_heartbeats),
    };
    return cmocka_run_group_tests_name("e2e/kept", tests, setup, teardown);
}

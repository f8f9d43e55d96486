/* test_flap.c -- a worker that turns unhealthy and back again and again is held in RECOVERED, and named. */
#include "e2e/world.h"

#include "support/wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENT "\"heartbeatTimeoutMs\":60000"

enum { FREE_RETURNS = 2, HOLD_MS = 1500, HOLD_MAX_MS = 2500, BEAT_MS = 100 };

static int setup(void **state)
{
    static struct world world;
    static const char *const settings[] = {"health.flap_count=2",          "health.flap_window_ms=60000",
                                           "health.flap_hold_ms=1500",     "health.flap_hold_max_ms=2500",
                                           "health.check_interval_ms=400", "publish.system_interval_ms=200",
                                           "worker.archive_seconds=60",    NULL};
    world_open(&world, settings);
    *state = &world;
    return 0;
}

static void beat(struct world *world, const char *id, const char *payload)
{
    char topic[64];
    char reply_of[64];
    (void)snprintf(topic, sizeof topic, "worker/%s/heartbeat", id);
    (void)snprintf(reply_of, sizeof reply_of, "worker/%s", id);
    assert_like(world_ask(world, topic, reply_of, payload), "{\"code\":\"ok\"}");
}

static void turn_unhealthy_and_back(struct world *world, const char *id)
{
    beat(world, id, "{\"status\":\"ERROR\"}");
    assert_string_equal(world_field(world, id, "health"), "UNHEALTHY");
    beat(world, id, "{\"status\":\"ACTIVE\"}");
    assert_string_equal(world_field(world, id, "health"), "RECOVERED");
}

/* Returns when all of it has been told, so that what comes after a mark is of later. */
static void use_up_free_returns(struct world *world, const char *id)
{
    char last[64];
    for (int i = 0; i < FREE_RETURNS; i++) {
        turn_unhealthy_and_back(world, id);
        beat(world, id, "");
        assert_string_equal(world_field(world, id, "health"), "HEALTHY");
    }
    (void)snprintf(last, sizeof last, "{\"revision\":%s}", world_field(world, id, "revision"));
    world_event(world, "healthy", id, last);
}

/* How long the worker is held, counted from its return. */
static int64_t hold_ms(struct world *world, const char *id)
{
    int64_t until_ms = strtoll(world_field(world, id, "heldUntil"), NULL, 10);
    return until_ms - strtoll(world_field(world, id, "updatedAt"), NULL, 10);
}

static void flapping_worker_is_held_until_it_was_quiet(void **state)
{
    struct world *world = *state;
    world_register(world, "f-1", PATIENT);
    use_up_free_returns(world, "f-1");
    recorder_mark(world->observer);
    turn_unhealthy_and_back(world, "f-1");
    const struct record *recovered = world_event(world, "recovered", "f-1", NULL);
    const struct record *alert =
        recorder_wait(world->observer, "muster/v1/alert/flapping", "{\"state\":\"raised\"}", WORLD_PATIENCE_MS);
    assert_non_null(alert);
    assert_non_null(strstr(alert->payload, ": f-1\""));
    while (strcmp(world_field(world, "f-1", "health"), "RECOVERED") == 0) {
        int64_t next_ms = clock_monotonic_ms() + BEAT_MS;
        beat(world, "f-1", "");
        while (clock_monotonic_ms() < next_ms) {
            wait_a_step();
        }
    }
    const struct record *healthy =
        world_event(world, "healthy", "f-1", "{\"from\":{\"health\":\"RECOVERED\"},\"to\":{\"health\":\"HEALTHY\"}}");
    int64_t held_ms = world_number(healthy, "at") - world_number(recovered, "at");
    assert_in_range((uintmax_t)held_ms, HOLD_MS, HOLD_MS + 1000);
    assert_non_null(
        recorder_wait(world->observer, "muster/v1/alert/flapping", "{\"state\":\"cleared\"}", WORLD_PATIENCE_MS));
    assert_string_equal(world_field(world, "f-1", "heldUntil"), "");
}

static void hold_doubles_up_to_its_longest(void **state)
{
    struct world *world = *state;
    world_register(world, "f-2", PATIENT);
    use_up_free_returns(world, "f-2");
    turn_unhealthy_and_back(world, "f-2");
    assert_int_equal(hold_ms(world, "f-2"), HOLD_MS);
    turn_unhealthy_and_back(world, "f-2");
    assert_int_equal(hold_ms(world, "f-2"), HOLD_MAX_MS);
    turn_unhealthy_and_back(world, "f-2");
    assert_int_equal(hold_ms(world, "f-2"), HOLD_MAX_MS);
    beat(world, "f-2", "");
    assert_string_equal(world_field(world, "f-2", "health"), "RECOVERED");
}

static void silence_counts_as_contradiction_does(void **state)
{
    struct world *world = *state;
    world_register(world, "f-3", "\"heartbeatTimeoutMs\":300");
    for (int i = 0; i < FREE_RETURNS + 1; i++) {
        recorder_mark(world->observer);
        world_event(world, "unhealthy", "f-3", "{\"reason\":\"heartbeat_timeout\"}");
        beat(world, "f-3", "");
        world_event(world, "recovered", "f-3", NULL);
    }
    beat(world, "f-3", "");
    assert_string_equal(world_field(world, "f-3", "health"), "RECOVERED");
}

static void alert_names_who_comes_later_too(void **state)
{
    struct world *world = *state;
    recorder_mark(world->observer);
    world_register(world, "f-4", PATIENT);
    world_register(world, "f-5", PATIENT);
    use_up_free_returns(world, "f-4");
    use_up_free_returns(world, "f-5");
    turn_unhealthy_and_back(world, "f-4");
    assert_non_null(recorder_wait_text(world->observer, "muster/v1/alert/flapping", "f-4", WORLD_PATIENCE_MS));
    turn_unhealthy_and_back(world, "f-5");
    assert_non_null(recorder_wait_text(world->observer, "muster/v1/alert/flapping", "f-4, f-5", WORLD_PATIENCE_MS));
}

static void operator_forgives(void **state)
{
    struct world *world = *state;
    world_register(world, "f-6", PATIENT);
    use_up_free_returns(world, "f-6");
    beat(world, "f-6", "{\"status\":\"ERROR\"}");
    assert_like(world_ask(world, "request/op/recover", "client/op", "{\"workerId\":\"f-6\"}"), "{\"code\":\"ok\"}");
    beat(world, "f-6", "{\"status\":\"ACTIVE\"}");
    assert_string_equal(world_field(world, "f-6", "health"), "HEALTHY");
    use_up_free_returns(world, "f-6");
}

static void operator_ends_hold(void **state)
{
    struct world *world = *state;
    world_register(world, "f-9", PATIENT);
    use_up_free_returns(world, "f-9");
    turn_unhealthy_and_back(world, "f-9");
    beat(world, "f-9", "");
    assert_string_equal(world_field(world, "f-9", "health"), "RECOVERED");
    assert_like(world_ask(world, "request/op/recover", "client/op", "{\"workerId\":\"f-9\"}"), "{\"code\":\"ok\"}");
    assert_string_equal(world_field(world, "f-9", "heldUntil"), "");
    beat(world, "f-9", "");
    assert_string_equal(world_field(world, "f-9", "health"), "HEALTHY");
    assert_like(world_ask(world, "request/op/recover", "client/op", "{\"workerId\":\"f-9\"}"),
                "{\"code\":\"forbidden\"}");
}

static void held_worker_that_leaves_is_not_named(void **state)
{
    struct world *world = *state;
    world_register(world, "f-7", PATIENT);
    use_up_free_returns(world, "f-7");
    turn_unhealthy_and_back(world, "f-7");
    assert_true(redis_integer(world->store, "ZSCORE muster:{0}:held f-7") > 0);
    world_tell(world, "worker/f-7/deregister", "{}");
    world_event(world, "deregistered", "f-7", NULL);
    assert_int_equal(redis_integer(world->store, "ZSCORE muster:{0}:held f-7"), 0);
}

static void nobody_is_held_where_it_is_switched_off(void **state)
{
    (void)state;
    static const char *const settings[] = {"health.flap_count=0", "health.flap_hold_ms=60000", NULL};
    struct world world;
    world_open(&world, settings);
    world_register(&world, "f-8", PATIENT);
    use_up_free_returns(&world, "f-8");
    use_up_free_returns(&world, "f-8");
    use_up_free_returns(&world, "f-8");
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flapping_worker_is_held_until_it_was_quiet),
        cmocka_unit_test(hold_doubles_up_to_its_longest),
        cmocka_unit_test(silence_counts_as_contradiction_does),
        cmocka_unit_test(alert_names_who_comes_later_too),
        cmocka_unit_test(operator_forgives),
        cmocka_unit_test(operator_ends_hold),
        cmocka_unit_test(held_worker_that_leaves_is_not_named),
        cmocka_unit_test(nobody_is_held_where_it_is_switched_off),
    };
    return cmocka_run_group_tests_name("e2e/flap", tests, setup, world_teardown);
}

/* test_brake.c -- so many missing at once that the fault is likely ours: nobody fails until the share falls. */
#include "e2e/world.h"

#include "support/wait.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLEET = 12, BEAT_MS = 100, HELD_MS = 3000 };

static void id_of(const char *prefix, int number, char out[64])
{
    (void)snprintf(out, 64, "%s-%d", prefix, number);
}

static void register_fleet(struct world *world, const char *prefix, int count, const char *more)
{
    char id[64];
    for (int i = 0; i < count; i++) {
        id_of(prefix, i, id);
        world_register(world, id, more);
    }
}

/* Heartbeats of workers from..to-1 until the condition holds; false where it did not within the time. */
static bool beat_until(struct world *world, const char *prefix, int from, int to, bool (*condition)(struct world *),
                       int timeout_ms)
{
    char id[64];
    int64_t end_ms = clock_monotonic_ms() + timeout_ms;
    while (!condition(world)) {
        if (clock_monotonic_ms() >= end_ms) {
            return false;
        }
        int64_t next_ms = clock_monotonic_ms() + BEAT_MS;
        for (int i = from; i < to; i++) {
            id_of(prefix, i, id);
            world_heartbeat(world, id, "");
        }
        while (clock_monotonic_ms() < next_ms) {
            wait_a_step();
        }
    }
    return true;
}

static bool never(struct world *world)
{
    (void)world;
    return false;
}

static size_t in_health(struct world *world, const char *health)
{
    return (size_t)redis_integer(world->store, "SCARD muster:{0}:health:%s", health);
}

static bool is_brake_on(struct world *world)
{
    return redis_integer(world->store, "HEXISTS muster:{0}:brake fleet") == 1;
}

static bool is_brake_off(struct world *world)
{
    return !is_brake_on(world);
}

static bool is_zone_brake_on(struct world *world)
{
    return redis_integer(world->store, "HEXISTS muster:{0}:brake zone:b") == 1;
}

static bool has_failed(struct world *world)
{
    return recorder_count(world->observer, "muster/v1/event/failed/+", NULL) > 0;
}

static bool are_all_cleaned_up(struct world *world)
{
    return redis_integer(world->store, "SCARD muster:{0}:workers") == FLEET - 5;
}

static void open_with(struct world *world, const char *setting)
{
    const char *const settings[] = {setting, NULL};
    world_open(world, setting != NULL ? settings : NULL);
}

static void many_missing_hold_everybody_until_they_return(void **state)
{
    (void)state;
    struct world world;
    open_with(&world, NULL);
    register_fleet(&world, "w", FLEET, "");
    assert_true(beat_until(&world, "w", 5, FLEET, is_brake_on, WORLD_PATIENCE_MS));
    assert_false(beat_until(&world, "w", 5, FLEET, never, HELD_MS));
    assert_int_equal(in_health(&world, "UNHEALTHY"), 5);
    assert_int_equal(in_health(&world, "FAILED"), 0);
    assert_false(has_failed(&world));
    assert_non_null(recorder_wait_text(world.observer, "muster/v1/alert/brake", " of 12 workers missing since ",
                                       WORLD_PATIENCE_MS));
    assert_non_null(recorder_find(world.observer, "muster/v1/alert/brake", "{\"state\":\"raised\"}"));
    assert_true(beat_until(&world, "w", 0, FLEET, is_brake_off, WORLD_PATIENCE_MS));
    assert_false(beat_until(&world, "w", 0, FLEET, never, 500));
    assert_int_equal(in_health(&world, "HEALTHY"), FLEET);
    assert_non_null(
        recorder_wait(world.observer, "muster/v1/alert/brake", "{\"state\":\"cleared\"}", WORLD_PATIENCE_MS));
    assert_true(beat_until(&world, "w", 1, FLEET, has_failed, WORLD_PATIENCE_MS));
    assert_non_null(recorder_find(world.observer, "muster/v1/event/failed/w-0", NULL));
    world_close(&world);
}

static void brake_lets_go_by_itself_after_its_time(void **state)
{
    (void)state;
    struct world world;
    open_with(&world, "brake.max_ms=2000");
    register_fleet(&world, "w", FLEET, "");
    assert_true(beat_until(&world, "w", 5, FLEET, is_brake_on, WORLD_PATIENCE_MS));
    assert_false(beat_until(&world, "w", 5, FLEET, has_failed, 1000));
    assert_true(beat_until(&world, "w", 5, FLEET, are_all_cleaned_up, WORLD_PATIENCE_MS));
    assert_int_equal(recorder_count(world.observer, "muster/v1/event/failed/+", NULL), 5);
    world_close(&world);
}

static void operator_cleans_up_whatever_the_brake_says(void **state)
{
    (void)state;
    struct world world;
    open_with(&world, "health.cleanup_threshold_ms=60000");
    register_fleet(&world, "w", FLEET, "");
    assert_true(beat_until(&world, "w", 1, FLEET, has_failed, WORLD_PATIENCE_MS));
    assert_true(beat_until(&world, "w", 5, FLEET, is_brake_on, WORLD_PATIENCE_MS));
    assert_like(world_ask(&world, "request/op/cleanup", "client/op", "{\"workerId\":\"w-0\"}"), "{\"code\":\"ok\"}");
    (void)world_event(&world, "cleaned_up", "w-0", "{\"reason\":\"operator\",\"by\":\"op\"}");
    assert_true(is_brake_on(&world));
    world_close(&world);
}

static void operator_releases_brake(void **state)
{
    (void)state;
    struct world world;
    open_with(&world, NULL);
    register_fleet(&world, "w", FLEET, "");
    assert_true(beat_until(&world, "w", 5, FLEET, is_brake_on, WORLD_PATIENCE_MS));
    assert_like(world_ask(&world, "request/op/brake-release", "client/op", "{\"reason\":\"a site was moved\"}"),
                "{\"code\":\"ok\",\"released\":1}");
    assert_non_null(strstr(world_ask(&world, "request/op/events", "client/op", "{\"type\":\"brake_released\"}"),
                           "\"message\":\"a site was moved\",\"by\":\"op\""));
    assert_true(beat_until(&world, "w", 5, FLEET, are_all_cleaned_up, WORLD_PATIENCE_MS));
    assert_like(world_ask(&world, "request/op/brake-release", "client/op", ""), "{\"code\":\"ok\",\"released\":0}");
    world_close(&world);
}

static void small_fleet_is_exempt(void **state)
{
    (void)state;
    struct world world;
    open_with(&world, NULL);
    register_fleet(&world, "w", 9, "");
    for (int i = 0; i < 9; i++) {
        char id[64];
        id_of("w", i, id);
        world_event(&world, "failed", id, NULL);
    }
    assert_false(is_brake_on(&world));
    world_close(&world);
}

static void deregistrations_never_raise_it(void **state)
{
    (void)state;
    struct world world;
    open_with(&world, NULL);
    register_fleet(&world, "w", FLEET, "\"heartbeatTimeoutMs\":20000");
    for (int i = 0; i < FLEET - 1; i++) {
        char topic[64];
        (void)snprintf(topic, sizeof topic, "worker/w-%d/deregister", i);
        world_tell(&world, topic, "");
    }
    world_event(&world, "deregistered", "w-10", NULL);
    assert_false(beat_until(&world, "w", FLEET - 1, FLEET, is_brake_on, 500));
    assert_false(world_log_has(&world, 0, "brake raised"));
    world_close(&world);
}

static void dead_site_brakes_only_that_site(void **state)
{
    (void)state;
    enum { SITE = 10, OTHERS = 40 };
    struct world world;
    open_with(&world, NULL);
    register_fleet(&world, "b", SITE, "\"zone\":\"b\",\"heartbeatTimeoutMs\":1500");
    register_fleet(&world, "a", OTHERS, "\"zone\":\"a\",\"heartbeatTimeoutMs\":1500");
    assert_true(beat_until(&world, "a", 0, OTHERS, is_zone_brake_on, WORLD_PATIENCE_MS));
    const struct record *alert =
        recorder_wait_text(world.observer, "muster/v1/alert/brake", "zone:b: ", WORLD_PATIENCE_MS);
    assert_non_null(alert);
    assert_non_null(strstr(alert->payload, " of 10 workers missing since "));
    assert_null(strstr(alert->payload, "fleet: "));
    assert_true(beat_until(&world, "a", 1, OTHERS, has_failed, WORLD_PATIENCE_MS));
    assert_non_null(recorder_find(world.observer, "muster/v1/event/failed/a-0", NULL));
    assert_int_equal(in_health(&world, "UNHEALTHY"), SITE);
    assert_false(is_brake_on(&world));
    world_close(&world);
}

static void raised_brake_outlives_its_daemon(void **state)
{
    (void)state;
    struct world world;
    open_with(&world, NULL);
    register_fleet(&world, "w", FLEET, "");
    assert_true(beat_until(&world, "w", 5, FLEET, is_brake_on, WORLD_PATIENCE_MS));
    char kept[64];
    (void)snprintf(kept, sizeof kept, "%s", redis_text(world.store, "HGET muster:{0}:brake fleet"));
    process_stop(&world.daemons[0], SIGKILL);
    world_start_daemon(&world, 1, NULL);
    world_wait_listening(&world, 1);
    assert_false(beat_until(&world, "w", 5, FLEET, has_failed, HELD_MS));
    assert_string_equal(redis_text(world.store, "HGET muster:{0}:brake fleet"), kept);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_missing_hold_everybody_until_they_return),
        cmocka_unit_test(brake_lets_go_by_itself_after_its_time),
        cmocka_unit_test(operator_cleans_up_whatever_the_brake_says),
        cmocka_unit_test(operator_releases_brake),
        cmocka_unit_test(small_fleet_is_exempt),
        cmocka_unit_test(deregistrations_never_raise_it),
        cmocka_unit_test(dead_site_brakes_only_that_site),
        cmocka_unit_test(raised_brake_outlives_its_daemon),
    };
    return cmocka_run_group_tests_name("e2e/brake", tests, NULL, NULL);
}

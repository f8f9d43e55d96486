/* test_life.c -- a worker's life as it wants it: register, heartbeat, drain, deregister, and coming back. */
#include "e2e/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void register_makes_worker_active_in_redis_and_retained(void **state)
{
    struct world *world = *state;
    world_register(world, "reg-1",
                   "\"tags\":\"gpu, fast\",\"capabilities\":\"{\\\"java\\\":true}\",\"zone\":\"z1\","
                   "\"heartbeatTimeoutMs\":20000");
    assert_string_equal(world_field(world, "reg-1", "status"), "ACTIVE");
    assert_string_equal(world_field(world, "reg-1", "health"), "HEALTHY");
    assert_int_equal(redis_integer(world->store, "SISMEMBER muster:{0}:tag:gpu reg-1"), 1);
    assert_int_equal(redis_integer(world->store, "SISMEMBER muster:{0}:capability:java reg-1"), 1);
    assert_int_equal(redis_integer(world->store, "SISMEMBER muster:{0}:zone:z1 reg-1"), 1);
    int64_t ttl_ms = redis_integer(world->store, "PTTL muster:{0}:alive:reg-1");
    assert_in_range((uintmax_t)ttl_ms, 10000, 20000);
    world_event(world, "registered", "reg-1", "{\"revision\":1,\"reason\":\"worker\",\"to\":{\"status\":\"ACTIVE\"}}");

    static const char *const filters[] = {"muster/v1/status/reg-1", NULL};
    struct recorder *late = NULL;
    struct fault fault = {0};
    world_status(world, "reg-1", "{\"status\":\"ACTIVE\"}");
    assert_int_equal(recorder_open(world->broker.uri, "late-observer", filters, &late, &fault), ERR_OK);
    const struct record *kept =
        recorder_wait(late, "muster/v1/status/reg-1",
                      "{\"workerId\":\"reg-1\",\"status\":\"ACTIVE\",\"health\":\"HEALTHY\",\"availableCapacity\":10,"
                      "\"tags\":[\"gpu\",\"fast\"],\"capabilities\":{\"java\":true},\"zone\":\"z1\"}",
                      WORLD_PATIENCE_MS);
    assert_non_null(kept);
    assert_true(kept->retained);
    recorder_free(late);
}

static void register_again_by_same_boot_changes_nothing(void **state)
{
    struct world *world = *state;
    world_register(world, "reg-2", "\"bootId\":\"b1\",\"connection\":1");
    char epoch[64];
    (void)snprintf(epoch, sizeof epoch, "%s", world_field(world, "reg-2", "epoch"));
    world_register(world, "reg-2", "\"bootId\":\"b1\",\"connection\":1");
    assert_string_equal(world_field(world, "reg-2", "epoch"), epoch);
    assert_string_equal(world_field(world, "reg-2", "revision"), "1");
}

static void register_again_by_same_boot_with_changes_updates(void **state)
{
    struct world *world = *state;
    world_register(world, "reg-3", "\"bootId\":\"b1\",\"tags\":[\"old\"]");
    char epoch[64];
    (void)snprintf(epoch, sizeof epoch, "%s", world_field(world, "reg-3", "epoch"));
    world_register(world, "reg-3", "\"bootId\":\"b1\",\"tags\":[\"new\"]");
    world_event(world, "updated", "reg-3", "{\"revision\":2}");
    assert_string_equal(world_field(world, "reg-3", "epoch"), epoch);
    assert_int_equal(redis_integer(world->store, "SISMEMBER muster:{0}:tag:old reg-3"), 0);
    assert_int_equal(redis_integer(world->store, "SISMEMBER muster:{0}:tag:new reg-3"), 1);
}

static void long_tags_are_kept_apart_until_they_are_short_again(void **state)
{
    struct world *world = *state;
    world_register(world, "reg-4", "\"bootId\":\"b1\",\"tags\":[\"short\"]");
    world_register(
        world, "reg-4",
        "\"bootId\":\"b1\",\"tags\":[\"first-of-three-long-tags\",\"second-of-three-long-tags\",\"third-tag\"]");
    assert_string_equal(redis_text(world->store, "OBJECT ENCODING muster:{0}:worker:reg-4"), "listpack");
    assert_int_equal(redis_integer(world->store, "HEXISTS muster:{0}:worker:reg-4 tags"), 0);
    assert_string_equal(redis_text(world->store, "HGET muster:{0}:detail:reg-4 tags"),
                        "[\"first-of-three-long-tags\",\"second-of-three-long-tags\",\"third-tag\"]");
    assert_int_equal(redis_integer(world->store, "SISMEMBER muster:{0}:tag:third-tag reg-4"), 1);
    world_status(world, "reg-4",
                 "{\"tags\":[\"first-of-three-long-tags\",\"second-of-three-long-tags\",\"third-tag\"]}");
    world_register(world, "reg-4", "\"bootId\":\"b1\",\"tags\":[\"short\"]");
    assert_string_equal(redis_text(world->store, "HGET muster:{0}:worker:reg-4 tags"), "[\"short\"]");
    assert_int_equal(redis_integer(world->store, "EXISTS muster:{0}:detail:reg-4"), 0);
    assert_int_equal(redis_integer(world->store, "SISMEMBER muster:{0}:tag:third-tag reg-4"), 0);
}

static void heartbeat_with_busy_status_moves_worker_and_tells(void **state)
{
    struct world *world = *state;
    world_register(world, "beat-1", "");
    world_heartbeat(world, "beat-1",
                    "{\"status\":\"BUSY\",\"currentJobCount\":10,\"cpuUsage\":45.5,\"memoryUsage\":67.8}");
    world_event(world, "status", "beat-1",
                "{\"from\":{\"status\":\"ACTIVE\"},\"to\":{\"status\":\"BUSY\"},\"reason\":\"worker\"}");
    world_status(world, "beat-1",
                 "{\"status\":\"BUSY\",\"currentJobCount\":10,\"availableCapacity\":0,\"cpuUsage\":45.5}");
    assert_int_equal(redis_integer(world->store, "SISMEMBER muster:{0}:status:BUSY beat-1"), 1);
    assert_int_equal(redis_integer(world->store, "SISMEMBER muster:{0}:status:ACTIVE beat-1"), 0);
}

static void empty_heartbeats_keep_worker_alive(void **state)
{
    struct world *world = *state;
    world_register(world, "beat-2", "\"heartbeatTimeoutMs\":400");
    for (int i = 0; i < 8; i++) {
        world_heartbeat(world, "beat-2", "");
        assert_true(
            recorder_stays_silent(world->observer, "muster/v1/event/unhealthy/beat-2", NULL, WORLD_TIMEOUT_MS / 4));
    }
    assert_true(strtol(world_field(world, "beat-2", "heartbeats"), NULL, 10) >= 8);
}

static void heartbeat_that_asks_is_answered_with_epoch(void **state)
{
    struct world *world = *state;
    world_register(world, "beat-3", "");
    const char *reply = world_ask(world, "worker/beat-3/heartbeat", "worker/beat-3", "{\"requestId\":\"r1\"}");
    char expected[128];
    char reply_kept[1024];
    (void)snprintf(reply_kept, sizeof reply_kept, "%s", reply);
    (void)snprintf(expected, sizeof expected, "{\"code\":\"ok\",\"requestId\":\"r1\",\"epoch\":%s}",
                   world_field(world, "beat-3", "epoch"));
    assert_like(reply_kept, expected);
}

static void heartbeat_of_unknown_worker_is_refused_unasked_once_a_second(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 5; i++) {
        world_heartbeat(world, "nobody", "");
    }
    assert_non_null(recorder_wait(world->observer, "muster/v1/reply/worker/nobody", "{\"code\":\"unknown_worker\"}",
                                  WORLD_PATIENCE_MS));
    (void)recorder_stays_silent(world->observer, "muster/v1/reply/worker/nobody", "{\"code\":\"none\"}", 200);
    assert_int_equal(recorder_count(world->observer, "muster/v1/reply/worker/nobody", NULL), 1);
}

static void deregister_with_active_jobs_is_refused_with_count(void **state)
{
    struct world *world = *state;
    world_register(world, "bye-1", "");
    world_heartbeat(world, "bye-1", "{\"currentJobCount\":3,\"status\":\"BUSY\"}");
    world_status(world, "bye-1", "{\"status\":\"BUSY\"}");
    assert_like(world_ask(world, "worker/bye-1/deregister", "worker/bye-1", "{}"),
                "{\"success\":false,\"code\":\"active_jobs\",\"message\":\"Worker has 3 active jobs\"}");
    assert_string_equal(world_field(world, "bye-1", "status"), "BUSY");
}

static void forced_deregister_orphans_jobs_once_and_leaves_nothing(void **state)
{
    struct world *world = *state;
    world_register(world, "bye-2", "\"tags\":[\"t\"],\"capabilities\":[\"c\"],\"zone\":\"z\"");
    int64_t epoch = strtoll(world_field(world, "bye-2", "epoch"), NULL, 10);
    world_heartbeat(world, "bye-2", "{\"jobs\":[\"j1\",\"j2\"],\"status\":\"BUSY\"}");
    world_status(world, "bye-2", "{\"status\":\"BUSY\",\"currentJobCount\":2}");
    assert_like(world_ask(world, "worker/bye-2/deregister", "worker/bye-2", "{\"forceDeregister\":true}"),
                "{\"success\":true,\"code\":\"ok\",\"message\":\"Worker deregistered successfully\"}");
    const struct record *event =
        world_event(world, "deregistered", "bye-2",
                    "{\"orphanedJobs\":[\"j1\",\"j2\"],\"orphanedJobCount\":2,\"to\":{\"status\":\"INACTIVE\"}}");
    assert_true(world_number(event, "epoch") > epoch);
    world_status(world, "bye-2", "{\"status\":\"INACTIVE\"}");
    world_status(world, "bye-2", "");
    struct timespec archived = {.tv_sec = 1, .tv_nsec = 200000000};
    (void)nanosleep(&archived, NULL);
    assert_nothing_left(world, "bye-2");
}

static void drain_keeps_status_until_jobs_are_done(void **state)
{
    struct world *world = *state;
    world_register(world, "drain-1", "");
    world_heartbeat(world, "drain-1", "{\"currentJobCount\":2,\"status\":\"BUSY\"}");
    world_status(world, "drain-1", "{\"status\":\"BUSY\"}");
    assert_like(world_ask(world, "worker/drain-1/deregister", "worker/drain-1", "{\"drain\":true}"),
                "{\"success\":true}");
    world_event(world, "draining", "drain-1", "{\"to\":{\"status\":\"DRAINING\"}}");
    world_heartbeat(world, "drain-1", "{\"currentJobCount\":1,\"status\":\"ACTIVE\"}");
    (void)world_ask(world, "worker/drain-1/heartbeat", "worker/drain-1", "{\"currentJobCount\":1}");
    assert_string_equal(world_field(world, "drain-1", "status"), "DRAINING");
    assert_like(world_ask(world, "worker/drain-1/heartbeat", "worker/drain-1", "{\"currentJobCount\":0}"),
                "{\"code\":\"deregistered\"}");
    world_event(world, "deregistered", "drain-1", "{\"to\":{\"status\":\"INACTIVE\"}}");
    assert_like(world_ask(world, "worker/drain-1/heartbeat", "worker/drain-1", ""), "{\"code\":\"deregistered\"}");
}

static void new_boot_takes_over_and_old_boot_changes_nothing(void **state)
{
    struct world *world = *state;
    world_register(world, "boot-1", "\"bootId\":\"b1\",\"connection\":7");
    world_heartbeat(world, "boot-1", "{\"bootId\":\"b1\",\"connection\":7,\"jobs\":[\"j9\"],\"status\":\"BUSY\"}");
    world_status(world, "boot-1", "{\"status\":\"BUSY\"}");
    world_register(world, "boot-1", "\"bootId\":\"b2\",\"connection\":1");
    world_event(
        world, "registered", "boot-1",
        "{\"reason\":\"takeover\",\"orphanedJobs\":[\"j9\"],\"orphanedJobCount\":1,\"to\":{\"status\":\"ACTIVE\"}}");
    world_tell(world, "worker/boot-1/will", "{\"bootId\":\"b1\",\"connection\":7}");
    assert_like(world_ask(world, "worker/boot-1/heartbeat", "worker/boot-1",
                          "{\"bootId\":\"b1\",\"connection\":7,\"status\":\"ERROR\"}"),
                "{\"code\":\"superseded\"}");
    assert_like(
        world_ask(world, "worker/boot-1/deregister", "worker/boot-1", "{\"bootId\":\"b1\",\"forceDeregister\":true}"),
        "{\"code\":\"superseded\"}");
    assert_like(world_ask(world, "worker/boot-1/register", "worker/boot-1",
                          "{\"name\":\"n\",\"maxConcurrentJobs\":1,\"bootId\":\"b1\"}"),
                "{\"code\":\"superseded\"}");
    world_event(world, "conflict", "boot-1", NULL);
    assert_string_equal(world_field(world, "boot-1", "health"), "HEALTHY");
    assert_string_equal(world_field(world, "boot-1", "status"), "ACTIVE");
    assert_string_equal(world_field(world, "boot-1", "bootId"), "b2");
}

static void boot_ids_with_spaces_are_told_apart(void **state)
{
    struct world *world = *state;
    world_register(world, "boot-3", "\"bootId\":\"a b\"");
    world_register(world, "boot-3", "\"bootId\":\"b\"");
    world_register(world, "boot-3", "\"bootId\":\"c\"");
    assert_like(world_ask(world, "worker/boot-3/heartbeat", "worker/boot-3", "{\"bootId\":\"a b\"}"),
                "{\"code\":\"superseded\"}");
    assert_like(world_ask(world, "worker/boot-3/heartbeat", "worker/boot-3", "{\"bootId\":\"a\"}"),
                "{\"code\":\"unknown_worker\"}");
}

static void will_of_earlier_connection_changes_nothing(void **state)
{
    struct world *world = *state;
    world_register(world, "boot-2", "\"bootId\":\"b1\",\"connection\":1");
    (void)world_ask(world, "worker/boot-2/heartbeat", "worker/boot-2", "{\"bootId\":\"b1\",\"connection\":2}");
    world_tell(world, "worker/boot-2/will", "{\"bootId\":\"b1\",\"connection\":1}");
    (void)world_ask(world, "worker/boot-2/heartbeat", "worker/boot-2", "{\"bootId\":\"b1\",\"connection\":2}");
    assert_string_equal(world_field(world, "boot-2", "health"), "HEALTHY");
    world_tell(world, "worker/boot-2/will", "{\"bootId\":\"b1\",\"connection\":2}");
    world_event(world, "unhealthy", "boot-2", "{\"reason\":\"connection_lost\"}");
}

static void repeated_and_reordered_heartbeats_change_nothing(void **state)
{
    struct world *world = *state;
    world_register(world, "seq-1", "\"bootId\":\"b1\"");
    (void)world_ask(world, "worker/seq-1/heartbeat", "worker/seq-1",
                    "{\"bootId\":\"b1\",\"seq\":5,\"sentAt\":5000,\"currentJobCount\":2}");
    (void)world_ask(world, "worker/seq-1/heartbeat", "worker/seq-1",
                    "{\"bootId\":\"b1\",\"seq\":4,\"sentAt\":4000,\"currentJobCount\":1}");
    (void)world_ask(world, "worker/seq-1/heartbeat", "worker/seq-1",
                    "{\"bootId\":\"b1\",\"seq\":5,\"sentAt\":5000,\"currentJobCount\":7}");
    assert_string_equal(world_field(world, "seq-1", "currentJobCount"), "2");
    assert_string_equal(world_field(world, "seq-1", "heartbeats"), "1");
}

static void contradiction_makes_unhealthy_and_good_heartbeat_recovers(void **state)
{
    struct world *world = *state;
    world_register(world, "odd-1", "\"heartbeatTimeoutMs\":5000");
    world_heartbeat(world, "odd-1", "{\"status\":\"IDLE\",\"currentJobCount\":1}");
    world_event(world, "unhealthy", "odd-1", "{\"reason\":\"status_inconsistent\"}");
    world_heartbeat(world, "odd-1", "{\"status\":\"ACTIVE\",\"currentJobCount\":1}");
    world_event(world, "recovered", "odd-1", "{\"from\":{\"health\":\"UNHEALTHY\"},\"to\":{\"health\":\"RECOVERED\"}}");
    world_heartbeat(world, "odd-1", "{\"status\":\"ACTIVE\",\"currentJobCount\":1}");
    world_event(world, "healthy", "odd-1", "{\"to\":{\"health\":\"HEALTHY\"}}");
    world_heartbeat(world, "odd-1", "{\"currentJobCount\":11}");
    world_event(world, "unhealthy", "odd-1", "{\"reason\":\"capacity_inconsistent\"}");
    world_heartbeat(world, "odd-1", "{\"currentJobCount\":1}");
    world_heartbeat(world, "odd-1", "{\"currentJobCount\":1,\"jobs\":[\"a\",\"a\"]}");
    world_event(world, "unhealthy", "odd-1", "{\"reason\":\"jobs_inconsistent\"}");
}

static void contradiction_that_lasts_fails_although_heartbeats_come(void **state)
{
    struct world *world = *state;
    world_register(world, "odd-2", "\"heartbeatTimeoutMs\":5000");
    world_heartbeat(world, "odd-2", "{\"status\":\"ERROR\"}");
    world_event(world, "failed", "odd-2",
                "{\"reason\":\"status_inconsistent\",\"to\":{\"status\":\"ERROR\",\"health\":\"FAILED\"}}");
    world_heartbeat(world, "odd-2", "{\"status\":\"ACTIVE\"}");
    world_event(world, "recovered", "odd-2", "{\"to\":{\"status\":\"ACTIVE\",\"health\":\"RECOVERED\"}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(register_makes_worker_active_in_redis_and_retained),
        cmocka_unit_test(register_again_by_same_boot_changes_nothing),
        cmocka_unit_test(register_again_by_same_boot_with_changes_updates),
        cmocka_unit_test(long_tags_are_kept_apart_until_they_are_short_again),
        cmocka_unit_test(heartbeat_with_busy_status_moves_worker_and_tells),
        cmocka_unit_test(empty_heartbeats_keep_worker_alive),
        cmocka_unit_test(heartbeat_that_asks_is_answered_with_epoch),
        cmocka_unit_test(heartbeat_of_unknown_worker_is_refused_unasked_once_a_second),
        cmocka_unit_test(deregister_with_active_jobs_is_refused_with_count),
        cmocka_unit_test(forced_deregister_orphans_jobs_once_and_leaves_nothing),
        cmocka_unit_test(drain_keeps_status_until_jobs_are_done),
        cmocka_unit_test(new_boot_takes_over_and_old_boot_changes_nothing),
        cmocka_unit_test(boot_ids_with_spaces_are_told_apart),
        cmocka_unit_test(will_of_earlier_connection_changes_nothing),
        cmocka_unit_test(repeated_and_reordered_heartbeats_change_nothing),
        cmocka_unit_test(contradiction_makes_unhealthy_and_good_heartbeat_recovers),
        cmocka_unit_test(contradiction_that_lasts_fails_although_heartbeats_come),
    };
    return world_group("e2e/life", tests);
}

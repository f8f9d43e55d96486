/* test_silence.c -- a worker that goes silent: noticed on time, checked, failed, cleaned up; and recovery on the way.
 */
#include "e2e/world.h"

#include "support/wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOTICED_WITHIN_MS = 100, FAILURES = 3 };

static void silent_worker_is_unhealthy_at_deadline_not_before(void **state)
{
    struct world *world = *state;
    world_register(world, "quiet-1", "\"heartbeatTimeoutMs\":500");
    (void)world_ask(world, "worker/quiet-1/heartbeat", "worker/quiet-1", "{\"seq\":41}");
    int64_t beat_ms = strtoll(world_field(world, "quiet-1", "lastHeartbeatAt"), NULL, 10);
    const struct record *event = world_event(
        world, "unhealthy", "quiet-1",
        "{\"reason\":\"heartbeat_timeout\",\"from\":{\"health\":\"HEALTHY\"},\"to\":{\"health\":\"UNHEALTHY\"},"
        "\"evidence\":{\"seq\":41}}");
    assert_int_equal(world_number(event, "evidence.lastHeartbeatAt"), beat_ms);
    assert_int_equal(world_number(event, "evidence.deadline"), beat_ms + 500);
    int64_t late_ms = world_number(event, "at") - (beat_ms + 500);
    assert_in_range((uintmax_t)late_ms, 0, NOTICED_WITHIN_MS);
}

static void silent_worker_fails_after_checks_with_jobs_orphaned_once(void **state)
{
    struct world *world = *state;
    world_register(world, "quiet-2", "\"tags\":[\"q\"],\"capabilities\":{\"c\":1},\"zone\":\"z\"");
    int64_t epoch = strtoll(world_field(world, "quiet-2", "epoch"), NULL, 10);
    world_heartbeat(world, "quiet-2", "{\"status\":\"BUSY\",\"jobs\":[\"a\",\"b\",\"c\"]}");
    const struct record *unhealthy = world_event(world, "unhealthy", "quiet-2", NULL);
    const struct record *failed =
        world_event(world, "failed", "quiet-2",
                    "{\"orphanedJobs\":[\"a\",\"b\",\"c\"],\"orphanedJobCount\":3,\"reason\":\"heartbeat_timeout\","
                    "\"to\":{\"status\":\"ERROR\",\"health\":\"FAILED\"}}");
    assert_true(world_number(failed, "at") - world_number(unhealthy, "at") >= (int64_t)(FAILURES - 1) * WORLD_CHECK_MS);
    assert_true(world_number(failed, "epoch") > epoch);
    world_status(world, "quiet-2", "{\"status\":\"ERROR\",\"health\":\"FAILED\",\"consecutiveFailures\":3}");
    const struct record *cleaned = world_event(world, "cleaned_up", "quiet-2", "{\"to\":{\"status\":\"INACTIVE\"}}");
    assert_true(world_number(cleaned, "at") - world_number(failed, "at") >= WORLD_CLEANUP_MS);
    assert_null(strstr(cleaned->payload, "orphanedJobs"));
    world_status(world, "quiet-2", "{\"status\":\"INACTIVE\"}");
    world_status(world, "quiet-2", "");
    assert_like(world_ask(world, "worker/quiet-2/heartbeat", "worker/quiet-2", ""), "{\"code\":\"unknown_worker\"}");
    assert_like(world_ask(world, "request/op/status", "client/op", "{\"workerId\":\"quiet-2\"}"),
                "{\"worker\":{\"status\":\"INACTIVE\"}}");
}

static bool is_archive_over(void *context)
{
    struct world *world = context;
    return redis_integer(world->store, "EXISTS muster:{0}:worker:quiet-2") == 0;
}

static void archived_worker_leaves_nothing_behind(void **state)
{
    struct world *world = *state;
    assert_true(wait_until(is_archive_over, world, WORLD_PATIENCE_MS));
    assert_nothing_left(world, "quiet-2");
}

static void revisions_of_silent_worker_are_contiguous(void **state)
{
    struct world *world = *state;
    int64_t expected = 1;
    for (size_t i = 0; recorder_all(world->observer, i) != NULL; i++) {
        const struct record *record = recorder_all(world->observer, i);
        if (strncmp(record->topic, "muster/v1/event/", 16) == 0 && strstr(record->topic, "/quiet-2") != NULL) {
            assert_int_equal(world_number(record, "revision"), expected);
            expected++;
        }
    }
    assert_true(expected >= 5);
}

static void unhealthy_worker_recovers_with_heartbeat(void **state)
{
    struct world *world = *state;
    world_register(world, "quiet-3", "\"heartbeatTimeoutMs\":400");
    world_event(world, "unhealthy", "quiet-3", NULL);
    world_heartbeat(world, "quiet-3", "");
    world_event(world, "recovered", "quiet-3", "{\"to\":{\"health\":\"RECOVERED\"}}");
    world_heartbeat(world, "quiet-3", "");
    world_event(world, "healthy", "quiet-3", "{\"from\":{\"health\":\"RECOVERED\"},\"to\":{\"health\":\"HEALTHY\"}}");
    world_status(world, "quiet-3", "{\"health\":\"HEALTHY\",\"consecutiveFailures\":0}");
}

static void failed_worker_recovers_with_declared_status_and_is_told_of_revoked_jobs(void **state)
{
    struct world *world = *state;
    world_register(world, "quiet-4", "\"heartbeatTimeoutMs\":300");
    char beat[128];
    (void)snprintf(beat, sizeof beat, "{\"status\":\"BUSY\",\"jobs\":[\"j1\"],\"epoch\":%s}",
                   world_field(world, "quiet-4", "epoch"));
    world_heartbeat(world, "quiet-4", beat);
    const struct record *failed = world_event(world, "failed", "quiet-4", "{\"orphanedJobs\":[\"j1\"]}");
    int64_t epoch = world_number(failed, "epoch");
    world_heartbeat(world, "quiet-4", beat);
    char expected[128];
    (void)snprintf(expected, sizeof expected, "{\"epoch\":%lld,\"revokedJobs\":[\"j1\"]}", (long long)epoch);
    assert_non_null(recorder_wait(world->observer, "muster/v1/reply/worker/quiet-4", expected, WORLD_PATIENCE_MS));
    assert_string_equal(world_field(world, "quiet-4", "health"), "FAILED");
    (void)snprintf(beat, sizeof beat, "{\"currentJobCount\":0,\"epoch\":%lld}", (long long)epoch);
    world_heartbeat(world, "quiet-4", beat);
    world_event(world, "recovered", "quiet-4",
                "{\"from\":{\"status\":\"ERROR\",\"health\":\"FAILED\"},"
                "\"to\":{\"status\":\"BUSY\",\"health\":\"RECOVERED\"}}");
}

static void will_of_current_connection_is_unhealthy_at_once(void **state)
{
    struct world *world = *state;
    world_register(world, "gone-1", "\"bootId\":\"b1\",\"connection\":3,\"heartbeatTimeoutMs\":6000");
    world_tell(world, "worker/gone-1/will", "{\"bootId\":\"b1\",\"connection\":3}");
    const struct record *event = world_event(world, "unhealthy", "gone-1",
                                             "{\"reason\":\"connection_lost\",\"evidence\":{\"foundBy\":\"will\"}}");
    assert_in_range((uintmax_t)(world_number(event, "at") - world_number(event, "evidence.lastHeartbeatAt")), 0, 1000);
    assert_int_equal(redis_integer(world->store, "EXISTS muster:{0}:alive:gone-1"), 0);
    int64_t recheck_ms = redis_integer(world->store, "PTTL muster:{0}:recheck:gone-1");
    assert_in_range((uintmax_t)recheck_ms, 1000, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silent_worker_is_unhealthy_at_deadline_not_before),
        cmocka_unit_test(silent_worker_fails_after_checks_with_jobs_orphaned_once),
        cmocka_unit_test(archived_worker_leaves_nothing_behind),
        cmocka_unit_test(revisions_of_silent_worker_are_contiguous),
        cmocka_unit_test(unhealthy_worker_recovers_with_heartbeat),
        cmocka_unit_test(failed_worker_recovers_with_declared_status_and_is_told_of_revoked_jobs),
        cmocka_unit_test(will_of_current_connection_is_unhealthy_at_once),
    };
    return world_group("e2e/silence", tests);
}

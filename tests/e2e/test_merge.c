/* test_merge.c -- heartbeats that change nothing, of which Redis is not told: what is spared, and what must not be. */
#include "e2e/http.h"

#include "support/wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two settings: one short enough for silence to be seen, one so long that nothing in a test waits for its end. */
enum { SHORT_MERGE_MS = 500, SHORT_TIMEOUT_MS = 1500, NOTICED_WITHIN_MS = 100 };
enum { LONG_MERGE_MS = 20000, LONG_TIMEOUT_MS = 60000, AT_ONCE_MS = LONG_MERGE_MS / 2 };
enum { FLEET = 10, BEATS = 60, BEAT_MS = 50 };

static const char *const short_settings[] = {"worker.min_heartbeat_timeout_ms=1500", "worker.heartbeat_timeout_ms=1500",
                                             "worker.merge_heartbeats_ms=500", NULL};
static const char *const long_settings[] = {"worker.min_heartbeat_timeout_ms=60000",
                                            "worker.heartbeat_timeout_ms=60000", "worker.merge_heartbeats_ms=20000",
                                            NULL};

static int setup_short(void **state)
{
    static struct http_world http;
    http_open(&http, short_settings);
    *state = &http;
    return 0;
}

static int setup_long(void **state)
{
    static struct http_world http;
    http_open(&http, long_settings);
    *state = &http;
    return 0;
}

static int teardown(void **state)
{
    http_close(*state);
    return 0;
}

static int64_t merged(struct http_world *http)
{
    return (int64_t)http_figure(http->client, "muster_heartbeats_merged_total");
}

static int64_t written(struct http_world *http, const char *id)
{
    return strtoll(world_field(&http->world, id, "heartbeats"), NULL, 10);
}

/* Says it and waits until it has been taken in: written, or merged. */
static void beat(struct http_world *http, const char *id, const char *payload)
{
    int64_t before = merged(http) + written(http, id);
    int64_t deadline_ms = clock_monotonic_ms() + WORLD_PATIENCE_MS;
    world_heartbeat(&http->world, id, payload);
    while (merged(http) + written(http, id) == before) {
        assert_true(clock_monotonic_ms() < deadline_ms);
        wait_a_step();
    }
}

/* Says the same until it is merged: the first may change something, the second is what the third repeats. */
static void settle(struct http_world *http, const char *id, const char *payload)
{
    int64_t before = merged(http);
    for (int i = 0; i < 3; i++) {
        beat(http, id, payload);
    }
    assert_true(merged(http) > before);
}

static void pass_ms(int64_t ms)
{
    int64_t until_ms = clock_monotonic_ms() + ms;
    while (clock_monotonic_ms() < until_ms) {
        wait_a_step();
    }
}

static bool all_heard(void *context)
{
    struct http_world *http = context;
    return http_figure(http->client, "muster_messages_total{kind=\"heartbeat\",result=\"ok\"}") >= FLEET * BEATS;
}

static void steady_fleet_stays_healthy_and_redis_is_told_of_few(void **state)
{
    struct http_world *http = *state;
    char id[32];
    char payload[64];
    for (int i = 0; i < FLEET; i++) {
        (void)snprintf(id, sizeof id, "steady-%d", i);
        world_register(&http->world, id, "");
    }
    for (int k = 1; k <= BEATS; k++) {
        (void)snprintf(payload, sizeof payload, "{\"status\":\"IDLE\",\"cpuUsage\":12.5,\"seq\":%d,\"sentAt\":%d}", k,
                       k);
        for (int i = 0; i < FLEET; i++) {
            (void)snprintf(id, sizeof id, "steady-%d", i);
            world_heartbeat(&http->world, id, payload);
        }
        pass_ms(BEAT_MS);
    }
    assert_true(wait_until(all_heard, http, WORLD_PATIENCE_MS));
    int64_t told = 0;
    for (int i = 0; i < FLEET; i++) {
        (void)snprintf(id, sizeof id, "steady-%d", i);
        assert_string_equal(world_field(&http->world, id, "health"), "HEALTHY");
        told += written(http, id);
    }
    assert_int_equal(told + merged(http), FLEET * BEATS);
    assert_in_range(told, FLEET * 3, FLEET * BEATS / 4);
    assert_int_equal(recorder_count(http->world.observer, "muster/v1/event/unhealthy/+", NULL), 0);
}

static void silent_worker_is_noticed_after_timeout_and_merging_not_before(void **state)
{
    struct http_world *http = *state;
    struct world *world = &http->world;
    world_register(world, "quiet", "");
    beat(http, "quiet", "{\"seq\":1}");
    int64_t written_ms = strtoll(world_field(world, "quiet", "lastHeartbeatAt"), NULL, 10);
    pass_ms(SHORT_MERGE_MS / 2);
    int64_t before = merged(http);
    beat(http, "quiet", "{\"seq\":2}");
    assert_int_equal(merged(http), before + 1);
    int64_t left_ms = redis_integer(world->store, "PTTL muster:{0}:alive:quiet");
    assert_in_range(left_ms, SHORT_TIMEOUT_MS - SHORT_MERGE_MS, SHORT_TIMEOUT_MS + SHORT_MERGE_MS);
    int64_t due_ms = written_ms + SHORT_TIMEOUT_MS + SHORT_MERGE_MS;
    const struct record *event = world_event(world, "unhealthy", "quiet", "{\"reason\":\"heartbeat_timeout\"}");
    assert_int_equal(world_number(event, "evidence.lastHeartbeatAt"), written_ms);
    assert_int_equal(world_number(event, "evidence.deadline"), due_ms);
    assert_in_range(world_number(event, "at"), due_ms, due_ms + NOTICED_WITHIN_MS);
}

static void empty_heartbeats_are_merged_and_those_with_words_or_jobs_are_not(void **state)
{
    struct http_world *http = *state;
    world_register(&http->world, "plain", "");
    settle(http, "plain", "");
    int64_t before = merged(http);
    static const char *const telling[] = {"{\"message\":\"hello\"}", "{\"jobs\":[\"j\"]}", "{\"jobs\":[\"j\"]}"};
    for (size_t i = 0; i < sizeof telling / sizeof telling[0]; i++) {
        beat(http, "plain", telling[i]);
    }
    assert_int_equal(merged(http), before);
}

static void changed_number_is_written_at_once(void **state)
{
    struct http_world *http = *state;
    world_register(&http->world, "number", "");
    settle(http, "number", "{\"cpuUsage\":10,\"currentJobCount\":1}");
    int64_t begin_ms = clock_monotonic_ms();
    beat(http, "number", "{\"cpuUsage\":11,\"currentJobCount\":1}");
    assert_string_equal(world_field(&http->world, "number", "cpuUsage"), "11");
    beat(http, "number", "{\"cpuUsage\":11,\"currentJobCount\":2}");
    assert_string_equal(world_field(&http->world, "number", "currentJobCount"), "2");
    assert_true(clock_monotonic_ms() - begin_ms < AT_ONCE_MS);
}

static void status_that_changes_and_changes_back_is_written_each_time(void **state)
{
    struct http_world *http = *state;
    struct world *world = &http->world;
    world_register(world, "change", "");
    settle(http, "change", "{\"status\":\"IDLE\"}");
    int64_t begin_ms = clock_monotonic_ms();
    world_heartbeat(world, "change", "{\"status\":\"BUSY\"}");
    world_heartbeat(world, "change", "{\"status\":\"IDLE\"}");
    world_event(world, "status", "change", "{\"from\":{\"status\":\"IDLE\"},\"to\":{\"status\":\"BUSY\"}}");
    world_event(world, "status", "change", "{\"from\":{\"status\":\"BUSY\"},\"to\":{\"status\":\"IDLE\"}}");
    assert_true(clock_monotonic_ms() - begin_ms < AT_ONCE_MS);
}

static void heartbeat_that_asks_is_answered_by_redis(void **state)
{
    struct http_world *http = *state;
    world_register(&http->world, "asks", "");
    settle(http, "asks", "{\"status\":\"IDLE\"}");
    int64_t before = written(http, "asks");
    assert_like(world_ask(&http->world, "worker/asks/heartbeat", "worker/asks", "{\"status\":\"IDLE\"}"),
                "{\"code\":\"ok\"}");
    assert_int_equal(written(http, "asks"), before + 1);
}

static void will_and_return_are_seen(void **state)
{
    struct http_world *http = *state;
    struct world *world = &http->world;
    static const char *const same = "{\"status\":\"IDLE\",\"bootId\":\"b\",\"connection\":1}";
    world_register(world, "returns", "\"bootId\":\"b\",\"connection\":1");
    settle(http, "returns", same);
    int64_t begin_ms = clock_monotonic_ms();
    world_tell(world, "worker/returns/will", "{\"bootId\":\"b\",\"connection\":1}");
    world_event(world, "unhealthy", "returns", "{\"reason\":\"connection_lost\"}");
    world_heartbeat(world, "returns", same);
    world_event(world, "recovered", "returns", NULL);
    world_heartbeat(world, "returns", same);
    world_event(world, "healthy", "returns", NULL);
    assert_true(clock_monotonic_ms() - begin_ms < AT_ONCE_MS);
    settle(http, "returns", same);
}

static void other_connection_of_the_same_boot_is_written_at_once(void **state)
{
    struct http_world *http = *state;
    world_register(&http->world, "reconnects", "\"bootId\":\"b\",\"connection\":1");
    settle(http, "reconnects", "{\"bootId\":\"b\",\"connection\":1}");
    beat(http, "reconnects", "{\"bootId\":\"b\",\"connection\":2}");
    assert_string_equal(world_field(&http->world, "reconnects", "connection"), "2");
}

static void worker_in_maintenance_is_not_merged_and_one_that_has_left_is_told(void **state)
{
    struct http_world *http = *state;
    struct world *world = &http->world;
    world_register(world, "leaves", "");
    settle(http, "leaves", "{\"status\":\"IDLE\"}");
    assert_like(world_ask(world, "request/op/maintain", "client/op", "{\"workerId\":\"leaves\"}"), "{\"code\":\"ok\"}");
    int64_t before = merged(http);
    beat(http, "leaves", "{\"status\":\"IDLE\"}");
    beat(http, "leaves", "{\"status\":\"IDLE\"}");
    assert_int_equal(merged(http), before);
    assert_like(world_ask(world, "request/op/resume", "client/op", "{\"workerId\":\"leaves\"}"), "{\"code\":\"ok\"}");
    beat(http, "leaves", "{\"status\":\"IDLE\"}");
    settle(http, "leaves", "{\"status\":\"IDLE\"}");
    world_tell(world, "worker/leaves/deregister", "");
    world_event(world, "deregistered", "leaves", NULL);
    world_heartbeat(world, "leaves", "{\"status\":\"IDLE\"}");
    assert_non_null(recorder_wait(world->observer, "muster/v1/reply/worker/leaves", "{\"code\":\"deregistered\"}",
                                  WORLD_PATIENCE_MS));
}

static void registering_again_is_followed_by_a_written_heartbeat(void **state)
{
    struct http_world *http = *state;
    world_register(&http->world, "again", "");
    settle(http, "again", "{\"status\":\"IDLE\"}");
    world_register(&http->world, "again", "\"zone\":\"z\"");
    int64_t before = merged(http);
    beat(http, "again", "{\"status\":\"IDLE\"}");
    assert_int_equal(merged(http), before);
}

static void check_finds_nothing_wrong(void **state)
{
    struct http_world *http = *state;
    assert_like(world_ask(&http->world, "request/op/check", "client/op", ""), "{\"code\":\"ok\",\"findings\":[]}");
}

/* The lease is gone with all the rest, so what the daemon remembers goes as well. */
static void worker_that_redis_has_lost_is_told_so(void **state)
{
    struct http_world *http = *state;
    struct world *world = &http->world;
    world_register(world, "lost", "");
    settle(http, "lost", "{\"status\":\"IDLE\"}");
    (void)redis_reply(world->store, "FLUSHALL");
    world_wait_log(world, 0, "standing by");
    http_wait_status(http->client, "/readyz", 200);
    world_heartbeat(world, "lost", "{\"status\":\"IDLE\"}");
    assert_non_null(recorder_wait(world->observer, "muster/v1/reply/worker/lost", "{\"code\":\"unknown_worker\"}",
                                  WORLD_PATIENCE_MS));
}

int main(void)
{
    const struct CMUnitTest short_tests[] = {
        cmocka_unit_test(steady_fleet_stays_healthy_and_redis_is_told_of_few),
        cmocka_unit_test(silent_worker_is_noticed_after_timeout_and_merging_not_before),
    };
    const struct CMUnitTest long_tests[] = {
        cmocka_unit_test(empty_heartbeats_are_merged_and_those_with_words_or_jobs_are_not),
        cmocka_unit_test(changed_number_is_written_at_once),
        cmocka_unit_test(status_that_changes_and_changes_back_is_written_each_time),
        cmocka_unit_test(heartbeat_that_asks_is_answered_by_redis),
        cmocka_unit_test(will_and_return_are_seen),
        cmocka_unit_test(other_connection_of_the_same_boot_is_written_at_once),
        cmocka_unit_test(worker_in_maintenance_is_not_merged_and_one_that_has_left_is_told),
        cmocka_unit_test(registering_again_is_followed_by_a_written_heartbeat),
        cmocka_unit_test(check_finds_nothing_wrong),
        cmocka_unit_test(worker_that_redis_has_lost_is_told_so),
    };
    int failed = cmocka_run_group_tests_name("e2e/merge/short", short_tests, setup_short, teardown);
    return failed + cmocka_run_group_tests_name("e2e/merge/long", long_tests, setup_long, teardown);
}

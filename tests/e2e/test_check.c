/* test_check.c -- a check of everything stored: what was corrupted by hand is found, told and repaired. */
#include "e2e/world.h"

#include "support/wait.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLEET = 150, PAYLOAD_MAX = 256 };

static const char *check(struct world *world)
{
    return world_ask(world, "request/ann/check", "client/ann", "{\"reason\":\"rounds\"}");
}

static void beat(struct world *world, const char *id, const char *payload)
{
    char topic[128];
    char reply_of[128];
    (void)snprintf(topic, sizeof topic, "worker/%s/heartbeat", id);
    (void)snprintf(reply_of, sizeof reply_of, "worker/%s", id);
    assert_like(world_ask(world, topic, reply_of, payload), "{\"code\":\"ok\"}");
}

/* Nothing that time does happens by itself. The world is new for each test: a check looks at all that there is. */
static int set_up(void **state)
{
    static struct world world;
    static const char *const settings[] = {"health.check_interval_ms=600000", "worker.heartbeat_timeout_ms=60000",
                                           "worker.archive_seconds=3600", NULL};
    world_open(&world, settings);
    *state = &world;
    return 0;
}

/* How many findings of the reply have all members of the given JSON object. */
static size_t findings_like(const char *reply, const char *like)
{
    json_t *document = json_loads(reply, 0, NULL);
    json_t *wanted = json_loads(like, 0, NULL);
    const json_t *findings = json_object_get(document, "findings");
    size_t count = 0;
    assert_non_null(document);
    assert_non_null(wanted);
    for (size_t i = 0; i < json_array_size(findings); i++) {
        const char *name = NULL;
        json_t *value = NULL;
        bool matches = true;
        json_object_foreach(wanted, name, value)
        {
            matches = matches && json_equal(value, json_object_get(json_array_get(findings, i), name));
        }
        count += matches;
    }
    json_decref(wanted);
    json_decref(document);
    return count;
}

static void assert_finding(const char *reply, const char *like)
{
    if (findings_like(reply, like) != 1) {
        fail_msg("not exactly one finding like %s in %s", like, reply);
    }
}

static void assert_nothing_found(struct world *world)
{
    assert_like(check(world), "{\"code\":\"ok\",\"findingCount\":0,\"repaired\":0,\"findings\":[]}");
}

static int64_t total(struct world *world, const char *field)
{
    return redis_integer(world->store, "HGET muster:{0}:totals %s", field);
}

/* ---------------------------------------------------------------------------------------- nothing to repair */

static void check_of_consistent_fleet_finds_nothing_and_counts_each_worker(void **state)
{
    struct world *world = *state;
    world_register(world, "well-1", "\"tags\":[\"a\",\"b\"],\"capabilities\":{\"c\":true,\"d\":false},\"zone\":\"z\"");
    world_register(world, "well-2", "");
    beat(world, "well-2", "{\"status\":\"BUSY\",\"jobs\":[\"j1\",\"j2\"]}");
    world_register(world, "gone-1", "\"tags\":[\"a\"]");
    (void)world_ask(world, "worker/gone-1/deregister", "worker/gone-1", "{}");
    assert_like(check(world),
                "{\"success\":true,\"code\":\"ok\",\"checked\":2,\"findingCount\":0,\"repaired\":0,\"findings\":[],"
                "\"results\":{\"HEALTHY\":2,\"RECOVERED\":0,\"UNHEALTHY\":0,\"FAILED\":0},"
                "\"message\":\"2 workers checked: 0 findings, 0 of them repaired\"}");
    assert_int_equal(redis_integer(world->store, "EXISTS muster:{0}:check muster:{0}:check:seen "
                                                 "muster:{0}:check:totals"),
                     0);
    const char *events = world_ask(world, "request/ann/events", "client/ann", "{\"type\":\"checked\"}");
    assert_non_null(strstr(events, "\"by\":\"ann\""));
    assert_non_null(strstr(events, "\"message\":\"rounds\""));
    assert_int_equal(recorder_count(world->observer, "muster/v1/event/checked/#", NULL), 0);
}

static void checks_asked_for_at_once_are_all_answered(void **state)
{
    struct world *world = *state;
    char payload[PAYLOAD_MAX];
    world_register(world, "well-1", "");
    for (int i = 0; i < 5; i++) {
        (void)snprintf(payload, sizeof payload, "{\"requestId\":\"r%d\"}", i);
        world_tell(world, "request/ann/check", payload);
    }
    for (int i = 0; i < 5; i++) {
        (void)snprintf(payload, sizeof payload, "{\"requestId\":\"r%d\",\"code\":\"ok\",\"checked\":1}", i);
        assert_non_null(recorder_wait(world->observer, "muster/v1/reply/client/ann", payload, WORLD_PATIENCE_MS));
    }
}

/* ---------------------------------------------------------------------------------------- totals */

static void wrong_totals_are_put_right_and_told(void **state)
{
    struct world *world = *state;
    world_register(world, "sum-1", "");
    world_register(world, "sum-2", "");
    beat(world, "sum-2", "{\"status\":\"BUSY\",\"currentJobCount\":4}");
    (void)redis_reply(world->store, "HINCRBY muster:{0}:totals usedCapacity 7");
    (void)redis_reply(world->store, "HDEL muster:{0}:totals busyWorkers");
    (void)redis_reply(world->store, "HSET muster:{0}:totals missingWorkers 3");
    (void)redis_reply(world->store, "ZADD muster:{0}:missing 3 nowhere");
    const char *reply = check(world);
    assert_like(reply, "{\"findingCount\":4,\"repaired\":4}");
    assert_finding(reply, "{\"check\":\"totals\",\"message\":\"usedCapacity was 11, is 4\",\"repaired\":true}");
    assert_finding(reply, "{\"check\":\"totals\",\"message\":\"busyWorkers was 0, is 1\",\"repaired\":true}");
    assert_finding(reply, "{\"check\":\"totals\",\"message\":\"missingWorkers was 3, is 0\",\"repaired\":true}");
    assert_finding(reply, "{\"check\":\"totals\",\"message\":\"3 were missing in zone nowhere, are 0\"}");
    assert_int_equal(total(world, "usedCapacity"), 4);
    assert_int_equal(total(world, "busyWorkers"), 1);
    assert_int_equal(total(world, "totalWorkers"), 2);
    assert_int_equal(redis_integer(world->store, "EXISTS muster:{0}:missing"), 0);
    assert_nothing_found(world);
}

/* What the records add up to. */
static int64_t sum(struct world *world, const char *field)
{
    enum { IDS_MAX = 1024 };
    static char ids[IDS_MAX][64];
    const redisReply *members = redis_reply(world->store, "SMEMBERS muster:{0}:workers");
    size_t count = members->elements;
    int64_t all = 0;
    assert_true(count <= IDS_MAX);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "%s", members->element[i]->str);
    }
    for (size_t i = 0; i < count; i++) {
        all += redis_integer(world->store, "HGET muster:{0}:worker:%s %s", ids[i], field);
    }
    return all;
}

/* One worker more, one fewer, and one that changes its load, again and again until the check has been answered. */
static int churn_until_answered(struct world *world)
{
    char id[32];
    char topic[64];
    char payload[PAYLOAD_MAX];
    int turns = 0;
    while (recorder_find(world->observer, "muster/v1/reply/client/ann", "{\"requestId\":\"churn\"}") == NULL) {
        (void)snprintf(id, sizeof id, "sum-%d", turns % FLEET);
        (void)snprintf(payload, sizeof payload, "{\"currentJobCount\":%d,\"status\":\"%s\"}", turns % 9 + 1,
                       turns % 2 == 0 ? "BUSY" : "ACTIVE");
        world_heartbeat(world, id, payload);
        (void)snprintf(topic, sizeof topic, "worker/new-%d/register", turns);
        world_tell(world, topic, "{\"name\":\"n\",\"maxConcurrentJobs\":3}");
        (void)snprintf(topic, sizeof topic, "worker/sum-%d/deregister", FLEET - 1 - turns % (FLEET / 2));
        world_tell(world, topic, "{\"forceDeregister\":true}");
        turns++;
    }
    return turns;
}

static void totals_are_right_whatever_changes_during_the_check(void **state)
{
    struct world *world = *state;
    static const char *const counted[][2] = {{"totalCapacity", "maxConcurrentJobs"},
                                             {"usedCapacity", "currentJobCount"},
                                             {"availableCapacity", "availableCapacity"}};
    static const char *const statuses[][2] = {{"activeWorkers", "ACTIVE"}, {"busyWorkers", "BUSY"}};
    char id[32];
    for (int i = 0; i < FLEET; i++) {
        (void)snprintf(id, sizeof id, "sum-%d", i);
        world_register(world, id, "\"tags\":[\"t\"]");
    }
    (void)redis_reply(world->store, "HSET muster:{0}:totals totalCapacity 1 usedCapacity -5 availableCapacity 99999 "
                                    "activeWorkers 4 busyWorkers 5");
    world_tell(world, "request/ann/check", "{\"requestId\":\"churn\"}");
    int turns = churn_until_answered(world);
    assert_true(turns > 0);
    (void)world_ask(world, "request/ann/list", "client/ann", "{}");
    beat(world, "sum-0", "");
    for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++) {
        assert_int_equal(total(world, counted[i][0]), sum(world, counted[i][1]));
    }
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        assert_int_equal(total(world, statuses[i][0]),
                         redis_integer(world->store, "SCARD muster:{0}:status:%s", statuses[i][1]));
    }
    assert_int_equal(total(world, "totalWorkers"), redis_integer(world->store, "SCARD muster:{0}:workers"));
    assert_nothing_found(world);
}

/* ---------------------------------------------------------------------------------------- sets and index */

static void worker_missing_from_its_sets_is_put_back(void **state)
{
    static const char *const sets[] = {"workers", "status:ACTIVE", "health:HEALTHY", "tag:t", "capability:c", "zone:z"};
    struct world *world = *state;
    char like[PAYLOAD_MAX];
    world_register(world, "lost-1", "\"tags\":[\"t\"],\"capabilities\":[\"c\"],\"zone\":\"z\"");
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        (void)redis_reply(world->store, "SREM muster:{0}:%s lost-1", sets[i]);
    }
    (void)redis_reply(world->store, "ZREM muster:{0}:free lost-1");
    const char *reply = check(world);
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        (void)snprintf(like, sizeof like,
                       "{\"check\":\"index\",\"workerId\":\"lost-1\",\"repaired\":true,"
                       "\"message\":\"was missing from %s\"}",
                       sets[i]);
        assert_finding(reply, like);
        assert_int_equal(redis_integer(world->store, "SISMEMBER muster:{0}:%s lost-1", sets[i]), 1);
    }
    assert_finding(reply, "{\"check\":\"index\",\"workerId\":\"lost-1\",\"message\":\"free was none, is 10\"}");
    assert_like(reply, "{\"findingCount\":7,\"repaired\":7,\"checked\":1}");
    assert_nothing_found(world);
}

static void members_that_their_records_deny_are_taken_out(void **state)
{
    static const char *const sets[] = {"workers", "status:BUSY", "health:FAILED", "tag:t", "capability:c", "zone:z"};
    struct world *world = *state;
    char like[PAYLOAD_MAX];
    world_register(world, "true-1", "");
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        (void)redis_reply(world->store, "SADD muster:{0}:%s ghost", sets[i]);
        (void)redis_reply(world->store, "SADD muster:{0}:%s true-1", sets[i]);
    }
    (void)redis_reply(world->store, "ZADD muster:{0}:free 5 ghost");
    (void)redis_reply(world->store, "ZADD muster:{0}:deadlines 99999999999999 alive:ghost");
    (void)redis_reply(world->store, "HSET muster:{0}:detail:ghost tags []");
    const char *reply = check(world);
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        (void)snprintf(like, sizeof like,
                       "{\"check\":\"index\",\"workerId\":\"ghost\",\"repaired\":true,"
                       "\"message\":\"was in %s, which its record does not say\"}",
                       sets[i]);
        assert_finding(reply, like);
    }
    assert_finding(reply, "{\"check\":\"index\",\"workerId\":\"true-1\","
                          "\"message\":\"was in status:BUSY, which its record does not say\"}");
    assert_finding(reply, "{\"check\":\"deadlines\",\"workerId\":\"ghost\",\"repaired\":true}");
    assert_finding(reply, "{\"check\":\"record\",\"workerId\":\"ghost\",\"repaired\":true}");
    assert_nothing_left(world, "ghost");
    assert_int_equal(redis_integer(world->store, "SISMEMBER muster:{0}:workers true-1"), 1);
    assert_int_equal(redis_integer(world->store, "SISMEMBER muster:{0}:tag:t true-1"), 0);
    assert_nothing_found(world);
}

static void large_sets_are_gone_through_in_steps(void **state)
{
    struct world *world = *state;
    char id[32];
    world_register(world, "true-1", "\"tags\":[\"big\"]");
    for (int i = 0; i < 700; i++) {
        (void)snprintf(id, sizeof id, "ghost-%d", i);
        (void)redis_reply(world->store, "SADD muster:{0}:tag:big %s", id);
    }
    assert_like(check(world), "{\"findingCount\":700,\"repaired\":700,\"checked\":1}");
    assert_int_equal(redis_integer(world->store, "SCARD muster:{0}:tag:big"), 1);
    assert_nothing_found(world);
}

static void index_of_jobs_is_put_right(void **state)
{
    struct world *world = *state;
    world_register(world, "job-1", "");
    beat(world, "job-1", "{\"jobs\":[\"kept\",\"lost\"]}");
    (void)redis_reply(world->store, "HDEL muster:{0}:jobs lost");
    (void)redis_reply(world->store, "HSET muster:{0}:jobs never job-1 haunted ghost");
    const char *reply = check(world);
    assert_finding(reply, "{\"check\":\"index\",\"workerId\":\"job-1\","
                          "\"message\":\"was missing as holder of job lost\",\"repaired\":true}");
    assert_finding(reply, "{\"check\":\"index\",\"workerId\":\"job-1\","
                          "\"message\":\"was holder of job never, which its record does not say\"}");
    assert_finding(reply, "{\"check\":\"index\",\"workerId\":\"ghost\",\"repaired\":true}");
    assert_int_equal(redis_integer(world->store, "HLEN muster:{0}:jobs"), 2);
    assert_string_equal(redis_text(world->store, "HGET muster:{0}:jobs lost"), "job-1");
    assert_nothing_found(world);
}

/* ---------------------------------------------------------------------------------------- deadlines and records */

static void silent_worker_without_key_and_deadline_is_noticed_after_the_check(void **state)
{
    struct world *world = *state;
    world_register(world, "mute-1", "\"heartbeatTimeoutMs\":2000");
    (void)redis_reply(world->store, "ZREM muster:{0}:deadlines alive:mute-1");
    (void)redis_reply(world->store, "DEL muster:{0}:alive:mute-1");
    const char *reply = check(world);
    assert_finding(reply, "{\"check\":\"deadlines\",\"workerId\":\"mute-1\",\"repaired\":true,"
                          "\"message\":\"had neither alive key nor deadline: its time begins anew\"}");
    const struct record *event = world_event(world, "unhealthy", "mute-1", "{\"reason\":\"heartbeat_timeout\"}");
    assert_in_range((uintmax_t)world_number(event, "evidence.lateMs"), 0, 2000);
}

static void deadline_that_is_missing_or_too_late_is_taken_from_the_key(void **state)
{
    struct world *world = *state;
    world_register(world, "mute-2", "");
    world_register(world, "mute-3", "");
    (void)redis_reply(world->store, "ZREM muster:{0}:deadlines alive:mute-2");
    (void)redis_reply(world->store, "ZADD muster:{0}:deadlines 99999999999999 alive:mute-3");
    const char *reply = check(world);
    assert_finding(reply, "{\"check\":\"deadlines\",\"workerId\":\"mute-2\",\"repaired\":true}");
    assert_finding(reply, "{\"check\":\"deadlines\",\"workerId\":\"mute-3\",\"repaired\":true}");
    assert_int_equal(redis_integer(world->store, "ZSCORE muster:{0}:deadlines alive:mute-2"),
                     redis_integer(world->store, "PEXPIRETIME muster:{0}:alive:mute-2"));
    assert_int_equal(redis_integer(world->store, "ZSCORE muster:{0}:deadlines alive:mute-3"),
                     redis_integer(world->store, "PEXPIRETIME muster:{0}:alive:mute-3"));
    assert_nothing_found(world);
}

static void record_that_is_not_whole_is_removed_and_its_worker_registers_again(void **state)
{
    struct world *world = *state;
    world_register(world, "torn-1", "\"tags\":[\"t\"]");
    (void)redis_reply(world->store, "HDEL muster:{0}:worker:torn-1 health");
    assert_finding(check(world), "{\"check\":\"record\",\"workerId\":\"torn-1\",\"repaired\":true}");
    assert_like(world_ask(world, "worker/torn-1/heartbeat", "worker/torn-1", ""), "{\"code\":\"unknown_worker\"}");
    world_register(world, "torn-1", "\"tags\":[\"t\"]");
    assert_nothing_found(world);
}

static void archived_record_without_end_gets_one(void **state)
{
    struct world *world = *state;
    world_register(world, "old-1", "");
    (void)world_ask(world, "worker/old-1/deregister", "worker/old-1", "{}");
    (void)redis_reply(world->store, "PERSIST muster:{0}:worker:old-1");
    assert_finding(check(world), "{\"check\":\"record\",\"workerId\":\"old-1\",\"repaired\":true}");
    assert_true(redis_integer(world->store, "TTL muster:{0}:worker:old-1") > 0);
}

/* ---------------------------------------------------------------------------------------- judging workers */

static void silent_worker_is_told_in_words_and_left_to_its_own_step(void **state)
{
    struct world *world = *state;
    world_register(world, "mute-4", "\"heartbeatTimeoutMs\":300");
    world_event(world, "unhealthy", "mute-4", NULL);
    const char *reply = check(world);
    assert_like(reply, "{\"checked\":1,\"findingCount\":1,\"repaired\":0,\"results\":{\"UNHEALTHY\":1,\"HEALTHY\":0}}");
    assert_finding(reply, "{\"check\":\"heartbeat\",\"workerId\":\"mute-4\",\"repaired\":false}");
    assert_non_null(strstr(reply, "ms, at most 300\""));
    assert_string_equal(world_field(world, "mute-4", "consecutiveFailures"), "1");
    assert_string_equal(world_field(world, "mute-4", "revision"), "2");
}

static void worker_whose_record_contradicts_itself_becomes_unhealthy(void **state)
{
    struct world *world = *state;
    world_register(world, "odd-1", "");
    beat(world, "odd-1", "{\"currentJobCount\":2}");
    (void)redis_reply(world->store, "HSET muster:{0}:worker:odd-1 availableCapacity 3");
    const char *reply = check(world);
    assert_like(reply, "{\"results\":{\"UNHEALTHY\":1,\"HEALTHY\":0}}");
    assert_finding(reply, "{\"check\":\"capacity\",\"workerId\":\"odd-1\",\"repaired\":false,"
                          "\"message\":\"available capacity is 3, has to be 8\"}");
    world_event(world, "unhealthy", "odd-1",
                "{\"reason\":\"capacity_inconsistent\",\"evidence\":{\"foundBy\":\"check\"}}");
    beat(world, "odd-1", "{\"currentJobCount\":2}");
    world_event(world, "recovered", "odd-1", NULL);
    beat(world, "odd-1", "");
    assert_nothing_found(world);
}

static void recovered_worker_counts_as_recovered(void **state)
{
    struct world *world = *state;
    world_register(world, "back-1", "");
    beat(world, "back-1", "{\"status\":\"IDLE\",\"currentJobCount\":1}");
    beat(world, "back-1", "{\"status\":\"BUSY\",\"currentJobCount\":1}");
    assert_like(check(world), "{\"findingCount\":0,\"results\":{\"RECOVERED\":1,\"HEALTHY\":0}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(check_of_consistent_fleet_finds_nothing_and_counts_each_worker, set_up,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(checks_asked_for_at_once_are_all_answered, set_up, world_teardown),
        cmocka_unit_test_setup_teardown(wrong_totals_are_put_right_and_told, set_up, world_teardown),
        cmocka_unit_test_setup_teardown(totals_are_right_whatever_changes_during_the_check, set_up, world_teardown),
        cmocka_unit_test_setup_teardown(worker_missing_from_its_sets_is_put_back, set_up, world_teardown),
        cmocka_unit_test_setup_teardown(members_that_their_records_deny_are_taken_out, set_up, world_teardown),
        cmocka_unit_test_setup_teardown(large_sets_are_gone_through_in_steps, set_up, world_teardown),
        cmocka_unit_test_setup_teardown(index_of_jobs_is_put_right, set_up, world_teardown),
        cmocka_unit_test_setup_teardown(silent_worker_without_key_and_deadline_is_noticed_after_the_check, set_up,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(deadline_that_is_missing_or_too_late_is_taken_from_the_key, set_up,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(record_that_is_not_whole_is_removed_and_its_worker_registers_again, set_up,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(archived_record_without_end_gets_one, set_up, world_teardown),
        cmocka_unit_test_setup_teardown(silent_worker_is_told_in_words_and_left_to_its_own_step, set_up,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(worker_whose_record_contradicts_itself_becomes_unhealthy, set_up,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(recovered_worker_counts_as_recovered, set_up, world_teardown),
    };
    return cmocka_run_group_tests_name("e2e/check", tests, NULL, NULL);
}

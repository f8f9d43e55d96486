/* test_input.c -- bad payloads on every inbound topic: the right code, counted, and the next good message works. */
#include "e2e/world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OVERSIZED_BYTES = 64 * 1024 + 1 };

struct bad {
    const char *what;
    struct text payload;
    const char *code;
};

#define BYTES(literal)                                                                                                 \
    {                                                                                                                  \
        literal, sizeof(literal) - 1                                                                                   \
    }

/* Bad wherever it arrives. */
static const struct bad anywhere[] = {
    {"no JSON", BYTES("{\"name\":"), "invalid_payload"},
    {"JSON that is no object", BYTES("[1,2,3]"), "invalid_payload"},
    {"text behind the object", BYTES("{} {}"), "invalid_payload"},
    {"truncated MessagePack", BYTES("\x82\xa4name"), "invalid_payload"},
    {"MessagePack array of 2^32 items", BYTES("\xdd\xff\xff\xff\xff"), "invalid_payload"},
    {"MessagePack map of 2^32 members", BYTES("\xdf\xff\xff\xff\xff"), "invalid_payload"},
    {"not UTF-8", BYTES("{\"reason\":\"\xff\xfe\",\"message\":\"\xff\xfe\",\"name\":\"\xff\"}"), "invalid_payload"},
    {"deep nesting", BYTES("{\"a\":[[[[[[[[[[[[1]]]]]]]]]]]]}"), "too_large"},
};

static void each_bad_payload_is_refused(struct world *world, const char *topic, const char *reply_of)
{
    for (size_t i = 0; i < sizeof anywhere / sizeof anywhere[0]; i++) {
        char expected[96];
        (void)snprintf(expected, sizeof expected, "{\"success\":false,\"code\":\"%s\"}", anywhere[i].code);
        print_message("%s: %s\n", topic, anywhere[i].what);
        assert_like(world_ask_bytes(world, topic, reply_of, anywhere[i].payload), expected);
    }
    char *oversized = malloc(OVERSIZED_BYTES);
    assert_non_null(oversized);
    memset(oversized, ' ', OVERSIZED_BYTES);
    oversized[0] = '{';
    oversized[1] = '}';
    const char *reply = world_ask_bytes(world, topic, reply_of, (struct text){oversized, OVERSIZED_BYTES});
    free(oversized);
    assert_like(reply, "{\"success\":false,\"code\":\"too_large\"}");
    assert_non_null(strstr(reply, "65536"));
    assert_non_null(strstr(reply, "65537"));
}

static void bad_registrations_are_refused_and_good_one_works(void **state)
{
    struct world *world = *state;
    each_bad_payload_is_refused(world, "worker/in-1/register", "worker/in-1");
    assert_like(world_ask(world, "worker/in-1/register", "worker/in-1", "{\"name\":5,\"maxConcurrentJobs\":\"x\"}"),
                "{\"code\":\"invalid_payload\"}");
    world_register(world, "in-1", "");
}

static void bad_heartbeats_are_refused_and_good_one_works(void **state)
{
    struct world *world = *state;
    world_register(world, "in-2", "\"heartbeatTimeoutMs\":20000");
    each_bad_payload_is_refused(world, "worker/in-2/heartbeat", "worker/in-2");
    assert_like(world_ask(world, "worker/in-2/heartbeat", "worker/in-2", "{\"cpuUsage\":\"high\"}"),
                "{\"code\":\"invalid_payload\"}");
    const char *reply =
        world_ask(world, "worker/in-2/heartbeat", "worker/in-2", "{\"cpuUsage\":101,\"currentJobCount\":-1}");
    assert_like(reply, "{\"code\":\"validation_failed\"}");
    assert_non_null(strstr(reply, "cpuUsage"));
    assert_non_null(strstr(reply, "101"));
    assert_non_null(strstr(reply, "currentJobCount"));
    assert_like(world_ask(world, "worker/in-2/heartbeat", "worker/in-2", "{\"status\":\"SLEEPING\"}"),
                "{\"code\":\"validation_failed\"}");
    assert_like(world_ask(world, "worker/in-2/heartbeat", "worker/in-2",
                          "{\"status\":\"SLEEPING\",\"cpuUsage\":100.00001,\"errorCount\":-1}"),
                "{\"code\":\"validation_failed\",\"errors\":[\"status must be one of ACTIVE, IDLE, BUSY, MAINTENANCE, "
                "ERROR (is \\\"SLEEPING\\\")\",\"cpuUsage must be between 0 and 100 (is 100.00001)\","
                "\"errorCount must be between 0 and 2147483647 (is -1)\"]}");
    assert_like(world_ask(world, "request/op/heartbeat", "client/op", "{\"workerId\":\"in 2\"}"),
                "{\"code\":\"validation_failed\",\"message\":\"workerId must be 1-128 of A-Z a-z 0-9 . _ - and begin "
                "with a letter or digit (is \\\"in 2\\\")\"}");
    assert_like(world_ask(world, "worker/in-2/heartbeat", "worker/in-2", ""), "{\"code\":\"ok\"}");
    assert_string_equal(world_field(world, "in-2", "heartbeats"), "1");
    assert_like(world_ask(world, "request/op/heartbeat", "client/op", "{\"workerId\":\"in-2\",\"status\":\"BUSY\"}"),
                "{\"code\":\"ok\",\"workerId\":\"in-2\",\"worker\":{\"workerId\":\"in-2\",\"status\":\"BUSY\"}}");
}

static void bad_deregistrations_are_refused_and_good_one_works(void **state)
{
    struct world *world = *state;
    world_register(world, "in-3", "\"heartbeatTimeoutMs\":20000");
    each_bad_payload_is_refused(world, "worker/in-3/deregister", "worker/in-3");
    assert_like(world_ask(world, "worker/in-3/deregister", "worker/in-3", "{\"forceDeregister\":\"yes\"}"),
                "{\"code\":\"invalid_payload\",\"workerId\":\"in-3\"}");
    assert_like(world_ask(world, "request/op/deregister", "client/op", "{\"workerId\":\"in 3\"}"),
                "{\"code\":\"validation_failed\",\"message\":\"workerId must be 1-128 of A-Z a-z 0-9 . _ - and begin "
                "with a letter or digit (is \\\"in 3\\\")\"}");
    assert_string_equal(world_field(world, "in-3", "status"), "ACTIVE");
    assert_like(world_ask(world, "worker/in-3/deregister", "worker/in-3", ""), "{\"code\":\"ok\"}");
}

static void bad_requests_are_refused_and_good_one_works(void **state)
{
    struct world *world = *state;
    each_bad_payload_is_refused(world, "request/op/list", "client/op");
    assert_like(world_ask(world, "request/op/list", "client/op", "{\"limit\":0}"), "{\"code\":\"validation_failed\"}");
    assert_like(world_ask(world, "request/op/list", "client/op", "{\"limit\":0,\"status\":\"ASLEEP\"}"),
                "{\"code\":\"validation_failed\",\"errors\":[\"status must be one of ACTIVE, IDLE, BUSY, MAINTENANCE, "
                "ERROR, DRAINING, INACTIVE (is \\\"ASLEEP\\\")\",\"limit must be between 1 and 1000 (is 0)\"]}");
    assert_like(world_ask(world, "request/op/status", "client/op", "{\"workerId\":5}"),
                "{\"code\":\"invalid_payload\",\"errors\":[\"workerId must be text (is 5)\"]}");
    assert_like(world_ask(world, "request/op/status", "client/op", "{\"workerId\":\"no-such\"}"),
                "{\"code\":\"not_found\"}");
    assert_like(world_ask(world, "request/op/list", "client/op", "{\"cursor\":\"99999999999999999999\"}"),
                "{\"code\":\"validation_failed\"}");
    assert_like(world_ask(world, "request/op/events", "client/op", "{\"from\":\"5-5-5\"}"),
                "{\"code\":\"validation_failed\"}");
    assert_like(world_ask(world, "request/op/events", "client/op", "{\"from\":\"5-5\"}"), "{\"code\":\"ok\"}");
    assert_like(world_ask(world, "request/op/nonsense", "client/op", "{}"), "{\"code\":\"not_found\"}");
    assert_like(world_ask(world, "request/op/list", "client/op", ""), "{\"code\":\"ok\"}");
}

static void bad_wills_are_silent_and_good_one_works(void **state)
{
    struct world *world = *state;
    world_register(world, "in-4", "\"bootId\":\"b\",\"connection\":1,\"heartbeatTimeoutMs\":20000");
    for (size_t i = 0; i < sizeof anywhere / sizeof anywhere[0]; i++) {
        struct fault fault = {0};
        struct broker_publication publication = {
            .topic = "muster/v1/worker/in-4/will", .payload = anywhere[i].payload, .qos = 1};
        assert_int_equal(recorder_publish(world->observer, &publication, &fault), ERR_OK);
    }
    world_tell(world, "worker/in-4/will", "{\"bootId\":\"b\",\"connection\":\"one\"}");
    world_tell(world, "worker/in-4/will", "{\"workerId\":\"other\",\"bootId\":\"b\",\"connection\":1}");
    (void)world_ask(world, "worker/in-4/heartbeat", "worker/in-4", "");
    assert_string_equal(world_field(world, "in-4", "health"), "HEALTHY");
    world_tell(world, "worker/in-4/will", "{\"bootId\":\"b\",\"connection\":1}");
    world_event(world, "unhealthy", "in-4", NULL);
}

static void bad_ids_in_topics_change_nothing(void **state)
{
    struct world *world = *state;
    static const char *const ids[] = {"-dash", "with space", "\xc3\xa9", ".dot", "a:b", "{0}"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        char topic[128];
        (void)snprintf(topic, sizeof topic, "worker/%s/register", ids[i]);
        world_tell(world, topic, "{\"name\":\"n\",\"maxConcurrentJobs\":1}");
    }
    world_register(world, "in-5", "");
    const char *reply = world_ask(world, "request/op/list", "client/op", "{\"limit\":1000}");
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        char quoted[64];
        (void)snprintf(quoted, sizeof quoted, "\"%s\"", ids[i]);
        assert_null(strstr(reply, quoted));
    }
}

static void violations_are_told_all_at_once_in_the_seeds_words(void **state)
{
    struct world *world = *state;
    assert_like(
        world_ask(world, "worker/in-6/register", "worker/in-6",
                  "{\"name\":\" \",\"maxConcurrentJobs\":0,\"port\":70000,\"workerLoadFactor\":2.5}"),
        "{\"success\":false,\"code\":\"validation_failed\",\"message\":\"Worker name is required; Max concurrent "
        "jobs must be positive; Port must be between 1 and 65535; Worker load factor must be between 0.1 and "
        "2.0\",\"errors\":[\"Worker name is required\",\"Max concurrent jobs must be positive\",\"Port must be "
        "between 1 and 65535\",\"Worker load factor must be between 0.1 and 2.0\"]}");
    assert_like(world_ask(world, "worker/in-6/register", "worker/in-6", "{\"name\":\"n\",\"maxConcurrentJobs\":101}"),
                "{\"message\":\"Max concurrent jobs cannot exceed 100\"}");
    assert_like(
        world_ask(world, "worker/in-6/register", "worker/in-6",
                  "{\"name\":5,\"port\":0,\"workerLoadFactor\":\"1\",\"zone\":\"z\"}"),
        "{\"code\":\"invalid_payload\",\"errors\":[\"name must be text (is 5)\",\"workerLoadFactor must be a finite "
        "number (is \\\"1\\\")\",\"Max concurrent jobs must be positive\",\"Port must be between 1 and 65535\"]}");
    assert_like(
        world_ask(world, "worker/in-6/register", "worker/in-6", "{\"name\":\"n\",\"port\":0,"),
        "{\"code\":\"invalid_payload\",\"errors\":[\"payload must be valid JSON (at byte 21: it ends too early)\","
        "\"Port must be between 1 and 65535\"]}");
}

static void three_failed_attempts_are_rate_limited_with_time_to_wait(void **state)
{
    struct world *world = *state;
    const char *bad = "{\"name\":\"\",\"maxConcurrentJobs\":1}";
    for (int i = 0; i < 3; i++) {
        assert_like(world_ask(world, "worker/in-7/register", "worker/in-7", bad), "{\"code\":\"validation_failed\"}");
    }
    const char *reply =
        world_ask(world, "worker/in-7/register", "worker/in-7", "{\"name\":\"n\",\"maxConcurrentJobs\":1}");
    assert_like(reply, "{\"success\":false,\"code\":\"rate_limited\",\"message\":\"Too many registration attempts\"}");
    assert_non_null(strstr(reply, "\"retryAfterMs\":3"));
    assert_int_equal(redis_integer(world->store, "EXISTS muster:{0}:worker:in-7"), 0);
}

static void payload_that_names_another_worker_is_refused(void **state)
{
    struct world *world = *state;
    assert_like(world_ask(world, "worker/in-8/register", "worker/in-8",
                          "{\"workerId\":\"other\",\"name\":\"n\",\"maxConcurrentJobs\":1}"),
                "{\"code\":\"identity_mismatch\",\"workerId\":\"in-8\",\"message\":\"workerId must be that of the "
                "topic, in-8, or left out (is \\\"other\\\")\"}");
    world_register(world, "in-8", "\"workerId\":\"in-8\"");
    assert_like(world_ask(world, "worker/in-8/heartbeat", "worker/in-8", "{\"workerId\":\"other\"}"),
                "{\"code\":\"identity_mismatch\"}");
    assert_like(world_ask(world, "worker/in-8/deregister", "worker/in-8", "{\"workerId\":\"other\"}"),
                "{\"code\":\"identity_mismatch\"}");
}

static void retained_registration_is_ignored(void **state)
{
    struct world *world = *state;
    struct fault fault = {0};
    struct broker_publication publication = {.topic = "muster/v1/worker/in-9/register",
                                             .payload = text_of("{\"name\":\"n\",\"maxConcurrentJobs\":1}"),
                                             .qos = 1,
                                             .retained = true};
    assert_int_equal(recorder_publish(world->observer, &publication, &fault), ERR_OK);
    world_register(world, "in-10", "");
    assert_int_equal(redis_integer(world->store, "EXISTS muster:{0}:worker:in-9"), 0);
}

static void response_topic_of_somebody_else_is_not_honoured(void **state)
{
    struct world *world = *state;
    static const char *const foreign[] = {"muster/v1/reply/worker/other/x", "muster/v1/status/in-11",
                                          "muster/v1/reply/worker/in-110", "muster/v1/reply/client/in-11"};
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        struct fault fault = {0};
        recorder_mark(world->observer);
        struct broker_publication publication = {.topic = "muster/v1/worker/in-11/register",
                                                 .payload = text_of("{\"name\":\"n\",\"maxConcurrentJobs\":1}"),
                                                 .qos = 1,
                                                 .response_topic = foreign[i]};
        assert_int_equal(recorder_publish(world->observer, &publication, &fault), ERR_OK);
        assert_non_null(
            recorder_wait(world->observer, "muster/v1/reply/worker/in-11", "{\"code\":\"ok\"}", WORLD_PATIENCE_MS));
        assert_int_equal(recorder_count(world->observer, foreign[i], "{\"code\":\"ok\"}"), 0);
    }
}

static void messagepack_is_answered_in_messagepack(void **state)
{
    struct world *world = *state;
    static const char registration[] = "\x82\xa4name\xa1n\xb1maxConcurrentJobs\x05";
    struct fault fault = {0};
    struct broker_publication publication = {.topic = "muster/v1/worker/in-12/register",
                                             .payload = {registration, sizeof registration - 1},
                                             .qos = 1,
                                             .response_topic = "muster/v1/reply/worker/in-12/x"};
    const struct record *reply = recorder_request(world->observer, &publication, WORLD_PATIENCE_MS, &fault);
    assert_non_null(reply);
    assert_int_equal((unsigned char)reply->payload[0] & 0xf0, 0x80);
    assert_string_equal(world_field(world, "in-12", "maxConcurrentJobs"), "5");
}

static void refused_messages_are_counted_in_the_log(void **state)
{
    struct world *world = *state;
    process_stop(&world->daemons[0], SIGTERM);
    assert_int_equal(process_exit_status(&world->daemons[0]), 0);
    assert_true(world_log_has(world, 0, "counted: register"));
    assert_true(world_log_has(world, 0, "retained 1"));
    assert_true(world_log_has(world, 0, "too_large 2"));
    assert_true(world_log_has(world, 0, "identity_mismatch 1"));
    assert_true(world_log_has(world, 0, "counted: will"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_registrations_are_refused_and_good_one_works),
        cmocka_unit_test(bad_heartbeats_are_refused_and_good_one_works),
        cmocka_unit_test(bad_deregistrations_are_refused_and_good_one_works),
        cmocka_unit_test(bad_requests_are_refused_and_good_one_works),
        cmocka_unit_test(bad_wills_are_silent_and_good_one_works),
        cmocka_unit_test(bad_ids_in_topics_change_nothing),
        cmocka_unit_test(violations_are_told_all_at_once_in_the_seeds_words),
        cmocka_unit_test(three_failed_attempts_are_rate_limited_with_time_to_wait),
        cmocka_unit_test(payload_that_names_another_worker_is_refused),
        cmocka_unit_test(retained_registration_is_ignored),
        cmocka_unit_test(response_topic_of_somebody_else_is_not_honoured),
        cmocka_unit_test(messagepack_is_answered_in_messagepack),
        cmocka_unit_test(refused_messages_are_counted_in_the_log),
    };
    return world_group("e2e/input", tests);
}

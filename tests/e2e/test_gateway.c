/* test_gateway.c -- gateways speak for many workers in one message, operators register many: from outside. */
#include "e2e/world.h"

#include "codec/message.h"
#include "support/wait.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SILENCE_MS = 300, HUNDRED = 100 };

static int begin(void **state)
{
    static struct world world;
    static const char *const settings[] = {"gateways.gw-1=gw1-* edge-??", "gateways.gw-2=gw2-*,one",
                                           "worker.heartbeat_timeout_ms=60000", "registration.max_attempts=1", NULL};
    world_open(&world, settings);
    *state = &world;
    return 0;
}

/* {"workers": [item 0, item 1, …]}, where each is made by printf from its number. */
static void append_workers(struct buf *out, int count, const char *format)
{
    char item[1024];
    buf_append_string(out, "{\"workers\":[");
    for (int i = 0; i < count; i++) {
        (void)snprintf(item, sizeof item, format, i);
        buf_printf(out, "%s%s", i == 0 ? "" : ",", item);
    }
    buf_append_string(out, "]}");
}

static const char *ask(struct world *world, const char *gateway, const char *what, struct text payload)
{
    char topic[128];
    char reply_of[128];
    (void)snprintf(topic, sizeof topic, "gateway/%s/%s", gateway, what);
    (void)snprintf(reply_of, sizeof reply_of, "gateway/%s", gateway);
    return world_ask_bytes(world, topic, reply_of, payload);
}

static const char *ask_text(struct world *world, const char *gateway, const char *what, const char *payload)
{
    return ask(world, gateway, what, text_of(payload));
}

/* What is at the index of the reply's results, as text that the caller frees. */
static char *result_at(const char *reply, size_t index)
{
    json_t *document = json_loads(reply, 0, NULL);
    json_t *result = json_array_get(json_object_get(document, "results"), index);
    char *text = result != NULL ? json_dumps(result, JSON_COMPACT) : NULL;
    json_decref(document);
    if (text == NULL) {
        fail_msg("no result %zu in %s", index, reply);
    }
    return text;
}

static void assert_result(const char *reply, size_t index, const char *like)
{
    char *result = result_at(reply, index);
    print_message("result %zu: %s\n", index, result);
    assert_like(result, like);
    free(result);
}

static size_t result_count(const char *reply)
{
    json_t *document = json_loads(reply, 0, NULL);
    size_t count = json_array_size(json_object_get(document, "results"));
    json_decref(document);
    return count;
}

static bool is_registered(struct world *world, const char *id)
{
    return redis_integer(world->store, "EXISTS muster:{0}:worker:%s", id) == 1;
}

static void register_many(struct world *world, const char *gateway, int count, const char *format)
{
    struct buf payload = {0};
    char expected[64];
    append_workers(&payload, count, format);
    (void)snprintf(expected, sizeof expected, "{\"code\":\"ok\",\"accepted\":%d,\"refused\":0}", count);
    assert_like(ask(world, gateway, "register", buf_text(&payload)), expected);
    buf_fini(&payload);
}

/* ---------------------------------------------------------------------------------------- registrations */

static void gateway_registers_its_workers_with_a_result_for_each(void **state)
{
    struct world *world = *state;
    const char *reply =
        ask_text(world, "gw-1", "register",
                 "{\"requestId\":\"r-1\",\"workers\":["
                 "{\"workerId\":\"gw1-a\",\"name\":\"A\",\"maxConcurrentJobs\":3,\"requestId\":\"i-1\"},"
                 "{\"workerId\":\"edge-07\",\"name\":\"B\",\"maxConcurrentJobs\":4,\"bootId\":\"b\"}]}");
    assert_like(reply, "{\"success\":true,\"code\":\"ok\",\"message\":\"2 of 2 accepted\",\"requestId\":\"r-1\"}");
    assert_int_equal(result_count(reply), 2);
    assert_result(reply, 0,
                  "{\"workerId\":\"gw1-a\",\"success\":true,\"code\":\"ok\",\"heartbeatTimeoutMs\":60000,"
                  "\"requestId\":\"i-1\",\"worker\":{\"name\":\"A\",\"status\":\"ACTIVE\",\"health\":\"HEALTHY\"}}");
    assert_result(reply, 1, "{\"workerId\":\"edge-07\",\"code\":\"ok\",\"worker\":{\"maxConcurrentJobs\":4}}");
    assert_string_equal(world_field(world, "gw1-a", "name"), "A");
    assert_string_equal(world_field(world, "edge-07", "bootId"), "b");
    world_event(world, "registered", "gw1-a", "{\"by\":\"gateway/gw-1\"}");
    world_status(world, "edge-07", "{\"status\":\"ACTIVE\"}");
}

static void bad_items_among_good_ones_spoil_nothing(void **state)
{
    struct world *world = *state;
    const char *reply =
        ask_text(world, "gw-1", "register",
                 "{\"workers\":[{\"workerId\":\"gw1-m1\",\"name\":\"n\",\"maxConcurrentJobs\":1},"
                 "\"gw1-m2\","
                 "{\"workerId\":\"gw1-m3\",\"name\":\"n\",\"maxConcurrentJobs\":\"many\"},"
                 "{\"workerId\":\"gw1-m4\",\"name\":\" \",\"maxConcurrentJobs\":0},"
                 "{\"workerId\":\"gw2-m5\",\"name\":\"n\",\"maxConcurrentJobs\":1},"
                 "{\"name\":\"n\",\"maxConcurrentJobs\":1},"
                 "{\"workerId\":\"gw1/m7\",\"name\":\"n\",\"maxConcurrentJobs\":1},"
                 "{\"workerId\":\"gw1-m8\",\"name\":\"n\",\"maxConcurrentJobs\":1,\"x\":[[[[[[[[[]]]]]]]]]},"
                 "{\"workerId\":\"gw1-m9\",\"name\":\"n\",\"maxConcurrentJobs\":1}]}");
    assert_like(reply, "{\"success\":true,\"code\":\"ok\",\"accepted\":2,\"refused\":7}");
    assert_int_equal(result_count(reply), 9);
    assert_result(reply, 0, "{\"workerId\":\"gw1-m1\",\"code\":\"ok\"}");
    assert_result(reply, 1, "{\"code\":\"invalid_payload\",\"message\":\"item must be a map (is \\\"gw1-m2\\\")\"}");
    assert_result(reply, 2, "{\"workerId\":\"gw1-m3\",\"success\":false,\"code\":\"invalid_payload\"}");
    assert_result(reply, 3,
                  "{\"workerId\":\"gw1-m4\",\"code\":\"validation_failed\",\"errors\":[\"Worker name is required\","
                  "\"Max concurrent jobs must be positive\"]}");
    assert_result(reply, 4,
                  "{\"workerId\":\"gw2-m5\",\"code\":\"forbidden\",\"message\":\"gateway gw-1 may not speak for "
                  "gw2-m5\"}");
    assert_result(reply, 5, "{\"code\":\"validation_failed\",\"message\":\"Worker ID is required\"}");
    assert_result(reply, 6, "{\"code\":\"validation_failed\"}");
    assert_result(reply, 7, "{\"workerId\":\"gw1-m8\",\"code\":\"too_large\"}");
    assert_result(reply, 8, "{\"workerId\":\"gw1-m9\",\"code\":\"ok\"}");
    assert_true(is_registered(world, "gw1-m1") && is_registered(world, "gw1-m9"));
    assert_false(is_registered(world, "gw1-m3") || is_registered(world, "gw2-m5") || is_registered(world, "gw1-m8"));
}

/* One failed attempt is all that there is; one that the gateway may not make is none. */
static void failed_attempts_count_only_for_own_workers(void **state)
{
    struct world *world = *state;
    const char *bad = "[{\"workerId\":\"gw1-n1\",\"name\":\"\",\"maxConcurrentJobs\":1},"
                      "{\"workerId\":\"gw2-n2\",\"name\":\"\",\"maxConcurrentJobs\":1}]";
    (void)ask_text(world, "gw-1", "register", bad);
    const char *reply = ask_text(world, "gw-1", "register", bad);
    assert_result(reply, 0, "{\"code\":\"rate_limited\"}");
    assert_result(reply, 1, "{\"code\":\"forbidden\"}");
    assert_int_equal(redis_integer(world->store, "EXISTS muster:{0}:attempts:gw2-n2"), 0);
    register_many(world, "gw-2", 1, "{\"workerId\":\"gw2-n2\",\"name\":\"n%d\",\"maxConcurrentJobs\":1}");
}

static void malformed_batch_is_refused_whole(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *payload;
        const char *like;
    } cases[] = {
        {"{\"workers\":[{\"workerId\":\"gw1-x\",\"name\":\"n\",\"maxConcurrentJobs\":1},",
         "{\"code\":\"invalid_payload\"}"},
        {"{\"workers\":{\"workerId\":\"gw1-x\"}}",
         "{\"code\":\"invalid_payload\",\"message\":\"workers must be a list (is a map)\"}"},
        {"{\"requestId\":\"r\"}",
         "{\"code\":\"validation_failed\",\"message\":\"workers is required\",\"requestId\":\"r\"}"},
        {"", "{\"code\":\"invalid_payload\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *reply = ask_text(world, "gw-1", "register", cases[i].payload);
        assert_like(reply, cases[i].like);
        assert_null(strstr(reply, "results"));
    }
    assert_false(is_registered(world, "gw1-x"));
    assert_like(ask_text(world, "gw-1", "register", "[]"), "{\"success\":true,\"message\":\"0 of 0 accepted\"}");
}

static void gateway_that_is_not_configured_is_forbidden(void **state)
{
    struct world *world = *state;
    const char *payload = "[{\"workerId\":\"gw1-y\",\"name\":\"n\",\"maxConcurrentJobs\":1}]";
    assert_like(ask_text(world, "gw-9", "register", payload),
                "{\"success\":false,\"code\":\"forbidden\",\"message\":\"gateway gw-9 is not in [gateways]\"}");
    assert_like(ask_text(world, "gw-9", "deregister", payload), "{\"code\":\"forbidden\"}");
    assert_like(ask_text(world, "gw-9", "heartbeat", payload), "{\"code\":\"forbidden\"}");
    assert_false(is_registered(world, "gw1-y"));
}

static void goodbye_does_not_overtake_the_batch_before_it(void **state)
{
    struct world *world = *state;
    struct buf payload = {0};
    append_workers(&payload, 400, "{\"workerId\":\"gw1-o%d\",\"name\":\"n\",\"maxConcurrentJobs\":1}");
    recorder_mark(world->observer);
    world_tell(world, "gateway/gw-1/register", buf_terminated(&payload));
    const char *reply = ask_text(world, "gw-1", "deregister", "[{\"workerId\":\"gw1-o399\"}]");
    assert_result(reply, 0, "{\"workerId\":\"gw1-o399\",\"code\":\"ok\"}");
    assert_non_null(recorder_wait(world->observer, "muster/v1/reply/gateway/gw-1", "{\"accepted\":400,\"refused\":0}",
                                  WORLD_PATIENCE_MS));
    (void)world_event(world, "deregistered", "gw1-o399", "{\"to\":{\"status\":\"INACTIVE\"}}");
    assert_string_equal(world_field(world, "gw1-o398", "status"), "ACTIVE");
    buf_fini(&payload);
}

/* A world of its own: the daemon reads a file. */
static void patterns_are_taken_over_on_hangup(void **state)
{
    (void)state;
    struct world world;
    char argument[FOLDER_PATH_MAX + 32];
    char log[FOLDER_PATH_MAX + 32];
    char mqtt[128];
    char redis[128];
    struct fault fault = {0};
    const char *payload = "[{\"workerId\":\"north-1\",\"name\":\"n\",\"maxConcurrentJobs\":1}]";
    world_begin(&world, NULL, NULL);
    (void)snprintf(argument, sizeof argument, "%s/musterd.ini", world.folder);
    (void)snprintf(log, sizeof log, "%s/daemon-0.log", world.folder);
    (void)snprintf(mqtt, sizeof mqtt, "mqtt.uri=%s", world.broker.uri);
    (void)snprintf(redis, sizeof redis, "redis.uri=%s", world.redis.uri);
    assert_int_equal(folder_write(world.folder, "musterd.ini", "[gateways]\ngw.1 = south-*\n", &fault), ERR_OK);
    const char *const argv[] = {
        MUSTER_BIN_DIR "/musterd", "-c", argument, "-o", mqtt, "-o", redis, "-o", "http.listen=", NULL};
    assert_int_equal(process_start(&world.daemons[0], argv, NULL, log, &fault), ERR_OK);
    world_wait_listening(&world, 0);
    assert_result(ask_text(&world, "gw.1", "register", payload), 0, "{\"code\":\"forbidden\"}");
    assert_int_equal(folder_write(world.folder, "musterd.ini", "[gateways]\ngw.1 = south-* north-*\n", &fault), ERR_OK);
    process_signal(&world.daemons[0], SIGHUP);
    world_wait_log(&world, 0, "configuration taken over");
    assert_result(ask_text(&world, "gw.1", "register", payload), 0, "{\"code\":\"ok\"}");
    world_close(&world);
}

/* Stopped as soon as the first of them is there, the daemon still answers for all. */
static void batch_under_way_is_finished_before_the_daemon_stops(void **state)
{
    (void)state;
    struct world world;
    struct buf payload = {0};
    static const char *const settings[] = {"gateways.gw=*", "worker.heartbeat_timeout_ms=60000", NULL};
    append_workers(&payload, 1000, "{\"workerId\":\"stop-%d\",\"name\":\"n\",\"maxConcurrentJobs\":1}");
    world_open(&world, settings);
    world_tell(&world, "gateway/gw/register", buf_terminated(&payload));
    world_event(&world, "registered", "stop-0", NULL);
    process_stop(&world.daemons[0], SIGTERM);
    assert_int_equal(process_exit_status(&world.daemons[0]), 0);
    assert_non_null(recorder_wait(world.observer, "muster/v1/reply/gateway/gw", "{\"accepted\":1000,\"refused\":0}",
                                  WORLD_PATIENCE_MS));
    assert_int_equal(redis_integer(world.store, "SCARD muster:{0}:workers"), 1000);
    world_close(&world);
    buf_fini(&payload);
}

/* ---------------------------------------------------------------------------------------- limits */

static void batch_of_one_mebibyte_is_taken_and_one_byte_more_is_too_large(void **state)
{
    struct world *world = *state;
    struct buf payload = {0};
    buf_append_string(&payload, "[{\"workerId\":\"gw1-l\",\"name\":\"n\",\"maxConcurrentJobs\":1}]");
    while (payload.len < MESSAGE_GATEWAY_BYTES_MAX) {
        buf_append_string(&payload, " ");
    }
    assert_like(ask(world, "gw-1", "register", buf_text(&payload)), "{\"code\":\"ok\",\"accepted\":1}");
    buf_append_string(&payload, " ");
    static const char *const kinds[] = {"register", "heartbeat", "deregister"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_like(
            ask(world, "gw-1", kinds[i], buf_text(&payload)),
            "{\"success\":false,\"code\":\"too_large\",\"message\":\"message must be at most 1048576 bytes (has "
            "1048577)\"}");
    }
    buf_fini(&payload);
}

static void batch_of_more_than_1000_is_too_large(void **state)
{
    struct world *world = *state;
    struct buf payload = {0};
    append_workers(&payload, 1001, "{\"workerId\":\"gw1-t%d\",\"name\":\"n\",\"maxConcurrentJobs\":1}");
    assert_like(ask(world, "gw-1", "register", buf_text(&payload)),
                "{\"code\":\"too_large\",\"message\":\"workers must be at most 1000 (has 1001)\"}");
    assert_false(is_registered(world, "gw1-t0"));
    buf_fini(&payload);
}

/* The broker would not pass on what is longer. */
static void reply_that_would_be_too_long_is_shortened(void **state)
{
    struct world *world = *state;
    struct buf payload = {0};
    struct buf format = {0};
    buf_append_string(&format,
                      "{\"workerId\":\"gw1-s%d\",\"name\":\"n\",\"maxConcurrentJobs\":1,\"capabilities\":{\"a\":\"");
    for (int i = 0; i < 700; i++) {
        buf_append_string(&format, "a");
    }
    buf_append_string(&format, "\"}}");
    append_workers(&payload, 1000, buf_terminated(&format));
    const char *reply = ask(world, "gw-1", "register", buf_text(&payload));
    assert_like(reply, "{\"code\":\"ok\",\"accepted\":1000,\"shortened\":true}");
    assert_true(strlen(reply) <= MESSAGE_GATEWAY_BYTES_MAX);
    assert_int_equal(result_count(reply), 1000);
    assert_result(reply, 0, "{\"workerId\":\"gw1-s0\",\"worker\":{\"name\":\"n\"}}");
    assert_result(reply, 999, "{\"workerId\":\"gw1-s999\",\"success\":true,\"code\":\"ok\"}");
    char *last = result_at(reply, 999);
    assert_null(strstr(last, "\"worker\""));
    free(last);
    buf_fini(&format);
    buf_fini(&payload);
}

static void refusals_that_would_be_too_long_are_shortened_to_their_code(void **state)
{
    struct world *world = *state;
    struct buf payload = {0};
    append_workers(
        &payload, 1000,
        "{\"workerId\":\"gw1-r%d\",\"name\":[],\"maxConcurrentJobs\":[],\"port\":[],\"hostName\":[],\"zone\":[],"
        "\"hostAddress\":[],\"version\":[],\"priorityThreshold\":[],\"workerLoadFactor\":[],\"bootId\":[],"
        "\"heartbeatIntervalMs\":[],\"heartbeatTimeoutMs\":[],\"connection\":[],\"sentAt\":[]}");
    const char *reply = ask(world, "gw-1", "register", buf_text(&payload));
    assert_like(reply, "{\"code\":\"ok\",\"accepted\":0,\"refused\":1000,\"shortened\":true}");
    assert_true(strlen(reply) <= MESSAGE_GATEWAY_BYTES_MAX);
    assert_int_equal(result_count(reply), 1000);
    char *first = result_at(reply, 0);
    assert_non_null(strstr(first, "\"errors\":[\"name must be text (is a list)\""));
    free(first);
    size_t shortest = 0;
    json_t *document = json_loads(reply, 0, NULL);
    for (size_t i = 0; i < 1000; i++) {
        char least[128];
        char *result = json_dumps(json_array_get(json_object_get(document, "results"), i), JSON_COMPACT);
        (void)snprintf(least, sizeof least,
                       "{\"success\":false,\"code\":\"invalid_payload\",\"workerId\":\"gw1-r%zu\"}", i);
        assert_like(result, least);
        shortest += strcmp(result, least) == 0 ? 1 : 0;
        free(result);
    }
    json_decref(document);
    assert_true(shortest > 0);
    buf_fini(&payload);
}

/* ---------------------------------------------------------------------------------------- heartbeats */

static void assert_each_was_heard(struct world *world, const char *format, const char *times)
{
    for (int i = 0; i < HUNDRED; i++) {
        char id[64];
        (void)snprintf(id, sizeof id, format, i);
        assert_string_equal(world_field(world, id, "heartbeats"), times);
    }
}

static void hundred_heartbeats_in_json_are_answered_in_order(void **state)
{
    struct world *world = *state;
    struct buf payload = {0};
    register_many(world, "gw-1", HUNDRED, "{\"workerId\":\"gw1-h%d\",\"name\":\"n\",\"maxConcurrentJobs\":100}");
    append_workers(&payload, HUNDRED, "{\"workerId\":\"gw1-h%d\",\"status\":\"BUSY\",\"currentJobCount\":3,\"seq\":1}");
    const char *reply = ask(world, "gw-1", "heartbeat", buf_text(&payload));
    assert_like(reply, "{\"success\":true,\"message\":\"100 of 100 accepted\"}");
    assert_int_equal(result_count(reply), HUNDRED);
    for (size_t i = 0; i < HUNDRED; i += 33) {
        char like[128];
        (void)snprintf(like, sizeof like, "{\"workerId\":\"gw1-h%zu\",\"code\":\"ok\",\"heartbeatIntervalMs\":20000}",
                       i);
        assert_result(reply, i, like);
    }
    assert_each_was_heard(world, "gw1-h%d", "1");
    assert_string_equal(world_field(world, "gw1-h99", "status"), "BUSY");
    buf_fini(&payload);
}

static void hundred_heartbeats_in_messagepack_are_answered_in_messagepack(void **state)
{
    struct world *world = *state;
    struct buf payload = {0};
    struct buf packed = {0};
    register_many(world, "gw-1", HUNDRED, "{\"workerId\":\"gw1-p%d\",\"name\":\"n\",\"maxConcurrentJobs\":100}");
    append_workers(&payload, HUNDRED, "{\"workerId\":\"gw1-p%d\",\"status\":\"IDLE\",\"currentJobCount\":0}");
    json_t *document = json_loadb(payload.data, payload.len, 0, NULL);
    assert_int_equal(encode_document(document, ENCODING_MSGPACK, &packed), ERR_OK);
    struct fault fault = {0};
    struct broker_publication publication = {.topic = "muster/v1/gateway/gw-1/heartbeat",
                                             .payload = buf_text(&packed),
                                             .qos = 0,
                                             .response_topic = "muster/v1/reply/gateway/gw-1/packed"};
    const struct record *reply = recorder_request(world->observer, &publication, WORLD_PATIENCE_MS, &fault);
    assert_non_null(reply);
    assert_int_equal((unsigned char)reply->payload[0] & 0xf0, 0x80);
    assert_like(ask(world, "gw-1", "heartbeat", buf_text(&packed)), "{\"accepted\":100,\"refused\":0}");
    assert_each_was_heard(world, "gw1-p%d", "2");
    json_decref(document);
    buf_fini(&packed);
    buf_fini(&payload);
}

static void heartbeats_that_nobody_asked_about_are_answered_where_refused(void **state)
{
    struct world *world = *state;
    register_many(world, "gw-2", HUNDRED, "{\"workerId\":\"gw2-q%d\",\"name\":\"n\",\"maxConcurrentJobs\":100}");
    struct buf payload = {0};
    append_workers(&payload, HUNDRED, "{\"workerId\":\"gw2-q%d\"}");
    recorder_mark(world->observer);
    world_tell(world, "gateway/gw-2/heartbeat", buf_terminated(&payload));
    assert_true(recorder_stays_silent(world->observer, "muster/v1/reply/gateway/gw-2", NULL, SILENCE_MS));
    assert_each_was_heard(world, "gw2-q%d", "1");
    const char *mixed = "{\"workers\":[{\"workerId\":\"gw2-q1\"},{\"workerId\":\"gw2-gone\"},{\"workerId\":\"gw1-a\"},"
                        "{\"workerId\":\"gw2-q2\",\"cpuUsage\":\"hot\"},{\"workerId\":\"gw2-q3\"}]}";
    world_tell(world, "gateway/gw-2/heartbeat", mixed);
    const struct record *reply = recorder_wait(world->observer, "muster/v1/reply/gateway/gw-2",
                                               "{\"accepted\":2,\"refused\":3}", WORLD_PATIENCE_MS);
    assert_non_null(reply);
    assert_int_equal(result_count(reply->payload), 3);
    assert_result(reply->payload, 0, "{\"workerId\":\"gw2-gone\",\"code\":\"unknown_worker\"}");
    assert_result(reply->payload, 1, "{\"workerId\":\"gw1-a\",\"code\":\"forbidden\"}");
    assert_result(reply->payload, 2, "{\"workerId\":\"gw2-q2\",\"code\":\"invalid_payload\"}");
    recorder_mark(world->observer);
    world_tell(world, "gateway/gw-2/heartbeat", "[{\"workerId\":\"gw2-q1\"}]");
    world_tell(world, "gateway/gw-2/heartbeat", mixed);
    assert_like(ask_text(world, "gw-2", "heartbeat", "[{\"workerId\":\"gw2-q3\"}]"), "{\"accepted\":1}");
    assert_true(recorder_count(world->observer, "muster/v1/reply/gateway/gw-2", NULL) <= 1);
    assert_string_equal(world_field(world, "gw2-q1", "heartbeats"), "4");
    buf_fini(&payload);
}

static void heartbeats_for_others_change_nothing(void **state)
{
    struct world *world = *state;
    register_many(world, "gw-2", 1, "{\"workerId\":\"one\",\"name\":\"n%d\",\"maxConcurrentJobs\":1}");
    const char *reply =
        ask_text(world, "gw-1", "heartbeat", "[{\"workerId\":\"one\",\"status\":\"ERROR\"},{\"status\":\"ERROR\"}]");
    assert_result(reply, 0, "{\"workerId\":\"one\",\"code\":\"forbidden\"}");
    assert_result(reply, 1, "{\"code\":\"validation_failed\",\"message\":\"Worker ID is required\"}");
    assert_string_equal(world_field(world, "one", "heartbeats"), "0");
    assert_string_equal(world_field(world, "one", "health"), "HEALTHY");
    assert_like(ask_text(world, "gw-2", "heartbeat", "[{\"workerId\":\"one\"}]"), "{\"accepted\":1}");
}

/* ---------------------------------------------------------------------------------------- goodbyes and wills */

static void deregistrations_have_a_result_for_each(void **state)
{
    struct world *world = *state;
    register_many(world, "gw-1", 4, "{\"workerId\":\"gw1-d%d\",\"name\":\"n\",\"maxConcurrentJobs\":10}");
    (void)ask_text(world, "gw-1", "heartbeat",
                   "[{\"workerId\":\"gw1-d1\",\"currentJobCount\":2},{\"workerId\":\"gw1-d2\",\"currentJobCount\":2},"
                   "{\"workerId\":\"gw1-d3\",\"currentJobCount\":2}]");
    const char *reply =
        ask_text(world, "gw-1", "deregister",
                 "{\"workers\":[{\"workerId\":\"gw1-d0\",\"reason\":\"done\"},{\"workerId\":\"gw1-d1\"},"
                 "{\"workerId\":\"gw1-d2\",\"drain\":true},{\"workerId\":\"gw1-d3\",\"forceDeregister\":"
                 "true},{\"workerId\":\"gw1-nobody\"},{\"workerId\":\"gw2-q1\"},{}]}");
    assert_like(reply, "{\"accepted\":3,\"refused\":4}");
    assert_result(reply, 0, "{\"workerId\":\"gw1-d0\",\"code\":\"ok\"}");
    assert_result(reply, 1, "{\"code\":\"active_jobs\",\"message\":\"Worker has 2 active jobs\"}");
    assert_result(reply, 2, "{\"code\":\"ok\",\"message\":\"Worker is draining: 2 active jobs\"}");
    assert_result(reply, 3, "{\"code\":\"ok\"}");
    assert_result(reply, 4, "{\"code\":\"unknown_worker\"}");
    assert_result(reply, 5, "{\"code\":\"forbidden\"}");
    assert_result(reply, 6, "{\"code\":\"validation_failed\"}");
    world_event(world, "deregistered", "gw1-d0", "{\"reason\":\"worker\",\"by\":\"gateway/gw-1\"}");
    world_event(world, "draining", "gw1-d2", NULL);
    assert_string_equal(world_field(world, "gw2-q1", "status"), "ACTIVE");
}

static void will_of_gateway_counts_for_its_workers_alone(void **state)
{
    struct world *world = *state;
    register_many(
        world, "gw-1", 4,
        "{\"workerId\":\"gw1-w%d\",\"name\":\"n\",\"maxConcurrentJobs\":1,\"bootId\":\"b\",\"connection\":1}");
    register_many(
        world, "gw-2", 1,
        "{\"workerId\":\"gw2-w%d\",\"name\":\"n\",\"maxConcurrentJobs\":1,\"bootId\":\"b\",\"connection\":1}");
    world_tell(world, "gateway/gw-9/will",
               "{\"bootId\":\"b\",\"connection\":1,\"workers\":[{\"workerId\":\"gw1-w0\"}]}");
    world_tell(world, "gateway/gw-1/will", "{\"workers\":[");
    world_tell(world, "gateway/gw-1/will",
               "{\"bootId\":\"b\",\"connection\":1,\"workers\":[{\"workerId\":\"gw1-w1\"},5,{\"workerId\":\"gw2-w0\"},"
               "{\"workerId\":\"gw1-w2\",\"connection\":7},{\"workerId\":\"gw1-w3\",\"bootId\":\"b\"}]}");
    world_event(world, "unhealthy", "gw1-w1", "{\"reason\":\"connection_lost\"}");
    world_event(world, "unhealthy", "gw1-w3", "{\"reason\":\"connection_lost\"}");
    assert_string_equal(world_field(world, "gw1-w0", "health"), "HEALTHY");
    assert_string_equal(world_field(world, "gw1-w2", "health"), "HEALTHY");
    assert_string_equal(world_field(world, "gw2-w0", "health"), "HEALTHY");
}

static void retained_batch_is_ignored(void **state)
{
    struct world *world = *state;
    struct fault fault = {0};
    struct broker_publication publication = {
        .topic = "muster/v1/gateway/gw-1/register",
        .payload = text_of("[{\"workerId\":\"gw1-retained\",\"name\":\"n\",\"maxConcurrentJobs\":1}]"),
        .qos = 1,
        .retained = true};
    assert_int_equal(recorder_publish(world->observer, &publication, &fault), ERR_OK);
    register_many(world, "gw-1", 1, "{\"workerId\":\"gw1-after%d\",\"name\":\"n\",\"maxConcurrentJobs\":1}");
    assert_false(is_registered(world, "gw1-retained"));
}

/* ---------------------------------------------------------------------------------------- requests */

static void operator_registers_many_in_the_seeds_form(void **state)
{
    struct world *world = *state;
    const char *reply =
        world_ask(world, "request/op/register-batch", "client/op",
                  "[{\"workerId\":\"worker-001\",\"name\":\"Worker 1\",\"maxConcurrentJobs\":10,\"capabilities\":"
                  "\"{\\\"java\\\": true}\",\"tags\":\"production,high-performance\"},"
                  "{\"workerId\":\"worker-002\",\"name\":\"\",\"maxConcurrentJobs\":101},"
                  "{\"workerId\":\"worker-003\",\"name\":\"Worker 3\",\"maxConcurrentJobs\":5}]");
    assert_like(reply, "{\"success\":true,\"code\":\"ok\",\"accepted\":2,\"refused\":1}");
    assert_result(reply, 0,
                  "{\"workerId\":\"worker-001\",\"success\":true,\"message\":\"Worker registered successfully\"}");
    assert_result(
        reply, 1,
        "{\"workerId\":\"worker-002\",\"success\":false,\"message\":\"Worker name is required; Max concurrent "
        "jobs cannot exceed 100\"}");
    assert_result(reply, 2, "{\"workerId\":\"worker-003\",\"worker\":{\"name\":\"Worker 3\"}}");
    world_event(world, "registered", "worker-001", "{\"by\":\"op\"}");
    world_status(world, "worker-003", "{\"name\":\"Worker 3\"}");
}

/* Other requests keep to what a worker's message may be. */
static void operator_may_send_as_much_as_a_gateway_to_register_many(void **state)
{
    struct world *world = *state;
    struct buf payload = {0};
    append_workers(&payload, 1000,
                   "{\"workerId\":\"batch-%d\",\"name\":\"one of a thousand workers\",\"maxConcurrentJobs\":10,"
                   "\"tags\":[\"a\",\"b\",\"c\"]}");
    assert_true(payload.len > MESSAGE_BYTES_MAX);
    assert_like(world_ask_bytes(world, "request/op/register-batch", "client/op", buf_text(&payload)),
                "{\"code\":\"ok\",\"accepted\":1000,\"refused\":0}");
    assert_like(world_ask_bytes(world, "request/op/register", "client/op", buf_text(&payload)),
                "{\"code\":\"too_large\"}");
    buf_fini(&payload);
}

static void operator_sends_a_heartbeat_for_a_worker(void **state)
{
    struct world *world = *state;
    world_register(world, "by-request", "");
    const char *reply = world_ask(world, "request/op/heartbeat", "client/op",
                                  "{\"workerId\":\"by-request\",\"status\":\"ACTIVE\",\"currentJobCount\":3,"
                                  "\"availableCapacity\":7,\"cpuUsage\":45.5,\"memoryUsage\":67.8,\"errorCount\":0,"
                                  "\"message\":\"All systems operational\",\"requestId\":\"r\"}");
    assert_like(reply, "{\"success\":true,\"code\":\"ok\",\"message\":\"Heartbeat processed successfully\","
                       "\"workerId\":\"by-request\",\"requestId\":\"r\"}");
    assert_string_equal(world_field(world, "by-request", "currentJobCount"), "3");
    assert_like(world_ask(world, "request/op/heartbeat", "client/op", "{\"workerId\":\"nobody\"}"),
                "{\"success\":false,\"code\":\"unknown_worker\",\"message\":\"Worker not registered\"}");
    assert_like(world_ask(world, "request/op/heartbeat", "client/op", ""),
                "{\"code\":\"validation_failed\",\"message\":\"Worker ID is required\"}");
    assert_like(world_ask(world, "request/op/heartbeat", "client/op",
                          "{\"workerId\":\"by-request\",\"cpuUsage\":200,\"errorCount\":-1}"),
                "{\"code\":\"validation_failed\"}");
    world_tell(world, "request/op/heartbeat", "{\"workerId\":\"nobody\",\"requestId\":\"without topic\"}");
    assert_non_null(recorder_wait(world->observer, "muster/v1/reply/client/op",
                                  "{\"code\":\"unknown_worker\",\"requestId\":\"without topic\"}", WORLD_PATIENCE_MS));
}

/* ---------------------------------------------------------------------------------------- counting */

static void items_are_counted_one_by_one(void **state)
{
    struct world *world = *state;
    process_stop(&world->daemons[0], SIGTERM);
    assert_int_equal(process_exit_status(&world->daemons[0]), 0);
    world_wait_log(world, 0, "counted: gateway register");
    world_wait_log(world, 0, "counted: gateway will");
    char *log = process_log(&world->daemons[0]);
    const char *line = strstr(log, "counted: gateway heartbeat");
    assert_non_null(line);
    const char *end = strchr(line, '\n');
    const char *forbidden = strstr(line, "forbidden 4");
    assert_true(forbidden != NULL && forbidden < end);
    free(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gateway_registers_its_workers_with_a_result_for_each),
        cmocka_unit_test(bad_items_among_good_ones_spoil_nothing),
        cmocka_unit_test(failed_attempts_count_only_for_own_workers),
        cmocka_unit_test(malformed_batch_is_refused_whole),
        cmocka_unit_test(gateway_that_is_not_configured_is_forbidden),
        cmocka_unit_test(goodbye_does_not_overtake_the_batch_before_it),
        cmocka_unit_test(patterns_are_taken_over_on_hangup),
        cmocka_unit_test(batch_under_way_is_finished_before_the_daemon_stops),
        cmocka_unit_test(batch_of_one_mebibyte_is_taken_and_one_byte_more_is_too_large),
        cmocka_unit_test(batch_of_more_than_1000_is_too_large),
        cmocka_unit_test(reply_that_would_be_too_long_is_shortened),
        cmocka_unit_test(refusals_that_would_be_too_long_are_shortened_to_their_code),
        cmocka_unit_test(hundred_heartbeats_in_json_are_answered_in_order),
        cmocka_unit_test(hundred_heartbeats_in_messagepack_are_answered_in_messagepack),
        cmocka_unit_test(heartbeats_that_nobody_asked_about_are_answered_where_refused),
        cmocka_unit_test(heartbeats_for_others_change_nothing),
        cmocka_unit_test(deregistrations_have_a_result_for_each),
        cmocka_unit_test(will_of_gateway_counts_for_its_workers_alone),
        cmocka_unit_test(retained_batch_is_ignored),
        cmocka_unit_test(operator_registers_many_in_the_seeds_form),
        cmocka_unit_test(operator_may_send_as_much_as_a_gateway_to_register_many),
        cmocka_unit_test(operator_sends_a_heartbeat_for_a_worker),
        cmocka_unit_test(items_are_counted_one_by_one),
    };
    return cmocka_run_group_tests_name("e2e/gateway", tests, begin, world_teardown);
}

/* test_document.c -- replies, status documents and events: fields, kinds and order as the contract has them. */
#include "codec/document.h"
#include "codec/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_document(json_t *document, const char *expected)
{
    struct buf out = {0};
    assert_non_null(document);
    assert_int_equal(encode_document(document, ENCODING_JSON, &out), ERR_OK);
    assert_string_equal(buf_terminated(&out), expected);
    buf_fini(&out);
    json_decref(document);
}

/* In MessagePack it says the same. */
static void assert_same_packed(const struct buf *packed, json_t *document)
{
    struct decoder *decoder = decoder_new(MESSAGE_BYTES_MAX);
    struct violations violations = {0};
    json_t *decoded = decode_document(decoder, buf_text(packed), &violations);
    assert_non_null(decoded);
    assert_true(json_equal(decoded, document));
    json_decref(decoded);
    json_decref(document);
    decoder_free(decoder);
}

static struct field field(const char *name, const char *value)
{
    return (struct field){text_of(name), text_of(value)};
}

static void reply_of_ok_has_success_and_code(void **state)
{
    (void)state;
    assert_document(reply_document(&(struct reply){.code = CODE_OK}), "{\"success\":true,\"code\":\"ok\"}");
}

static void reply_fields_come_in_contract_order(void **state)
{
    (void)state;
    struct reply reply = {.code = CODE_RATE_LIMITED,
                          .message = text_of("Too many"),
                          .worker_id = text_of("w1"),
                          .epoch = {true, 1700000000123456},
                          .heartbeat_interval_ms = {true, 100},
                          .heartbeat_timeout_ms = {true, 300},
                          .retry_after_ms = {true, 5},
                          .revoked_jobs_json = text_of("[\"a\",\"b\"]"),
                          .request_id = text_of("r")};
    assert_document(reply_document(&reply),
                    "{\"success\":false,\"code\":\"rate_limited\",\"message\":\"Too many\",\"workerId\":\"w1\","
                    "\"epoch\":1700000000123456,\"heartbeatIntervalMs\":100,\"heartbeatTimeoutMs\":300,"
                    "\"retryAfterMs\":5,\"revokedJobs\":[\"a\",\"b\"],\"requestId\":\"r\"}");
}

static void reply_joins_violations_and_lists_them(void **state)
{
    (void)state;
    struct violations violations = {0};
    violations_add(&violations, CODE_VALIDATION_FAILED, "Worker name is required");
    violations_add(&violations, CODE_VALIDATION_FAILED, "Port must be between 1 and 65535");
    assert_document(reply_document(&(struct reply){.code = violations.code, .violations = &violations}),
                    "{\"success\":false,\"code\":\"validation_failed\",\"message\":\"Worker name is required; Port "
                    "must be between 1 "
                    "and 65535\",\"errors\":[\"Worker name is required\",\"Port must be between 1 and 65535\"]}");
}

static void reply_keeps_message_beside_violations(void **state)
{
    (void)state;
    struct violations violations = {0};
    violations_add(&violations, CODE_TOO_LARGE, "big");
    struct reply reply = {.code = CODE_TOO_LARGE, .message = text_of("own"), .violations = &violations};
    assert_document(reply_document(&reply),
                    "{\"success\":false,\"code\":\"too_large\",\"message\":\"own\",\"errors\":[\"big\"]}");
}

static void reply_tells_how_many_violations_it_left_out(void **state)
{
    (void)state;
    struct violations violations = {0};
    for (int i = 0; i < VIOLATIONS_MAX + 3; i++) {
        violations_add(&violations, CODE_INVALID_PAYLOAD, "v%d", i);
    }
    json_t *document = reply_document(&(struct reply){.code = violations.code, .violations = &violations});
    const char *message = json_string_value(json_object_get(document, "message"));
    assert_int_equal(json_array_size(json_object_get(document, "errors")), VIOLATIONS_MAX);
    assert_non_null(strstr(message, "; v31; and 3 more"));
    json_decref(document);
}

static void reply_leaves_out_half_a_character(void **state)
{
    (void)state;
    struct violations violations = {0};
    char name[VIOLATION_TEXT_MAX + 2] = "";
    for (size_t i = 0; i + 2 < sizeof name; i += 2) {
        memcpy(name + i, "ä", 3);
    }
    violations_add(&violations, CODE_TOO_LARGE, "%s", name);
    json_t *document = reply_document(&(struct reply){.code = violations.code, .violations = &violations});
    const json_t *error = json_array_get(json_object_get(document, "errors"), 0);
    assert_int_equal(json_string_length(error), (VIOLATION_TEXT_MAX - 1) / 2 * 2);
    json_decref(document);
}

static void reply_leaves_out_revoked_jobs_that_are_no_list(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{}", "[", "17"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_document(reply_document(&(struct reply){.code = CODE_OK, .revoked_jobs_json = text_of(texts[i])}),
                        "{\"success\":true,\"code\":\"ok\"}");
    }
}

static void status_fields_come_in_contract_order_and_kind(void **state)
{
    (void)state;
    const struct field fields[] = {
        field("workerLoadFactor", "1.2"),
        field("priorityThreshold", "200"),
        field("version", "2.1.0"),
        field("zone", "eu"),
        field("port", "8080"),
        field("hostAddress", "10.0.0.1"),
        field("hostName", "h"),
        field("capabilities", "{\"java\":true}"),
        field("tags", "[\"a\"]"),
        field("consecutiveFailures", "0"),
        field("errorCount", "2"),
        field("memoryUsage", "67.8"),
        field("cpuUsage", "45"),
        field("maxConcurrentJobs", "10"),
        field("availableCapacity", "7"),
        field("currentJobCount", "3"),
        field("updatedAt", "1700000000003"),
        field("lastHeartbeatAt", "1700000000002"),
        field("registeredAt", "1700000000001"),
        field("revision", "4"),
        field("epoch", "1700000000123456"),
        field("reason", "heartbeat_timeout"),
        field("health", "UNHEALTHY"),
        field("status", "ACTIVE"),
        field("name", "Worker 1"),
    };
    assert_document(status_document(text_of("w1"), fields, sizeof fields / sizeof fields[0]),
                    "{\"workerId\":\"w1\",\"name\":\"Worker 1\",\"status\":\"ACTIVE\",\"health\":\"UNHEALTHY\","
                    "\"reason\":\"heartbeat_timeout\",\"epoch\":1700000000123456,\"revision\":4,"
                    "\"registeredAt\":1700000000001,\"lastHeartbeatAt\":1700000000002,\"updatedAt\":1700000000003,"
                    "\"currentJobCount\":3,\"availableCapacity\":7,\"maxConcurrentJobs\":10,\"cpuUsage\":45.0,"
                    "\"memoryUsage\":67.8,\"errorCount\":2,\"consecutiveFailures\":0,\"tags\":[\"a\"],"
                    "\"capabilities\":{\"java\":true},\"hostName\":\"h\",\"hostAddress\":\"10.0.0.1\",\"port\":8080,"
                    "\"zone\":\"eu\",\"version\":\"2.1.0\",\"priorityThreshold\":200,\"workerLoadFactor\":1.2}");
}

static void status_leaves_out_what_is_the_registrys_own(void **state)
{
    (void)state;
    static const char *const own[] = {"bootId",
                                      "connection",
                                      "seq",
                                      "sentAt",
                                      "jobs",
                                      "heartbeats",
                                      "declared",
                                      "draining",
                                      "left",
                                      "maintained",
                                      "contradiction",
                                      "boots",
                                      "conflicted",
                                      "revokedJobs",
                                      "message",
                                      "heartbeatTimeoutMs",
                                      "heartbeatIntervalMs"};
    struct field fields[sizeof own / sizeof own[0]];
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        fields[i] = field(own[i], "1");
    }
    assert_document(status_document(text_of("w1"), fields, sizeof own / sizeof own[0]), "{\"workerId\":\"w1\"}");
}

static void status_leaves_out_texts_that_are_not_their_kind(void **state)
{
    (void)state;
    const struct field fields[] = {
        field("epoch", "12x"),
        field("revision", "9223372036854775808"),
        field("port", ""),
        field("cpuUsage", "nan"),
        field("memoryUsage", "1e999"),
        field("tags", "{}"),
        field("capabilities", "17"),
        field("workerLoadFactor", "1,2"),
        field("zone", ""),
        field("errorCount", "000000000000000000000000000000000000000000000000000000000000000000001"),
    };
    assert_document(status_document(text_of("w1"), fields, sizeof fields / sizeof fields[0]), "{\"workerId\":\"w1\"}");
}

static void status_takes_capabilities_as_list_too(void **state)
{
    (void)state;
    const struct field fields[] = {field("capabilities", "[\"java\"]")};
    assert_document(status_document(text_of("w1"), fields, 1), "{\"workerId\":\"w1\",\"capabilities\":[\"java\"]}");
}

static void status_is_the_same_in_both_encodings(void **state)
{
    (void)state;
    struct buf list = {0};
    struct buf packed = {0};
    buf_append_string(&list, "[\"t0\"");
    for (int i = 1; i < 40; i++) {
        buf_printf(&list, ",\"t%d\"", i);
    }
    buf_append_string(&list, "]");
    const struct field fields[] = {
        field("name", "W"),
        field("status", "BUSY"),
        field("health", "HEALTHY"),
        field("epoch", "-5"),
        field("revision", "300"),
        field("registeredAt", "1700000000001"),
        field("updatedAt", "70000"),
        field("currentJobCount", "1"),
        field("availableCapacity", "2"),
        field("cpuUsage", "12.5"),
        field("memoryUsage", "1e-7"),
        field("errorCount", "0"),
        field("port", "128"),
        field("zone", "eu"),
        field("version", "2"),
        field("hostName", "h"),
        {text_of("tags"), buf_text(&list)},
        field("capabilities", "{\"a\":[],\"b\":{\"c\":[true,false,null,1.5,-2,\"x\"]}}"),
    };
    const size_t count = sizeof fields / sizeof fields[0];
    assert_int_equal(encode_status(text_of("w1"), fields, count, ENCODING_MSGPACK, &packed), ERR_OK);
    assert_same_packed(&packed, status_document(text_of("w1"), fields, count));
    buf_fini(&packed);
    buf_fini(&list);
}

static void status_writes_numbers_and_texts_as_json_does(void **state)
{
    (void)state;
    const struct field fields[] = {
        field("name", "a\"b\\c/d"),
        field("reason", "\x01\n\x7fä"),
        field("cpuUsage", "1e20"),
        field("memoryUsage", "0.00000012345"),
        field("tags", " [ \"\\u00e4\\/\" , 1e-5, 0.1, -0.0, 100, {\"\\t\": null} ] "),
        field("workerLoadFactor", "-2.5"),
    };
    assert_document(status_document(text_of("w1"), fields, sizeof fields / sizeof fields[0]),
                    "{\"workerId\":\"w1\",\"name\":\"a\\\"b\\\\c/d\",\"reason\":\"\\u0001\\n\x7fä\","
                    "\"cpuUsage\":1e20,\"memoryUsage\":1.2345e-7,"
                    "\"tags\":[\"ä/\",1e-5,0.1,-0.0,100,{\"\\t\":null}],\"workerLoadFactor\":-2.5}");
}

static void status_leaves_out_lists_that_are_not_whole(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[1", "[1]]", "[[1],{\"a\":[}]", "[\"\xff\"]", "[\"\\u0000\"]", "[18446744073709551616]", "[{\"\xff\":1}]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct field fields[] = {field("name", "W"), field("capabilities", texts[i]), field("zone", "eu")};
        assert_document(status_document(text_of("w1"), fields, 3),
                        "{\"workerId\":\"w1\",\"name\":\"W\",\"zone\":\"eu\"}");
    }
}

static void event_is_the_same_in_both_encodings(void **state)
{
    (void)state;
    struct buf packed = {0};
    const struct field fields[] = {
        field("type", "failed"),
        field("fromStatus", "ACTIVE"),
        field("toStatus", "ERROR"),
        field("toHealth", "FAILED"),
        field("evidence", "{\"lateMs\":3,\"foundBy\":\"event\"}"),
        field("orphanedJobs", "[\"j\"]"),
        field("orphanedJobCount", "1"),
    };
    const size_t count = sizeof fields / sizeof fields[0];
    assert_int_equal(encode_event(text_of("1-0"), fields, count, ENCODING_MSGPACK, &packed), ERR_OK);
    assert_same_packed(&packed, event_document(text_of("1-0"), fields, count));
    buf_fini(&packed);
}

static void reply_has_the_worker_last(void **state)
{
    (void)state;
    struct buf packed = {0};
    const struct field fields[] = {field("status", "ACTIVE"), field("heartbeatTimeoutMs", "3000")};
    const struct reply reply = {.code = CODE_OK,
                                .worker_id = text_of("w1"),
                                .request_id = text_of("r"),
                                .worker_fields = fields,
                                .worker_field_count = 2};
    assert_document(reply_document(&reply), "{\"success\":true,\"code\":\"ok\",\"workerId\":\"w1\",\"requestId\":\"r\","
                                            "\"worker\":{\"workerId\":\"w1\",\"status\":\"ACTIVE\"}}");
    assert_int_equal(encode_reply(&reply, ENCODING_MSGPACK, &packed), ERR_OK);
    assert_same_packed(&packed, reply_document(&reply));
    buf_fini(&packed);
}

static void event_fields_come_in_contract_order_and_kind(void **state)
{
    (void)state;
    const struct field fields[] = {
        field("by", "op"),
        field("message", "why"),
        field("orphanedJobCount", "2"),
        field("orphanedJobs", "[\"a\",\"b\"]"),
        field("evidence", "{\"foundBy\":\"event\",\"lateMs\":3}"),
        field("reason", "heartbeat_timeout"),
        field("toHealth", "FAILED"),
        field("toStatus", "ERROR"),
        field("fromHealth", "UNHEALTHY"),
        field("fromStatus", "ACTIVE"),
        field("at", "1700000000001"),
        field("revision", "4"),
        field("epoch", "1700000000123456"),
        field("workerId", "w1"),
        field("type", "failed"),
        field("unheardOf", "x"),
    };
    assert_document(event_document(text_of("1700000000001-0"), fields, sizeof fields / sizeof fields[0]),
                    "{\"eventId\":\"1700000000001-0\",\"type\":\"failed\",\"workerId\":\"w1\","
                    "\"epoch\":1700000000123456,\"revision\":4,\"at\":1700000000001,"
                    "\"from\":{\"status\":\"ACTIVE\",\"health\":\"UNHEALTHY\"},"
                    "\"to\":{\"status\":\"ERROR\",\"health\":\"FAILED\"},\"reason\":\"heartbeat_timeout\","
                    "\"evidence\":{\"foundBy\":\"event\",\"lateMs\":3},\"orphanedJobs\":[\"a\",\"b\"],"
                    "\"orphanedJobCount\":2,\"message\":\"why\",\"by\":\"op\"}");
}

static void event_of_new_worker_has_no_from(void **state)
{
    (void)state;
    const struct field fields[] = {field("type", "registered"), field("toStatus", "ACTIVE"),
                                   field("toHealth", "HEALTHY")};
    assert_document(
        event_document(text_of("1-0"), fields, 3),
        "{\"eventId\":\"1-0\",\"type\":\"registered\",\"to\":{\"status\":\"ACTIVE\",\"health\":\"HEALTHY\"}}");
}

static void event_lists_no_orphaned_jobs_as_empty_list(void **state)
{
    (void)state;
    const struct field fields[] = {field("orphanedJobs", "[]"), field("orphanedJobCount", "3")};
    assert_document(event_document(text_of("1-0"), fields, 2),
                    "{\"eventId\":\"1-0\",\"orphanedJobs\":[],\"orphanedJobCount\":3}");
}

static void record_has_what_the_status_document_leaves_out(void **state)
{
    (void)state;
    const struct field fields[] = {
        field("status", "BUSY"),
        field("bootId", "b1"),
        field("jobs", "[\"j1\"]"),
        field("heartbeatTimeoutMs", "3000"),
        field("declared", "BUSY"),
        field("boots", "old\nolder"),
        field("conflicted", "old"),
        field("unhealthyMs", "12"),
        field("lastError", "disk is full"),
    };
    assert_document(record_document(text_of("w1"), fields, sizeof fields / sizeof fields[0]),
                    "{\"workerId\":\"w1\",\"status\":\"BUSY\",\"bootId\":\"b1\",\"heartbeatTimeoutMs\":3000,"
                    "\"declared\":\"BUSY\",\"jobs\":[\"j1\"],\"unhealthyMs\":12,\"lastError\":\"disk is full\","
                    "\"boots\":[\"old\",\"older\"]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reply_of_ok_has_success_and_code),
        cmocka_unit_test(reply_fields_come_in_contract_order),
        cmocka_unit_test(reply_joins_violations_and_lists_them),
        cmocka_unit_test(reply_keeps_message_beside_violations),
        cmocka_unit_test(reply_tells_how_many_violations_it_left_out),
        cmocka_unit_test(reply_leaves_out_half_a_character),
        cmocka_unit_test(reply_leaves_out_revoked_jobs_that_are_no_list),
        cmocka_unit_test(status_fields_come_in_contract_order_and_kind),
        cmocka_unit_test(status_leaves_out_what_is_the_registrys_own),
        cmocka_unit_test(status_leaves_out_texts_that_are_not_their_kind),
        cmocka_unit_test(status_takes_capabilities_as_list_too),
        cmocka_unit_test(status_is_the_same_in_both_encodings),
        cmocka_unit_test(status_writes_numbers_and_texts_as_json_does),
        cmocka_unit_test(status_leaves_out_lists_that_are_not_whole),
        cmocka_unit_test(event_is_the_same_in_both_encodings),
        cmocka_unit_test(reply_has_the_worker_last),
        cmocka_unit_test(record_has_what_the_status_document_leaves_out),
        cmocka_unit_test(event_fields_come_in_contract_order_and_kind),
        cmocka_unit_test(event_of_new_worker_has_no_from),
        cmocka_unit_test(event_lists_no_orphaned_jobs_as_empty_list),
    };
    return cmocka_run_group_tests_name("codec/document", tests, NULL, NULL);
}

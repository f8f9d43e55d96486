/* test_message.c -- decoders and encoders as their callers use them: both encodings, reuse, documents. */
#include "codec/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const enum encoding encodings[] = {ENCODING_JSON, ENCODING_MSGPACK};

static int set_up(void **state)
{
    *state = decoder_new(MESSAGE_BYTES_MAX);
    return *state != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    decoder_free(*state);
    return 0;
}

static void encoding_is_told_by_first_byte(void **state)
{
    (void)state;
    assert_int_equal(encoding_of((struct text){"", 0}), ENCODING_JSON);
    assert_int_equal(encoding_of(text_of("{}")), ENCODING_JSON);
    assert_int_equal(encoding_of(text_of("\r\n {}")), ENCODING_JSON);
    assert_int_equal(encoding_of(text_of("\xef\xbb\xbf{}")), ENCODING_JSON);
    assert_int_equal(encoding_of(text_of("\x80")), ENCODING_MSGPACK);
    assert_int_equal(encoding_of(text_of("\x8f")), ENCODING_MSGPACK);
    assert_int_equal(encoding_of(text_of("\xde")), ENCODING_MSGPACK);
    assert_int_equal(encoding_of(text_of("\xdf")), ENCODING_MSGPACK);
}

static void content_types_are_registered_names(void **state)
{
    (void)state;
    assert_string_equal(encoding_content_type(ENCODING_JSON), "application/json");
    assert_string_equal(encoding_content_type(ENCODING_MSGPACK), "application/msgpack");
}

static struct registration full_registration(void)
{
    return (struct registration){
        .worker_id = text_of("w1"),
        .name = text_of("Ärbeiter \"1\""),
        .host_name = text_of("host"),
        .host_address = text_of("10.0.0.1"),
        .port = {true, 8080},
        .max_concurrent_jobs = {true, 10},
        .capabilities_json = text_of("{\"java\":true,\"old\":false}"),
        .tags_json = text_of("[\"a\",\"b\"]"),
        .version = text_of("1"),
        .priority_threshold = {true, -3},
        .worker_load_factor = {true, 1.2},
        .zone = text_of("z"),
        .heartbeat_interval_ms = {true, 100},
        .heartbeat_timeout_ms = {true, 300},
        .boot_id = text_of("boot"),
        .connection = {true, INT64_MAX},
        .sent_at_ms = {true, 1700000000123},
        .request_id = text_of("r"),
    };
}

static void registration_round_trip_keeps_every_field(void **state)
{
    struct registration given = full_registration();
    for (size_t i = 0; i < 2; i++) {
        struct registration got;
        struct violations violations = {0};
        struct buf payload = {0};
        assert_int_equal(encode_registration(&given, encodings[i], &payload), ERR_OK);
        assert_int_equal(encoding_of(buf_text(&payload)), encodings[i]);
        assert_true(decode_registration(*state, buf_text(&payload), &got, &violations));
        assert_true(text_equal(got.worker_id, given.worker_id) && text_equal(got.name, given.name));
        assert_true(text_equal(got.host_name, given.host_name) && text_equal(got.host_address, given.host_address));
        assert_int_equal(got.port.value, 8080);
        assert_int_equal(got.max_concurrent_jobs.value, 10);
        assert_true(text_equal(got.capabilities_json, given.capabilities_json));
        assert_int_equal(got.capability_names.count, 1);
        assert_true(text_is(got.capability_names.items[0], "java"));
        assert_true(text_equal(got.tags_json, given.tags_json));
        assert_int_equal(got.tags.count, 2);
        assert_true(text_equal(got.version, given.version) && text_equal(got.zone, given.zone));
        assert_int_equal(got.priority_threshold.value, -3);
        assert_true(got.worker_load_factor.value == 1.2);
        assert_int_equal(got.heartbeat_interval_ms.value, 100);
        assert_int_equal(got.heartbeat_timeout_ms.value, 300);
        assert_true(text_equal(got.boot_id, given.boot_id) && text_equal(got.request_id, given.request_id));
        assert_true(got.connection.value == INT64_MAX);
        assert_true(got.sent_at_ms.value == 1700000000123);
        buf_fini(&payload);
    }
}

static void registration_from_lists_declares_them(void **state)
{
    struct text tags[] = {text_of("a"), text_of("b")};
    struct text names[] = {text_of("java")};
    struct registration given = {.tags = {tags, 2}, .capability_names = {names, 1}};
    for (size_t i = 0; i < 2; i++) {
        struct registration got;
        struct violations violations = {0};
        struct buf payload = {0};
        assert_int_equal(encode_registration(&given, encodings[i], &payload), ERR_OK);
        assert_true(decode_registration(*state, buf_text(&payload), &got, &violations));
        assert_true(text_is(got.tags_json, "[\"a\",\"b\"]"));
        assert_true(text_is(got.capabilities_json, "[\"java\"]"));
        assert_null(got.name.data);
        assert_false(got.port.set);
        buf_fini(&payload);
    }
}

static void registration_with_bad_json_is_not_encoded(void **state)
{
    (void)state;
    struct buf payload = {0};
    struct registration bad_capabilities = {.capabilities_json = text_of("{")};
    struct registration bad_tags = {.tags_json = text_of("a,b")};
    struct registration bad_name = {.name = text_of("\xff")};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(encode_registration(&bad_capabilities, encodings[i], &payload), ERR_INVALID);
        assert_int_equal(encode_registration(&bad_tags, encodings[i], &payload), ERR_INVALID);
        assert_int_equal(encode_registration(&bad_name, encodings[i], &payload), ERR_INVALID);
    }
    assert_int_equal(payload.len, 0);
    buf_fini(&payload);
}

static void heartbeat_round_trip_keeps_every_field(void **state)
{
    struct text jobs[] = {text_of("j1"), text_of("j2")};
    struct heartbeat given = {.status = WORKER_MAINTENANCE,
                              .current_job_count = {true, 2},
                              .available_capacity = {true, 8},
                              .cpu_usage = {true, 45.5},
                              .memory_usage = {true, 67.8},
                              .error_count = {true, 1},
                              .message = text_of("fine"),
                              .jobs = {jobs, 2},
                              .jobs_given = true,
                              .seq = {true, 7},
                              .sent_at_ms = {true, 1700000000123},
                              .epoch = {true, 1700000000123456},
                              .boot_id = text_of("b"),
                              .connection = {true, 3}};
    for (size_t i = 0; i < 2; i++) {
        struct heartbeat got;
        struct violations violations = {0};
        struct buf payload = {0};
        assert_int_equal(encode_heartbeat(&given, encodings[i], &payload), ERR_OK);
        assert_true(decode_heartbeat(*state, buf_text(&payload), &got, &violations));
        assert_int_equal(got.status, WORKER_MAINTENANCE);
        assert_int_equal(got.current_job_count.value, 2);
        assert_int_equal(got.available_capacity.value, 8);
        assert_true(got.cpu_usage.value == 45.5 && got.memory_usage.value == 67.8);
        assert_int_equal(got.error_count.value, 1);
        assert_true(text_is(got.message, "fine") && text_is(got.boot_id, "b"));
        assert_true(got.jobs_given && !got.jobs_contradict);
        assert_int_equal(got.jobs.count, 2);
        assert_true(text_is(got.jobs.items[1], "j2"));
        assert_int_equal(got.seq.value, 7);
        assert_true(got.epoch.value == 1700000000123456 && got.sent_at_ms.value == 1700000000123);
        assert_int_equal(got.connection.value, 3);
        buf_fini(&payload);
    }
}

static void heartbeat_of_nothing_is_an_empty_map(void **state)
{
    (void)state;
    const struct heartbeat nothing = {0};
    const struct heartbeat no_jobs = {.jobs_given = true};
    struct buf payload = {0};
    assert_int_equal(encode_heartbeat(&nothing, ENCODING_JSON, &payload), ERR_OK);
    assert_true(text_is(buf_text(&payload), "{}"));
    buf_clear(&payload);
    assert_int_equal(encode_heartbeat(&no_jobs, ENCODING_JSON, &payload), ERR_OK);
    assert_true(text_is(buf_text(&payload), "{\"jobs\":[]}"));
    buf_fini(&payload);
}

static void deregistration_and_will_are_written_in_order(void **state)
{
    (void)state;
    struct buf payload = {0};
    const struct deregistration goodbye = {.force = true, .reason = text_of("done"), .boot_id = text_of("b")};
    const struct will will = {.boot_id = text_of("b"), .connection = {true, 2}};
    assert_int_equal(encode_deregistration(&goodbye, ENCODING_JSON, &payload), ERR_OK);
    assert_true(text_is(buf_text(&payload), "{\"forceDeregister\":true,\"reason\":\"done\",\"bootId\":\"b\"}"));
    buf_clear(&payload);
    assert_int_equal(encode_will(&will, ENCODING_JSON, &payload), ERR_OK);
    assert_true(text_is(buf_text(&payload), "{\"bootId\":\"b\",\"connection\":2}"));
    buf_fini(&payload);
}

static void same_declaration_in_any_form_is_same_bytes(void **state)
{
    static const char *const payloads[] = {
        "{\"capabilities\":{\"b\":1.0,\"a\":[true]},\"tags\":[\"x\",\"y\"]}",
        "{ \"tags\" : \"x, y\", \"capabilities\" : \"{\\\"a\\\": [true], \\\"b\\\": 1}\" }",
        "\x82\xac"
        "capabilities\x82\xa1"
        "b\x01\xa1"
        "a\x91\xc3\xa4tags\x92\xa1x\xa1y",
    };
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        struct registration got;
        struct violations violations = {0};
        assert_true(decode_registration(*state, text_of(payloads[i]), &got, &violations));
        assert_true(text_is(got.capabilities_json, "{\"a\":[true],\"b\":1}"));
        assert_true(text_is(got.tags_json, "[\"x\",\"y\"]"));
    }
}

static void decoder_remembers_nothing_of_message_before(void **state)
{
    struct registration got;
    struct heartbeat heartbeat;
    struct violations violations = {0};
    assert_true(decode_registration(*state, text_of("{\"capabilities\":{\"a\":1},\"tags\":[\"x\"],\"name\":\"n\"}"),
                                    &got, &violations));
    assert_true(decode_registration(*state, text_of("{}"), &got, &violations));
    assert_null(got.capabilities_json.data);
    assert_null(got.tags_json.data);
    assert_null(got.name.data);
    assert_false(decode_heartbeat(*state, text_of("{\"jobs\":[\"a\",{\"b\":["), &heartbeat, &violations));
    violations_clear(&violations);
    assert_true(decode_heartbeat(*state, text_of("{\"jobs\":[\"c\"]}"), &heartbeat, &violations));
    assert_int_equal(heartbeat.jobs.count, 1);
    assert_false(heartbeat.jobs_contradict);
}

/* Capabilities are read twice; what was unescaped before must not move. */
static void text_with_escape_survives_escapes_in_capabilities(void **state)
{
    struct registration got;
    struct violations violations = {0};
    struct buf payload = {0};
    buf_append_string(&payload, "{\"name\":\"\\u0041\",\"capabilities\":{\"x\":[\"");
    for (int i = 0; i < 1000; i++) {
        buf_append_string(&payload, "\\u0042bbbbbbbbbbbbbbb");
    }
    buf_append_string(&payload, "\"]}}");
    assert_true(decode_registration(*state, buf_text(&payload), &got, &violations));
    assert_true(text_is(got.name, "A"));
    buf_fini(&payload);
}

static void violations_of_caller_are_kept(void **state)
{
    struct will will;
    struct violations violations = {0};
    violations_add(&violations, CODE_VALIDATION_FAILED, "from before");
    assert_true(decode_will(*state, text_of("{}"), &will, &violations));
    assert_false(decode_will(*state, text_of("[]"), &will, &violations));
    assert_int_equal(violations.count, 2);
    assert_int_equal(violations.code, CODE_INVALID_PAYLOAD);
    assert_string_equal(violations.texts[0], "from before");
}

static void refused_message_still_tells_request_id(void **state)
{
    struct registration got;
    struct violations violations = {0};
    assert_false(decode_registration(*state, text_of("{\"port\":[1,[2]],\"requestId\":\"r-1\"}"), &got, &violations));
    assert_true(text_is(got.request_id, "r-1"));
    assert_false(got.port.set);
}

static void repeated_job_is_found_in_lists_of_any_length(void **state)
{
    static const int counts[] = {2, 8, 9, 100, 1023};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct heartbeat got;
        struct violations violations = {0};
        struct buf payload = {0};
        buf_append_string(&payload, "{\"jobs\":[");
        for (int k = 0; k < counts[i]; k++) {
            buf_printf(&payload, "\"%d\",", k);
        }
        size_t without_last = payload.len;
        buf_append_string(&payload, "\"last\"]}");
        assert_true(decode_heartbeat(*state, buf_text(&payload), &got, &violations));
        assert_false(got.jobs_contradict);
        payload.len = without_last;
        buf_append_string(&payload, "\"1\"]}");
        assert_true(decode_heartbeat(*state, buf_text(&payload), &got, &violations));
        assert_true(got.jobs_contradict);
        buf_fini(&payload);
    }
}

static void items_of_batch_are_decoded_in_any_order_and_again(void **state)
{
    struct batch batch;
    struct heartbeat got;
    struct violations violations = {0};
    assert_true(decode_batch(*state,
                             text_of("{\"workers\":[{\"workerId\":\"w\\u0031\",\"jobs\":[\"a\",\"a\"]},"
                                     "{\"workerId\":\"w2\"}],\"requestId\":\"\\u0072\"}"),
                             &batch, &violations));
    assert_int_equal(batch.items.count, 2);
    assert_int_equal(batch.encoding, ENCODING_JSON);
    for (int i = 0; i < 2; i++) {
        assert_true(decode_batch_heartbeat(*state, &batch, 1, &got, &violations));
        assert_true(text_is(got.worker_id, "w2") && !got.jobs_given);
        assert_true(decode_batch_heartbeat(*state, &batch, 0, &got, &violations));
        assert_true(text_is(got.worker_id, "w1") && got.jobs_contradict);
    }
    assert_true(text_is(batch.request_id, "r"));
}

static void state_of_item_is_decoded_beside_its_registration(void **state)
{
    struct batch batch;
    struct worker_state got;
    struct violations violations = {0};
    assert_true(decode_batch(*state,
                             text_of("{\"force\":true,\"workers\":[{\"workerId\":\"w1\",\"name\":\"N\",\"epoch\":7,"
                                     "\"health\":\"FAILED\",\"jobs\":[\"j1\",\"j2\"],\"revokedJobs\":[\"j3\"],"
                                     "\"boots\":[\"b1\",\"b2\"],\"tags\":[\"t\"]},{\"epoch\":\"x\",\"boots\":[5],"
                                     "\"status\":\"LOST\"}]}"),
                             &batch, &violations));
    assert_true(batch.force);
    assert_true(decode_batch_state(*state, &batch, 0, &got, &violations));
    assert_true(text_is(got.worker_id, "w1"));
    assert_int_equal(got.epoch.value, 7);
    assert_int_equal(got.health, HEALTH_FAILED);
    assert_int_equal(got.jobs.count, 2);
    assert_true(text_is(got.jobs.items[1], "j2"));
    assert_int_equal(got.revoked_jobs.count, 1);
    assert_true(text_is(got.revoked_jobs.items[0], "j3"));
    assert_int_equal(got.boots.count, 2);
    assert_true(text_is(got.boots.items[0], "b1"));
    assert_false(decode_batch_state(*state, &batch, 1, &got, &violations));
    assert_int_equal(violations.count, 3);
    assert_int_equal(violations.code, CODE_INVALID_PAYLOAD);
}

static void batch_holds_as_many_items_as_it_may(void **state)
{
    struct batch batch;
    struct will got;
    struct violations violations = {0};
    struct buf payload = {0};
    for (int i = 0; i < BATCH_ITEMS_MAX; i++) {
        buf_printf(&payload, "%s{\"workerId\":\"w%d\"}", i == 0 ? "[" : ",", i);
    }
    buf_append_string(&payload, "]");
    assert_true(decode_batch(*state, buf_text(&payload), &batch, &violations));
    assert_int_equal(batch.items.count, BATCH_ITEMS_MAX);
    assert_true(decode_batch_will(*state, &batch, BATCH_ITEMS_MAX - 1, &got, &violations));
    assert_true(text_is(got.worker_id, "w999"));
    buf_fini(&payload);
}

/* Each item is held to what a message of its own would be, and the others are none the worse. */
static void item_beyond_limit_of_message_is_refused_alone(void **state)
{
    (void)state;
    static const struct {
        const char *repeated;
        int times;
        const char *sentence;
    } cases[] = {
        {"1,", 33000, "item must be at most 65536 bytes (has 66025)"},
        {"[],", 1100, "item must hold at most 1024 lists and maps (has more)"},
    };
    struct decoder *large = decoder_new(MESSAGE_GATEWAY_BYTES_MAX);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct batch batch;
        struct deregistration got;
        struct violations violations = {0};
        struct buf payload = {0};
        buf_append_string(&payload, "{\"workers\":[{\"workerId\":\"w1\",\"x\":[");
        for (int k = 0; k < cases[i].times; k++) {
            buf_append_string(&payload, cases[i].repeated);
        }
        buf_append_string(&payload, "1]},{\"workerId\":\"w2\"}]}");
        assert_true(decode_batch(large, buf_text(&payload), &batch, &violations));
        assert_false(decode_batch_deregistration(large, &batch, 0, &got, &violations));
        assert_int_equal(violations.code, CODE_TOO_LARGE);
        assert_string_equal(violations.texts[0], cases[i].sentence);
        assert_true(text_is(got.worker_id, "w1"));
        violations_clear(&violations);
        assert_true(decode_batch_deregistration(large, &batch, 1, &got, &violations));
        assert_true(text_is(got.worker_id, "w2"));
        buf_fini(&payload);
    }
    decoder_free(large);
}

static void batch_holds_as_many_bytes_as_its_decoder_takes(void **state)
{
    (void)state;
    struct decoder *large = decoder_new(MESSAGE_GATEWAY_BYTES_MAX);
    struct batch batch;
    struct violations violations = {0};
    struct buf payload = {0};
    buf_append_string(&payload, "[{}]");
    while (payload.len < MESSAGE_GATEWAY_BYTES_MAX) {
        buf_append_string(&payload, " ");
    }
    assert_true(decode_batch(large, buf_text(&payload), &batch, &violations));
    assert_int_equal(batch.items.count, 1);
    buf_append_string(&payload, " ");
    assert_false(decode_batch(large, buf_text(&payload), &batch, &violations));
    assert_int_equal(violations.code, CODE_TOO_LARGE);
    assert_string_equal(violations.texts[0], "payload must be at most 1048576 bytes (has 1048577)");
    assert_int_equal(batch.items.count, 0);
    buf_fini(&payload);
    decoder_free(large);
}

static void registrations_of_batch_keep_their_own_declarations(void **state)
{
    struct batch batch;
    struct registration got;
    struct violations violations = {0};
    const char *payload = "[{\"capabilities\":{\"a\":1},\"tags\":\"x\"},{\"capabilities\":7},{\"name\":\"n\"}]";
    assert_true(decode_batch(*state, text_of(payload), &batch, &violations));
    assert_true(decode_batch_registration(*state, &batch, 0, &got, &violations));
    assert_true(text_is(got.capabilities_json, "{\"a\":1}") && text_is(got.tags_json, "[\"x\"]"));
    assert_false(decode_batch_registration(*state, &batch, 1, &got, &violations));
    violations_clear(&violations);
    assert_true(decode_batch_registration(*state, &batch, 2, &got, &violations));
    assert_null(got.capabilities_json.data);
    assert_null(got.tags_json.data);
    assert_true(text_is(got.name, "n"));
}

static void decoder_keeps_to_its_own_limit(void **state)
{
    (void)state;
    struct decoder *small = decoder_new(64);
    struct heartbeat got;
    struct violations violations = {0};
    assert_true(decode_heartbeat(small, text_of("{\"message\":\"short\"}"), &got, &violations));
    assert_false(decode_heartbeat(small,
                                  text_of("{\"message\":\"a message that does not fit into sixty-four bytes at all\"}"),
                                  &got, &violations));
    assert_int_equal(violations.code, CODE_TOO_LARGE);
    assert_string_equal(violations.texts[0], "payload must be at most 64 bytes (has 70)");
    decoder_free(small);
    decoder_free(NULL);
}

static void document_in_json_keeps_order_and_numbers(void **state)
{
    struct violations violations = {0};
    const char *json = "{\"z\":1,\"a\":{\"x\":67.8,\"y\":[null,\"t\"]},\"n\":-5}";
    json_t *document = decode_document(*state, text_of(json), &violations);
    struct buf out = {0};
    assert_non_null(document);
    assert_int_equal(encode_document(document, ENCODING_JSON, &out), ERR_OK);
    assert_true(text_is(buf_text(&out), json));
    json_decref(document);
    buf_fini(&out);
}

static void document_that_is_none_is_refused(void **state)
{
    static const struct {
        struct text payload;
        enum reply_code code;
        const char *sentence;
    } cases[] = {
        {{"", 0}, CODE_INVALID_PAYLOAD, "payload must be a map (is empty)"},
        {{"[]", 2}, CODE_INVALID_PAYLOAD, "payload must be a map (is a list)"},
        {{"{\"a\":1,\"a\":2}", 13}, CODE_INVALID_PAYLOAD, "payload must be without names that come twice"},
        {{"{\"a\":\"\xff\"}", 9}, CODE_INVALID_PAYLOAD, "payload must be without text that is not UTF-8"},
        {{"{}x", 3}, CODE_INVALID_PAYLOAD, "payload must be one value (has 1 bytes after it)"},
        {{"{\"a\":[[[[[[[[]]]]]]]]}", 22}, CODE_TOO_LARGE, "payload must be nested at most 8 deep (is deeper)"},
        {{"\x81\xa1"
          "a",
          3},
         CODE_INVALID_PAYLOAD,
         "payload must be valid MessagePack (at byte 3: it ends too early)"},
        {{"\x81\x01\x02", 3}, CODE_INVALID_PAYLOAD, "payload must be without names that are not text"},
        {{"\x81\xa1"
          "a\xc4\x00",
          5},
         CODE_INVALID_PAYLOAD,
         "payload must be without binary data"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct violations violations = {0};
        assert_null(decode_document(*state, cases[i].payload, &violations));
        assert_int_equal(violations.code, cases[i].code);
        assert_string_equal(violations.texts[0], cases[i].sentence);
        assert_int_equal(violations.count, 1);
    }
}

static void document_of_nothing_is_not_encoded(void **state)
{
    (void)state;
    struct buf out = {0};
    assert_int_equal(encode_document(NULL, ENCODING_JSON, &out), ERR_INVALID);
    assert_int_equal(encode_document(NULL, ENCODING_MSGPACK, &out), ERR_INVALID);
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoding_is_told_by_first_byte),
        cmocka_unit_test(content_types_are_registered_names),
        cmocka_unit_test_setup_teardown(registration_round_trip_keeps_every_field, set_up, tear_down),
        cmocka_unit_test_setup_teardown(registration_from_lists_declares_them, set_up, tear_down),
        cmocka_unit_test(registration_with_bad_json_is_not_encoded),
        cmocka_unit_test_setup_teardown(heartbeat_round_trip_keeps_every_field, set_up, tear_down),
        cmocka_unit_test(heartbeat_of_nothing_is_an_empty_map),
        cmocka_unit_test(deregistration_and_will_are_written_in_order),
        cmocka_unit_test_setup_teardown(same_declaration_in_any_form_is_same_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decoder_remembers_nothing_of_message_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_with_escape_survives_escapes_in_capabilities, set_up, tear_down),
        cmocka_unit_test_setup_teardown(violations_of_caller_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refused_message_still_tells_request_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(repeated_job_is_found_in_lists_of_any_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(items_of_batch_are_decoded_in_any_order_and_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(state_of_item_is_decoded_beside_its_registration, set_up, tear_down),
        cmocka_unit_test_setup_teardown(batch_holds_as_many_items_as_it_may, set_up, tear_down),
        cmocka_unit_test(item_beyond_limit_of_message_is_refused_alone),
        cmocka_unit_test(batch_holds_as_many_bytes_as_its_decoder_takes),
        cmocka_unit_test_setup_teardown(registrations_of_batch_keep_their_own_declarations, set_up, tear_down),
        cmocka_unit_test(decoder_keeps_to_its_own_limit),
        cmocka_unit_test_setup_teardown(document_in_json_keeps_order_and_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(document_that_is_none_is_refused, set_up, tear_down),
        cmocka_unit_test(document_of_nothing_is_not_encoded),
    };
    return cmocka_run_group_tests_name("codec/message", tests, NULL, NULL);
}

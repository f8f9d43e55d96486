/* test_record.c -- messages written one behind the other come out as they went in. */
#include "broker/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_text(struct text text, const char *expected)
{
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.data, expected, text.len);
}

static void append(struct buf *buf, const struct broker_message *message, size_t payload_len)
{
    assert_true(buf_reserve(buf, record_bytes(message, payload_len)));
    record_append(buf, message, payload_len);
}

static void messages_of_any_length_come_out_in_order(void **state)
{
    (void)state;
    struct buf buf = {0};
    struct broker_message first = {.topic = text_of("a"),
                                   .payload = text_of("payload"),
                                   .payload_bytes = 7,
                                   .response_topic = text_of("reply/to"),
                                   .correlation = text_of("c"),
                                   .qos = 1,
                                   .retained = true};
    struct broker_message second = {.topic = text_of("topic/of/another"), .payload = {NULL, 0}};
    struct broker_message out = {0};
    append(&buf, &first, first.payload.len);
    append(&buf, &second, 0);
    size_t at = record_read(buf.data, &out);
    assert_int_equal(at, record_bytes(&first, first.payload.len));
    assert_text(out.topic, "a");
    assert_text(out.payload, "payload");
    assert_text(out.response_topic, "reply/to");
    assert_text(out.correlation, "c");
    assert_int_equal(out.qos, 1);
    assert_true(out.retained);
    at += record_read(buf.data + at, &out);
    assert_int_equal(at, buf.len);
    assert_text(out.topic, "topic/of/another");
    assert_int_equal(out.payload.len, 0);
    assert_false(out.retained);
    buf_fini(&buf);
}

static void absent_and_empty_response_topic_stay_apart(void **state)
{
    (void)state;
    struct buf buf = {0};
    struct broker_message absent = {.topic = text_of("a")};
    struct broker_message empty = {.topic = text_of("a"), .response_topic = text_of(""), .correlation = text_of("")};
    struct broker_message out = {0};
    append(&buf, &absent, 0);
    append(&buf, &empty, 0);
    size_t at = record_read(buf.data, &out);
    assert_null(out.response_topic.data);
    assert_null(out.correlation.data);
    (void)record_read(buf.data + at, &out);
    assert_non_null(out.response_topic.data);
    assert_non_null(out.correlation.data);
    buf_fini(&buf);
}

static void payload_that_is_cut_off_keeps_its_true_length(void **state)
{
    (void)state;
    struct buf buf = {0};
    struct broker_message message = {
        .topic = text_of("a"), .payload = text_of("0123456789"), .payload_bytes = 10, .correlation = text_of("c")};
    struct broker_message out = {0};
    append(&buf, &message, 4);
    assert_int_equal(record_read(buf.data, &out), buf.len);
    assert_text(out.payload, "0123");
    assert_int_equal(out.payload_bytes, 10);
    assert_text(out.correlation, "c");
    buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_any_length_come_out_in_order),
        cmocka_unit_test(absent_and_empty_response_topic_stay_apart),
        cmocka_unit_test(payload_that_is_cut_off_keeps_its_true_length),
    };
    return cmocka_run_group_tests_name("broker/record", tests, NULL, NULL);
}

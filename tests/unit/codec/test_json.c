/* test_json.c -- JSON payloads: the golden ones, and where numbers and texts are hard. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

static void vectors_in_json_decode_as_they_say(void **state)
{
    (void)state;
    check_vectors(ENCODING_JSON);
}

static void prefixes_of_valid_json_are_refused(void **state)
{
    (void)state;
    check_prefixes(ENCODING_JSON);
}

static bool decode_load(struct decoder *decoder, const char *number, double *out_load)
{
    char payload[512];
    struct heartbeat heartbeat;
    struct violations violations = {0};
    (void)snprintf(payload, sizeof payload, "{\"cpuUsage\":%s}", number);
    bool decoded = decode_heartbeat(decoder, text_of(payload), &heartbeat, &violations);
    *out_load = heartbeat.cpu_usage.value;
    return decoded;
}

static void numbers_are_rounded_as_strtod_rounds_them(void **state)
{
    (void)state;
    static const char *const numbers[] = {
        "0.1",
        "67.8",
        "1e22",
        "1e23",
        "123456789012345678",
        "9007199254740993",
        "9007199254740993.0",
        "0.30000000000000004",
        "1.7976931348623157e308",
        "4.9e-324",
        "2.2250738585072014e-308",
        "5e-324",
        "1e-22",
        "1e-23",
        "123e-30",
        "-0.5e1",
        "179769313486231580793728971405301e270",
        "3.14159265358979323846264338327950288419716939937510582097494459230781640",
        "100000000000000000000000000000000000000",
        "0.000000000000000000000000000000000000000000012",
        "1E0003",
        "1e-0",
    };
    struct decoder *decoder = decoder_new(MESSAGE_BYTES_MAX);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        double load = 0;
        assert_true(decode_load(decoder, numbers[i], &load));
        if (load != strtod(numbers[i], NULL)) {
            fail_msg("%s became %.17g", numbers[i], load);
        }
    }
    decoder_free(decoder);
}

static void random_decimals_are_rounded_as_strtod_rounds_them(void **state)
{
    (void)state;
    struct decoder *decoder = decoder_new(MESSAGE_BYTES_MAX);
    uint64_t random = 88172645463325252U;
    for (size_t i = 0; i < 20000; i++) {
        char number[64];
        double load = 0;
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (void)snprintf(number, sizeof number, "%llu.%llue%d", (unsigned long long)(random >> (random % 61)),
                       (unsigned long long)(random % 1000003), (int)(random % 61) - 30);
        assert_true(decode_load(decoder, number, &load));
        if (load != strtod(number, NULL)) {
            fail_msg("%s became %.17g", number, load);
        }
    }
    decoder_free(decoder);
}

static void texts_with_escapes_stay_where_they_are(void **state)
{
    (void)state;
    struct decoder *decoder = decoder_new(MESSAGE_BYTES_MAX);
    struct heartbeat heartbeat;
    struct violations violations = {0};
    struct buf payload = {0};
    buf_append_string(&payload, "{\"message\":\"\\u0061\\/b\",\"jobs\":[");
    for (int i = 0; i < 1000; i++) {
        buf_printf(&payload, "%s\"\\u006aob-%d\"", i > 0 ? "," : "", i);
    }
    buf_append_string(&payload, "],\"bootId\":\"\\\"x\\\"\"}");
    assert_true(decode_heartbeat(decoder, buf_text(&payload), &heartbeat, &violations));
    assert_true(text_is(heartbeat.message, "a/b"));
    assert_true(text_is(heartbeat.boot_id, "\"x\""));
    assert_int_equal(heartbeat.jobs.count, 1000);
    for (int i = 0; i < 1000; i++) {
        char job[16];
        (void)snprintf(job, sizeof job, "job-%d", i);
        assert_true(text_is(heartbeat.jobs.items[i], job));
    }
    buf_fini(&payload);
    decoder_free(decoder);
}

static void escapes_within_text_within_text_are_undone_twice(void **state)
{
    (void)state;
    struct decoder *decoder = decoder_new(MESSAGE_BYTES_MAX);
    struct registration registration;
    struct violations violations = {0};
    const char *payload =
        "{\"zone\":\"\\u007a\",\"capabilities\":\"{\\\"j\\\\u0061va\\\": \\\"\\\\u00e9\\\"}\",\"name\":\"\\u006e\"}";
    assert_true(decode_registration(decoder, text_of(payload), &registration, &violations));
    assert_true(text_is(registration.capabilities_json, "{\"java\":\"é\"}"));
    assert_true(text_is(registration.zone, "z"));
    assert_true(text_is(registration.name, "n"));
    decoder_free(decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_in_json_decode_as_they_say),
        cmocka_unit_test(prefixes_of_valid_json_are_refused),
        cmocka_unit_test(numbers_are_rounded_as_strtod_rounds_them),
        cmocka_unit_test(random_decimals_are_rounded_as_strtod_rounds_them),
        cmocka_unit_test(texts_with_escapes_stay_where_they_are),
        cmocka_unit_test(escapes_within_text_within_text_are_undone_twice),
    };
    return cmocka_run_group_tests_name("codec/json", tests, NULL, NULL);
}

/* test_diagnosis.c -- what the doctor makes of what it saw. */
#include "ctl/diagnosis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { NOW_MS = 1000000000 };

static void assert_last(const struct diagnosis *diagnosis, enum verdict verdict, const char *subject,
                        const char *fragment)
{
    assert_true(diagnosis->count > 0);
    const struct finding *last = &diagnosis->findings[diagnosis->count - 1];
    assert_int_equal(last->verdict, verdict);
    assert_string_equal(last->subject, subject);
    assert_non_null(strstr(last->text, fragment));
    assert_true(verdict == VERDICT_OK || last->advice != NULL || strcmp(subject, "alert") == 0);
}

static json_t *parsed(const char *text)
{
    json_t *tree = json_loads(text, 0, NULL);
    assert_non_null(tree);
    return tree;
}

static struct diagnosis presence(const char *documents)
{
    struct diagnosis diagnosis = {.count = 0};
    json_t *list = parsed(documents);
    diagnosis_presence(&diagnosis, list, NOW_MS);
    json_decref(list);
    return diagnosis;
}

#define ONLINE(name, role) "{\"instance\":\"" name "\",\"state\":\"online\",\"role\":\"" role "\",\"at\":999999000}"

static void presence_of_one_active_is_ok(void **state)
{
    (void)state;
    struct diagnosis diagnosis = presence("[" ONLINE("d0", "standby") "," ONLINE("d1", "active") "]");
    assert_last(&diagnosis, VERDICT_OK, "registry", "d1 is active, 1 standing by");
    assert_int_equal(diagnosis_worst(&diagnosis), VERDICT_OK);
}

static void presence_without_active_fails(void **state)
{
    (void)state;
    struct diagnosis diagnosis = presence("[]");
    assert_last(&diagnosis, VERDICT_FAIL, "registry", "no registry is online");
    diagnosis = presence("[" ONLINE("d0", "standby") "]");
    assert_last(&diagnosis, VERDICT_FAIL, "registry", "none is active, 1 standing by");
}

static void presence_of_two_active_or_one_gone_warns(void **state)
{
    (void)state;
    struct diagnosis diagnosis = presence("[" ONLINE("d0", "active") "," ONLINE("d1", "active") "]");
    assert_last(&diagnosis, VERDICT_WARN, "registry", "2 say that they are active");
    diagnosis = presence("[{\"instance\":\"d9\",\"state\":\"offline\"}," ONLINE("d1", "active") "]");
    assert_last(&diagnosis, VERDICT_OK, "registry", "d1 is active");
    assert_int_equal(diagnosis_worst(&diagnosis), VERDICT_WARN);
    assert_non_null(strstr(diagnosis.findings[0].text, "d9 has ended"));
}

static void presence_told_long_ago_warns(void **state)
{
    (void)state;
    struct diagnosis diagnosis =
        presence("[{\"instance\":\"d0\",\"state\":\"online\",\"role\":\"active\",\"at\":998000000}]");
    assert_int_equal(diagnosis_worst(&diagnosis), VERDICT_WARN);
    assert_non_null(strstr(diagnosis.findings[0].text, "33m20s ago"));
}

static void clock_beyond_what_is_certain_is_judged(void **state)
{
    (void)state;
    struct diagnosis diagnosis = {.count = 0};
    diagnosis_clock(&diagnosis, -4, 5);
    assert_last(&diagnosis, VERDICT_OK, "clock", "agree");
    diagnosis_clock(&diagnosis, -1400, 500);
    assert_last(&diagnosis, VERDICT_OK, "clock", "1.4s behind this one");
    diagnosis_clock(&diagnosis, 1500, 500);
    assert_last(&diagnosis, VERDICT_WARN, "clock", "1.5s ahead of this one");
    diagnosis_clock(&diagnosis, -3600000, 5);
    assert_last(&diagnosis, VERDICT_FAIL, "clock", "1h00m behind");
}

static void answer_that_is_slow_warns(void **state)
{
    (void)state;
    struct diagnosis diagnosis = {.count = 0};
    diagnosis_answer(&diagnosis, 999);
    assert_last(&diagnosis, VERDICT_OK, "answer", "in 999 ms");
    diagnosis_answer(&diagnosis, 1000);
    assert_last(&diagnosis, VERDICT_WARN, "answer", "in 1000 ms");
}

static void canaries_unheard_warn_only_those_who_may_hear_them(void **state)
{
    (void)state;
    struct diagnosis diagnosis = {.count = 0};
    diagnosis_canaries(&diagnosis, 0, 1000, false);
    assert_last(&diagnosis, VERDICT_OK, "hearing", "this user hears no canary");
    diagnosis_canaries(&diagnosis, 0, 1000, true);
    assert_last(&diagnosis, VERDICT_WARN, "hearing", "0 canaries");
    diagnosis_canaries(&diagnosis, 4, 1000, false);
    assert_last(&diagnosis, VERDICT_WARN, "hearing", "4 canaries");
    diagnosis_canaries(&diagnosis, 5, 1000, true);
    assert_last(&diagnosis, VERDICT_OK, "hearing", "5 canaries");
}

static void retained_messages_warn_with_an_example(void **state)
{
    (void)state;
    struct diagnosis diagnosis = {.count = 0};
    diagnosis_retained(&diagnosis, "worker/+/+", 0, "");
    assert_last(&diagnosis, VERDICT_OK, "retained", "worker/+/+");
    diagnosis_retained(&diagnosis, "worker/+/+", 2, "worker/w1/heartbeat");
    assert_last(&diagnosis, VERDICT_WARN, "retained", "2 retained messages on worker/+/+, such as worker/w1/heartbeat");
}

static void alerts_raised_count_by_their_severity(void **state)
{
    (void)state;
    struct diagnosis diagnosis = {.count = 0};
    json_t *reply = parsed("{\"alerts\":[{\"rule\":\"a\",\"state\":\"cleared\",\"severity\":\"critical\"}]}");
    diagnosis_alerts(&diagnosis, reply);
    assert_last(&diagnosis, VERDICT_OK, "alert", "none is raised");
    json_decref(reply);
    static const struct {
        const char *severity;
        enum verdict verdict;
    } cases[] = {{"info", VERDICT_OK}, {"warning", VERDICT_WARN}, {"critical", VERDICT_FAIL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        reply = json_pack("{s:[{s:s, s:s, s:s, s:s}]}", "alerts", "rule", "full", "state", "raised", "severity",
                          cases[i].severity, "message", "too much");
        diagnosis_alerts(&diagnosis, reply);
        assert_last(&diagnosis, cases[i].verdict, "alert", "full: too much");
        json_decref(reply);
    }
}

static void redis_is_told_with_who_named_it(void **state)
{
    (void)state;
    struct diagnosis diagnosis = {.count = 0};
    json_t *reply =
        json_pack("{s:s, s:[{s:s, s:s}]}", "redis", "redis://h/0", "config", "key", "redis.sentinel", "value", "");
    diagnosis_redis(&diagnosis, reply);
    assert_last(&diagnosis, VERDICT_OK, "redis", "redis://h/0");
    json_decref(reply);
    reply = json_pack("{s:s, s:[{s:s, s:s}]}", "redis", "10.0.0.7:6379", "config", "key", "redis.sentinel", "value",
                      "fleet@s1,s2");
    diagnosis_redis(&diagnosis, reply);
    assert_last(&diagnosis, VERDICT_OK, "redis", "10.0.0.7:6379, the master as redis.sentinel names it: fleet@s1,s2");
    json_decref(reply);
}

static void unreachable_advises_by_the_reason_code(void **state)
{
    (void)state;
    struct diagnosis diagnosis = {.count = 0};
    diagnosis_unreachable(&diagnosis, 0x84, "no");
    assert_last(&diagnosis, VERDICT_FAIL, "mqtt 5", "no");
    diagnosis_unreachable(&diagnosis, 0x86, "no");
    assert_last(&diagnosis, VERDICT_FAIL, "broker", "no");
    assert_non_null(strstr(diagnosis.findings[1].advice, "--password-file"));
    diagnosis_unreachable(&diagnosis, -1, "no");
    assert_non_null(strstr(diagnosis.findings[2].advice, "--uri"));
}

static void append_shows_advice_below_and_escapes_what_was_read(void **state)
{
    (void)state;
    struct diagnosis diagnosis = {.count = 0};
    struct buf out = {0};
    diagnosis_add(&diagnosis, VERDICT_OK, "fleet", NULL, "%d workers", 2);
    diagnosis_add(&diagnosis, VERDICT_WARN, "retained", "delete it", "on \033[1mx");
    diagnosis_append(&out, &diagnosis, false);
    assert_string_equal(buf_terminated(&out), "ok    fleet           2 workers\n"
                                              "warn  retained        on ?[1mx\n"
                                              "                      -> delete it\n");
    buf_fini(&out);
    json_t *document = diagnosis_json(&diagnosis);
    json_t *expected = parsed("{\"verdict\":\"warn\",\"findings\":["
                              "{\"verdict\":\"ok\",\"subject\":\"fleet\",\"text\":\"2 workers\"},"
                              "{\"verdict\":\"warn\",\"subject\":\"retained\",\"text\":\"on \\u001b[1mx\","
                              "\"advice\":\"delete it\"}]}");
    assert_true(json_equal(document, expected));
    json_decref(document);
    json_decref(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presence_of_one_active_is_ok),
        cmocka_unit_test(presence_without_active_fails),
        cmocka_unit_test(presence_of_two_active_or_one_gone_warns),
        cmocka_unit_test(presence_told_long_ago_warns),
        cmocka_unit_test(clock_beyond_what_is_certain_is_judged),
        cmocka_unit_test(answer_that_is_slow_warns),
        cmocka_unit_test(canaries_unheard_warn_only_those_who_may_hear_them),
        cmocka_unit_test(retained_messages_warn_with_an_example),
        cmocka_unit_test(alerts_raised_count_by_their_severity),
        cmocka_unit_test(redis_is_told_with_who_named_it),
        cmocka_unit_test(unreachable_advises_by_the_reason_code),
        cmocka_unit_test(append_shows_advice_below_and_escapes_what_was_read),
    };
    return cmocka_run_group_tests_name("ctl/diagnosis", tests, NULL, NULL);
}

/* test_event_line.c -- events as people read them, and the order of their ids. */
#include "ctl/event_line.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static struct event_id id_of(const char *text)
{
    struct event_id id = {0};
    assert_true(event_id_parse(text, &id));
    return id;
}

static void assert_line(const char *event, const char *line)
{
    struct buf out = {0};
    json_t *document = json_loads(event, 0, NULL);
    assert_non_null(document);
    event_line_append(&out, document);
    assert_string_equal(buf_terminated(&out), line);
    json_decref(document);
    buf_fini(&out);
}

static void parse_what_is_no_id_fails_and_leaves_the_output(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "-", "x", "1-", "-1", "1-2-3", " 1", "+1", "1x", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct event_id id = {7, 7};
        assert_false(event_id_parse(wrong[i], &id));
        assert_int_equal(id.at_ms, 7);
        assert_int_equal(id.sequence, 7);
    }
}

static void compare_orders_by_time_then_sequence(void **state)
{
    (void)state;
    assert_true(event_id_compare(id_of("9-9"), id_of("10-0")) < 0);
    assert_true(event_id_compare(id_of("10-10"), id_of("10-9")) > 0);
    assert_true(event_id_compare(id_of("10"), id_of("10-0")) == 0);
}

static void line_of_failure_says_change_reason_lateness_and_jobs(void **state)
{
    (void)state;
    assert_line("{\"eventId\":\"1000000000007-0\",\"type\":\"failed\",\"workerId\":\"w1\",\"at\":1000000000007,"
                "\"from\":{\"status\":\"BUSY\",\"health\":\"UNHEALTHY\"},\"to\":{\"status\":\"ERROR\",\"health\":"
                "\"FAILED\"},\"reason\":\"heartbeat_timeout\",\"evidence\":{\"lateMs\":12},\"orphanedJobCount\":2,"
                "\"orphanedJobs\":[\"j1\",\"j2\"]}",
                "2001-09-09 01:46:40.007  1000000000007-0  failed        w1                    BUSY/UNHEALTHY → "
                "ERROR/FAILED  heartbeat_timeout (12 ms past its deadline)  jobs orphaned: 2 (j1 j2)");
}

static void line_of_first_registration_says_only_what_is(void **state)
{
    (void)state;
    assert_line("{\"eventId\":\"1-0\",\"type\":\"registered\",\"workerId\":\"w1\",\"at\":1,\"to\":{\"status\":"
                "\"ACTIVE\",\"health\":\"HEALTHY\"}}",
                "1970-01-01 00:00:00.001  1-0              registered    w1                    ACTIVE/HEALTHY");
}

static void line_of_operation_says_who_asked_and_why(void **state)
{
    (void)state;
    assert_line("{\"eventId\":\"1-0\",\"type\":\"checked\",\"at\":1,\"by\":\"ann\",\"message\":\"2 found\"}",
                "1970-01-01 00:00:00.001  1-0              checked                               by ann: 2 found");
    assert_line("{\"eventId\":\"1-0\",\"type\":\"refused\",\"workerId\":\"w1\",\"at\":1,\"message\":\"no name\"}",
                "1970-01-01 00:00:00.001  1-0              refused       w1                      no name");
}

static void line_of_hostile_text_obeys_nothing(void **state)
{
    (void)state;
    assert_line("{\"eventId\":\"1-0\",\"type\":\"failed\",\"workerId\":\"\\u001b[2J\",\"at\":1,\"orphanedJobCount\":3}",
                "1970-01-01 00:00:00.001  1-0              failed        ?[2J                    jobs orphaned: 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_what_is_no_id_fails_and_leaves_the_output),
        cmocka_unit_test(compare_orders_by_time_then_sequence),
        cmocka_unit_test(line_of_failure_says_change_reason_lateness_and_jobs),
        cmocka_unit_test(line_of_first_registration_says_only_what_is),
        cmocka_unit_test(line_of_operation_says_who_asked_and_why),
        cmocka_unit_test(line_of_hostile_text_obeys_nothing),
    };
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    (void)setenv("TZ", "UTC0", 1);
    tzset();
    return cmocka_run_group_tests_name("ctl/event_line", tests, NULL, NULL);
}

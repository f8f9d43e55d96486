/* test_hearing.c -- the hearing rule: what silence may be held against a worker. */
#include "domain/hearing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static enum hearing_verdict judge(const struct hearing *hearing, int64_t deadline_ms, int64_t duration_ms,
                                  int64_t now_ms)
{
    int64_t rest_ms = -1;
    return hearing_judge(hearing, deadline_ms, duration_ms, now_ms, &rest_ms);
}

static void judge_heard_throughout_is_silent(void **state)
{
    (void)state;
    struct hearing hearing = {.since_ms = 1000, .until_ms = 5000};
    assert_int_equal(judge(&hearing, 5000, 4000, 5010), HEARING_SILENT);
}

static void judge_before_canary_past_deadline_waits(void **state)
{
    (void)state;
    struct hearing hearing = {.since_ms = 1000, .until_ms = 4999};
    assert_int_equal(judge(&hearing, 5000, 3000, 5010), HEARING_WAIT);
}

static void judge_hearing_began_late_arms_rest(void **state)
{
    (void)state;
    struct hearing hearing = {.since_ms = 4000, .until_ms = 5000};
    int64_t rest_ms = 0;
    assert_int_equal(hearing_judge(&hearing, 5000, 3000, 5010, &rest_ms), HEARING_TOO_NEW);
    assert_int_equal(rest_ms, 4000 + 3000 - 5010);
}

static void judge_late_but_already_heard_enough_arms_at_once(void **state)
{
    (void)state;
    struct hearing hearing = {.since_ms = 4000, .until_ms = 9000};
    int64_t rest_ms = 0;
    assert_int_equal(hearing_judge(&hearing, 5000, 3000, 9000, &rest_ms), HEARING_TOO_NEW);
    assert_int_equal(rest_ms, 1);
}

static void confirm_from_before_interruption_is_nothing(void **state)
{
    (void)state;
    struct hearing hearing = {.since_ms = 1000, .until_ms = 5000};
    hearing_interrupt(&hearing, 6000);
    hearing_confirm(&hearing, 5999);
    assert_true(hearing_is_deaf(&hearing));
    hearing_confirm(&hearing, 6000);
    assert_false(hearing_is_deaf(&hearing));
    assert_int_equal(hearing.until_ms, 6000);
}

static void confirm_out_of_order_keeps_latest(void **state)
{
    (void)state;
    struct hearing hearing = {.since_ms = 1000, .until_ms = 5000};
    hearing_confirm(&hearing, 4000);
    assert_int_equal(hearing.until_ms, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judge_heard_throughout_is_silent),
        cmocka_unit_test(judge_before_canary_past_deadline_waits),
        cmocka_unit_test(judge_hearing_began_late_arms_rest),
        cmocka_unit_test(judge_late_but_already_heard_enough_arms_at_once),
        cmocka_unit_test(confirm_from_before_interruption_is_nothing),
        cmocka_unit_test(confirm_out_of_order_keeps_latest),
    };
    return cmocka_run_group_tests_name("domain/hearing", tests, NULL, NULL);
}

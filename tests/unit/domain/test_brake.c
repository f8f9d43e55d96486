/* test_brake.c -- when the brake is raised and when it lets go. */
#include "domain/brake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct brake_limits limits = {.percent = 25, .min_workers = 10, .max_ms = 1000};

static void judge_at_the_limit_stays_off_beyond_it_raises(void **state)
{
    (void)state;
    struct brake brake = {0};
    assert_int_equal(brake_judge(&brake, &limits, 100, 25, 5), BRAKE_UNCHANGED);
    assert_false(brake.raised);
    assert_int_equal(brake_judge(&brake, &limits, 100, 26, 7), BRAKE_RAISED);
    assert_int_equal(brake.raised_ms, 7);
    assert_int_equal(brake_judge(&brake, &limits, 100, 60, 8), BRAKE_UNCHANGED);
    assert_true(brake.raised);
}

static void judge_falling_share_lifts(void **state)
{
    (void)state;
    struct brake brake = {0};
    (void)brake_judge(&brake, &limits, 100, 50, 0);
    assert_int_equal(brake_judge(&brake, &limits, 100, 25, 1), BRAKE_LIFTED);
    assert_false(brake.raised);
}

static void judge_small_fleet_is_exempt(void **state)
{
    (void)state;
    struct brake brake = {0};
    assert_int_equal(brake_judge(&brake, &limits, 9, 9, 0), BRAKE_UNCHANGED);
    assert_int_equal(brake_judge(&brake, &limits, 10, 10, 0), BRAKE_RAISED);
}

static void judge_lets_go_after_its_time_and_is_not_raised_by_the_same_again(void **state)
{
    (void)state;
    struct brake brake = {0};
    (void)brake_judge(&brake, &limits, 100, 50, 100);
    assert_int_equal(brake_judge(&brake, &limits, 100, 50, 1099), BRAKE_UNCHANGED);
    assert_int_equal(brake_judge(&brake, &limits, 100, 50, 1100), BRAKE_LIFTED);
    assert_int_equal(brake_judge(&brake, &limits, 100, 50, 1200), BRAKE_UNCHANGED);
    assert_false(brake.raised);
    assert_int_equal(brake_judge(&brake, &limits, 100, 62, 1300), BRAKE_UNCHANGED);
    assert_int_equal(brake_judge(&brake, &limits, 100, 63, 1400), BRAKE_RAISED);
}

static void released_brake_forgets_its_normal_as_those_return(void **state)
{
    (void)state;
    struct brake brake = {0};
    (void)brake_judge(&brake, &limits, 100, 50, 0);
    assert_int_equal(brake_release(&brake, 50), BRAKE_LIFTED);
    assert_int_equal(brake_judge(&brake, &limits, 100, 5, 1), BRAKE_UNCHANGED);
    assert_int_equal(brake.normal, 5);
    assert_int_equal(brake_judge(&brake, &limits, 100, 40, 2), BRAKE_RAISED);
}

static void release_of_a_brake_that_is_off_changes_only_the_normal(void **state)
{
    (void)state;
    struct brake brake = {0};
    assert_int_equal(brake_release(&brake, 3), BRAKE_UNCHANGED);
    assert_int_equal(brake.normal, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judge_at_the_limit_stays_off_beyond_it_raises),
        cmocka_unit_test(judge_falling_share_lifts),
        cmocka_unit_test(judge_small_fleet_is_exempt),
        cmocka_unit_test(judge_lets_go_after_its_time_and_is_not_raised_by_the_same_again),
        cmocka_unit_test(released_brake_forgets_its_normal_as_those_return),
        cmocka_unit_test(release_of_a_brake_that_is_off_changes_only_the_normal),
    };
    return cmocka_run_group_tests_name("domain/brake", tests, NULL, NULL);
}

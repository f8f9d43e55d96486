/* test_schedule.c -- the wheel: nothing early, nothing lost, whatever the distance. */
#include "sim/jitter.h"
#include "sim/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { COUNT = 1000 };

static int set_up(void **state)
{
    *state = schedule_new(COUNT);
    return *state != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    schedule_free(*state);
    return 0;
}

static void due_comes_at_its_tick_and_not_before(void **state)
{
    struct schedule *schedule = *state;
    uint32_t number = 0;
    schedule_put(schedule, 7, 1001);
    assert_false(schedule_take(schedule, 1001, &number));
    assert_true(schedule_take(schedule, 1001 + SCHEDULE_TICK_US, &number));
    assert_int_equal(number, 7);
    assert_false(schedule_take(schedule, 1001 + SCHEDULE_TICK_US, &number));
}

static void past_times_are_due_at_once(void **state)
{
    struct schedule *schedule = *state;
    uint32_t number = 0;
    schedule_put(schedule, 1, 1000000);
    assert_true(schedule_take(schedule, 1000000, &number));
    schedule_put(schedule, 2, -5);
    schedule_put(schedule, 3, 10);
    assert_true(schedule_take(schedule, 1000000, &number));
    assert_int_equal(number, 2);
    assert_true(schedule_take(schedule, 1000000, &number));
    assert_int_equal(number, 3);
}

static void moved_and_dropped_are_not_due_at_their_old_time(void **state)
{
    struct schedule *schedule = *state;
    uint32_t number = 0;
    schedule_put(schedule, 1, 1000);
    schedule_put(schedule, 2, 1000);
    schedule_put(schedule, 1, 50000);
    schedule_drop(schedule, 2);
    schedule_drop(schedule, 3);
    assert_false(schedule_take(schedule, 49000, &number));
    assert_true(schedule_take(schedule, 50000, &number));
    assert_int_equal(number, 1);
    assert_false(schedule_take(schedule, 200000, &number));
}

/* Two minutes are several rounds of the wheel. */
static void thousand_random_times_come_in_order(void **state)
{
    enum { STEP_US = 700, END_US = 120000000 };
    struct schedule *schedule = *state;
    static int64_t due_us[COUNT];
    size_t taken = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        due_us[i] = (int64_t)(jitter_mix(i) % END_US);
        schedule_put(schedule, i, due_us[i]);
    }
    for (int64_t now_us = 0; now_us <= END_US + 2 * STEP_US; now_us += STEP_US) {
        uint32_t number = 0;
        while (schedule_take(schedule, now_us, &number)) {
            assert_true(due_us[number] <= now_us);
            assert_true(due_us[number] > now_us - STEP_US - SCHEDULE_TICK_US);
            taken++;
        }
    }
    assert_int_equal(taken, COUNT);
}

static void rest_is_until_the_next_and_within_the_limit(void **state)
{
    struct schedule *schedule = *state;
    uint32_t number = 0;
    assert_int_equal(schedule_rest_us(schedule, 0, 10000), 10000);
    schedule_put(schedule, 1, 3000);
    assert_int_equal(schedule_rest_us(schedule, 0, 10000), 3000);
    assert_int_equal(schedule_rest_us(schedule, 0, 2000), 2000);
    assert_int_equal(schedule_rest_us(schedule, 5000, 2000), 0);
    assert_true(schedule_take(schedule, 5000, &number));
    assert_int_equal(schedule_rest_us(schedule, 5000, 2000), 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(due_comes_at_its_tick_and_not_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(past_times_are_due_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(moved_and_dropped_are_not_due_at_their_old_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(thousand_random_times_come_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rest_is_until_the_next_and_within_the_limit, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("sim/schedule", tests, NULL, NULL);
}

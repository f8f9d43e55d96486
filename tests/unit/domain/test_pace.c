/* test_pace.c -- longer intervals before there is too much to hear, and never so long that a timeout is at risk. */
#include "domain/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct pace fleet_of(size_t workers, int64_t interval_ms, int64_t timeout_ms)
{
    struct pace fleet = {0};
    for (size_t i = 0; i < workers; i++) {
        pace_add(&fleet, interval_ms, timeout_ms);
    }
    return fleet;
}

static void small_fleet_gets_what_it_asks_for(void **state)
{
    (void)state;
    struct pace fleet = fleet_of(800, 1000, 60000);
    assert_int_equal(pace_interval_ms(&fleet, 1000, 1000, 60000), 1000);
    assert_int_equal(pace_interval_ms(&(struct pace){0}, 1, 250, 750), 250);
}

static void without_target_everybody_gets_what_it_asks_for(void **state)
{
    (void)state;
    struct pace fleet = fleet_of(100000, 100, 60000);
    assert_int_equal(pace_interval_ms(&fleet, 0, 100, 60000), 100);
}

static void large_fleet_comes_to_four_fifths_of_the_target(void **state)
{
    (void)state;
    struct pace fleet = fleet_of(10000, 1000, 60000);
    int64_t interval_ms = pace_interval_ms(&fleet, 2000, 1000, 60000);
    assert_in_range(interval_ms, 6250, 6251);
}

static void mixed_fleet_comes_to_four_fifths_of_the_target(void **state)
{
    (void)state;
    struct pace fleet = fleet_of(5000, 1000, 60000);
    for (int i = 0; i < 5000; i++) {
        pace_add(&fleet, 10000, 30000);
    }
    double fast_hz = 1e3 / (double)pace_interval_ms(&fleet, 2000, 1000, 60000);
    double slow_hz = 1e3 / (double)pace_interval_ms(&fleet, 2000, 10000, 30000);
    double all_hz = 5000 * fast_hz + 5000 * slow_hz;
    assert_true(all_hz > 1590 && all_hz <= 1600);
}

static void nobody_is_slower_than_three_heartbeats_a_timeout(void **state)
{
    (void)state;
    struct pace fleet = fleet_of(1000000, 1000, 60000);
    assert_int_equal(pace_interval_ms(&fleet, 10, 1000, 60000), 20000);
}

static void who_asks_for_less_than_three_a_timeout_is_left_alone(void **state)
{
    (void)state;
    struct pace fleet = fleet_of(100000, 1000, 60000);
    assert_int_equal(pace_interval_ms(&fleet, 100, 25000, 60000), 25000);
    assert_int_equal(pace_interval_ms(&fleet, 100, 20000, 60000), 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_fleet_gets_what_it_asks_for),
        cmocka_unit_test(without_target_everybody_gets_what_it_asks_for),
        cmocka_unit_test(large_fleet_comes_to_four_fifths_of_the_target),
        cmocka_unit_test(mixed_fleet_comes_to_four_fifths_of_the_target),
        cmocka_unit_test(nobody_is_slower_than_three_heartbeats_a_timeout),
        cmocka_unit_test(who_asks_for_less_than_three_a_timeout_is_left_alone),
    };
    return cmocka_run_group_tests_name("domain/pace", tests, NULL, NULL);
}

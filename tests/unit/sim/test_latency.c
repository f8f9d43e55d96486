/* test_latency.c -- quantiles to 3%, the longest exactly. */
#include "sim/latency.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct latency latency;

static int set_up(void **state)
{
    (void)state;
    latency = (struct latency){.count = 0};
    return 0;
}

static void nothing_counted_is_zero(void **state)
{
    (void)state;
    assert_int_equal(latency_quantile_us(&latency, 0.99), 0);
}

static void quantiles_are_within_three_percent(void **state)
{
    (void)state;
    static const double shares[] = {0.5, 0.9, 0.99, 0.999};
    for (int64_t us = 1; us <= 100000; us++) {
        latency_add(&latency, us);
    }
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        double quantile = (double)latency_quantile_us(&latency, shares[i]);
        assert_true(quantile >= shares[i] * 100000 && quantile <= shares[i] * 100000 * 1.032);
    }
    assert_int_equal(latency_quantile_us(&latency, 1), 100000);
    assert_int_equal(latency.max_us, 100000);
}

static void one_outlier_is_the_longest_and_no_quantile_below(void **state)
{
    (void)state;
    for (int i = 0; i < 999; i++) {
        latency_add(&latency, 10);
    }
    latency_add(&latency, 12345678);
    assert_int_equal(latency_quantile_us(&latency, 0.999), 10);
    assert_int_equal(latency_quantile_us(&latency, 1), 12345678);
}

static void beyond_all_ranges_and_below_zero_are_counted(void **state)
{
    (void)state;
    latency_add(&latency, INT64_MAX);
    latency_add(&latency, -3);
    assert_int_equal(latency.count, 2);
    assert_int_equal(latency_quantile_us(&latency, 0.5), 0);
    assert_true(latency_quantile_us(&latency, 1) > INT64_C(1000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_counted_is_zero, set_up),
        cmocka_unit_test_setup(quantiles_are_within_three_percent, set_up),
        cmocka_unit_test_setup(one_outlier_is_the_longest_and_no_quantile_below, set_up),
        cmocka_unit_test_setup(beyond_all_ranges_and_below_zero_are_counted, set_up),
    };
    return cmocka_run_group_tests_name("sim/latency", tests, NULL, NULL);
}

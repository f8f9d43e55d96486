/* test_histogram.c -- values fall into the range whose bound they do not exceed. */
#include "base/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct histogram_scale scale = {.unit = 1, .count = 3, .bounds = {10, 20, 50}};

static void value_on_a_bound_belongs_to_the_range_below(void **state)
{
    (void)state;
    struct histogram histogram = {.scale = &scale};
    histogram_add(&histogram, 10, 1);
    histogram_add(&histogram, 11, 1);
    histogram_add(&histogram, 50, 1);
    assert_int_equal(histogram.counts[0], 1);
    assert_int_equal(histogram.counts[1], 1);
    assert_int_equal(histogram.counts[2], 1);
    assert_int_equal(histogram.counts[3], 0);
}

static void value_beyond_all_bounds_is_in_the_last_range(void **state)
{
    (void)state;
    struct histogram histogram = {.scale = &scale};
    histogram_add(&histogram, 51, 1);
    assert_int_equal(histogram.counts[3], 1);
    assert_int_equal(histogram.count, 1);
}

static void times_count_in_count_and_sum(void **state)
{
    (void)state;
    struct histogram histogram = {.scale = &scale};
    histogram_add(&histogram, 15, 4);
    histogram_add(&histogram, 5, 2);
    assert_int_equal(histogram.counts[1], 4);
    assert_int_equal(histogram.count, 6);
    assert_int_equal(histogram.sum, 70);
}

static void negative_value_counts_as_zero(void **state)
{
    (void)state;
    struct histogram histogram = {.scale = &scale};
    histogram_add(&histogram, -7, 1);
    assert_int_equal(histogram.counts[0], 1);
    assert_int_equal(histogram.sum, 0);
}

static void scales_ascend(void **state)
{
    (void)state;
    const struct histogram_scale *const scales[] = {&histogram_of_us, &histogram_of_ms, &histogram_of_sizes};
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        assert_true(scales[i]->count <= HISTOGRAM_BOUNDS_MAX);
        for (size_t at = 1; at < scales[i]->count; at++) {
            assert_true(scales[i]->bounds[at] > scales[i]->bounds[at - 1]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_on_a_bound_belongs_to_the_range_below),
        cmocka_unit_test(value_beyond_all_bounds_is_in_the_last_range),
        cmocka_unit_test(times_count_in_count_and_sum),
        cmocka_unit_test(negative_value_counts_as_zero),
        cmocka_unit_test(scales_ascend),
    };
    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}

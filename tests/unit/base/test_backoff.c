/* test_backoff.c -- waits that double, stay within their bounds, and differ between processes. */
#include "base/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void next_doubles_up_to_the_cap(void **state)
{
    (void)state;
    static const int64_t bounds_ms[] = {100, 200, 400, 800, 1000, 1000, 1000};
    for (uint64_t seed = 1; seed < 200; seed++) {
        struct backoff backoff;
        backoff_init(&backoff, 100, 1000, seed);
        for (size_t i = 0; i < sizeof bounds_ms / sizeof bounds_ms[0]; i++) {
            int64_t wait_ms = backoff_next_ms(&backoff);
            assert_true(wait_ms >= bounds_ms[i] / 2);
            assert_true(wait_ms <= bounds_ms[i]);
        }
    }
}

static void next_after_many_failures_stays_at_the_cap(void **state)
{
    (void)state;
    struct backoff backoff;
    backoff_init(&backoff, 1, INT64_C(86400000), 7);
    for (int i = 0; i < 1000; i++) {
        (void)backoff_next_ms(&backoff);
    }
    assert_in_range(backoff_next_ms(&backoff), 43200000, 86400000);
}

static void next_shortest_bound_is_not_zero_forever(void **state)
{
    (void)state;
    struct backoff backoff;
    backoff_init(&backoff, 1, 1, 3);
    int64_t sum_ms = 0;
    for (int i = 0; i < 100; i++) {
        int64_t wait_ms = backoff_next_ms(&backoff);
        assert_in_range(wait_ms, 0, 1);
        sum_ms += wait_ms;
    }
    assert_true(sum_ms > 0);
}

static void next_other_seed_waits_otherwise(void **state)
{
    (void)state;
    int different = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct backoff one;
        struct backoff other;
        backoff_init(&one, 10000, 10000, seed * 1000003);
        backoff_init(&other, 10000, 10000, (seed + 1) * 1000003);
        different += backoff_next_ms(&one) != backoff_next_ms(&other);
    }
    assert_true(different > 45);
}

static void init_seed_zero_still_jitters(void **state)
{
    (void)state;
    struct backoff backoff;
    backoff_init(&backoff, 1000, 1000, 0);
    assert_int_not_equal(backoff_next_ms(&backoff), backoff_next_ms(&backoff));
}

static void reset_begins_again(void **state)
{
    (void)state;
    struct backoff backoff;
    backoff_init(&backoff, 100, 100000, 11);
    for (int i = 0; i < 8; i++) {
        (void)backoff_next_ms(&backoff);
    }
    assert_true(backoff_next_ms(&backoff) > 100);
    backoff_reset(&backoff);
    assert_in_range(backoff_next_ms(&backoff), 50, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_doubles_up_to_the_cap),
        cmocka_unit_test(next_after_many_failures_stays_at_the_cap),
        cmocka_unit_test(next_shortest_bound_is_not_zero_forever),
        cmocka_unit_test(next_other_seed_waits_otherwise),
        cmocka_unit_test(init_seed_zero_still_jitters),
        cmocka_unit_test(reset_begins_again),
    };
    return cmocka_run_group_tests_name("base/backoff", tests, NULL, NULL);
}

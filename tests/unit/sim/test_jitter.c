/* test_jitter.c -- draws stay within the spread and are distributed as their name says. */
#include "sim/jitter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { DRAWS = 20000, SPREAD_US = 100000 };

struct draws {
    double mean;
    int64_t least;
    int64_t most;
    int in_middle; /* between a quarter and three quarters */
};

static struct draws draw_many(enum jitter kind)
{
    struct draws draws = {.least = INT64_MAX};
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        int64_t drawn = jitter_draw_us(kind, SPREAD_US, seed);
        draws.mean += (double)drawn / DRAWS;
        draws.least = drawn < draws.least ? drawn : draws.least;
        draws.most = drawn > draws.most ? drawn : draws.most;
        draws.in_middle += drawn >= SPREAD_US / 4 && drawn < SPREAD_US * 3 / 4 ? 1 : 0;
    }
    assert_true(draws.least >= 0 && draws.most <= SPREAD_US);
    return draws;
}

static void none_is_no_delay(void **state)
{
    (void)state;
    assert_int_equal(draw_many(JITTER_NONE).most, 0);
}

static void uniform_fills_the_spread_evenly(void **state)
{
    (void)state;
    struct draws draws = draw_many(JITTER_UNIFORM);
    assert_true(draws.mean > SPREAD_US * 0.48 && draws.mean < SPREAD_US * 0.52);
    assert_true(draws.in_middle > DRAWS * 0.47 && draws.in_middle < DRAWS * 0.53);
    assert_true(draws.least < SPREAD_US / 100 && draws.most > SPREAD_US - SPREAD_US / 100);
}

static void normal_gathers_in_the_middle(void **state)
{
    (void)state;
    struct draws draws = draw_many(JITTER_NORMAL);
    assert_true(draws.mean > SPREAD_US * 0.48 && draws.mean < SPREAD_US * 0.52);
    assert_true(draws.in_middle > DRAWS * 0.85);
}

static void exponential_is_mostly_early(void **state)
{
    (void)state;
    struct draws draws = draw_many(JITTER_EXPONENTIAL);
    assert_true(draws.mean > SPREAD_US * 0.2 && draws.mean < SPREAD_US * 0.3);
    assert_int_equal(draws.most, SPREAD_US);
}

static void same_seed_draws_the_same(void **state)
{
    (void)state;
    assert_int_equal(jitter_draw_us(JITTER_UNIFORM, SPREAD_US, 7), jitter_draw_us(JITTER_UNIFORM, SPREAD_US, 7));
    assert_int_not_equal(jitter_draw_us(JITTER_UNIFORM, SPREAD_US, 7), jitter_draw_us(JITTER_UNIFORM, SPREAD_US, 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_is_no_delay),
        cmocka_unit_test(uniform_fills_the_spread_evenly),
        cmocka_unit_test(normal_gathers_in_the_middle),
        cmocka_unit_test(exponential_is_mostly_early),
        cmocka_unit_test(same_seed_draws_the_same),
    };
    return cmocka_run_group_tests_name("sim/jitter", tests, NULL, NULL);
}

/* test_figure.c -- figures for people. */
#include "ctl/figure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static void age_in_each_unit_is_rounded_down(void **state)
{
    (void)state;
    static const struct {
        int64_t age_ms;
        const char *text;
    } cases[] = {
        {-5000, "0.0s"},    {0, "0.0s"},          {950, "0.9s"},       {9999, "9.9s"},
        {10000, "10s"},     {59999, "59s"},       {60000, "1m00s"},    {3599999, "59m59s"},
        {3600000, "1h00m"}, {86399999, "23h59m"}, {86400000, "1d00h"}, {INT64_MAX, "106751991167d07h"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[FIGURE_MAX];
        figure_age(cases[i].age_ms, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void percent_has_one_decimal(void **state)
{
    (void)state;
    char text[FIGURE_MAX];
    figure_percent(7.46, text);
    assert_string_equal(text, "7.5%");
    figure_percent(100, text);
    assert_string_equal(text, "100.0%");
}

static void time_is_local_with_milliseconds(void **state)
{
    (void)state;
    char text[FIGURE_MAX];
    assert_int_equal(setenv("TZ", "XXX-2", 1), 0);
    tzset();
    figure_time(1000000000007, text);
    assert_string_equal(text, "2001-09-09 03:46:40.007");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(age_in_each_unit_is_rounded_down),
        cmocka_unit_test(percent_has_one_decimal),
        cmocka_unit_test(time_is_local_with_milliseconds),
    };
    return cmocka_run_group_tests_name("ctl/figure", tests, NULL, NULL);
}

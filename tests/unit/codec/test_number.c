/* test_number.c -- numbers as texts: what is read back is what was written. */
#include "codec/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_text(struct text text, const char *expected)
{
    char copy[NUMBER_TEXT_MAX + 1];
    (void)snprintf(copy, sizeof copy, "%.*s", TEXT_ARG(text));
    assert_string_equal(copy, expected);
}

static void whole_numbers_are_written_to_their_ends(void **state)
{
    (void)state;
    char room[NUMBER_TEXT_MAX];
    assert_text(number_of_int(0, room), "0");
    assert_text(number_of_int(-7, room), "-7");
    assert_text(number_of_int(INT64_MAX, room), "9223372036854775807");
    assert_text(number_of_int(INT64_MIN, room), "-9223372036854775808");
}

static void percentages_are_written_as_they_were_told(void **state)
{
    (void)state;
    char room[NUMBER_TEXT_MAX];
    assert_text(number_of_real(0, NUMBER_KEPT_DIGITS, room), "0");
    assert_text(number_of_real(0.01, NUMBER_KEPT_DIGITS, room), "0.01");
    assert_text(number_of_real(0.1, NUMBER_KEPT_DIGITS, room), "0.1");
    assert_text(number_of_real(5, NUMBER_KEPT_DIGITS, room), "5");
    assert_text(number_of_real(45.67, NUMBER_KEPT_DIGITS, room), "45.67");
    assert_text(number_of_real(45.07, NUMBER_KEPT_DIGITS, room), "45.07");
    assert_text(number_of_real(99.5, NUMBER_KEPT_DIGITS, room), "99.5");
    assert_text(number_of_real(100, NUMBER_KEPT_DIGITS, room), "100");
}

static void every_hundredth_is_read_back_as_it_was(void **state)
{
    (void)state;
    char room[NUMBER_TEXT_MAX];
    char copy[NUMBER_TEXT_MAX + 1];
    for (int hundredths = 0; hundredths <= 10000; hundredths++) {
        double value = hundredths / 100.0;
        (void)snprintf(copy, sizeof copy, "%.*s", TEXT_ARG(number_of_real(value, NUMBER_KEPT_DIGITS, room)));
        assert_true(strtod(copy, NULL) == value);
    }
}

static void finer_larger_and_negative_numbers_keep_ten_digits(void **state)
{
    (void)state;
    char room[NUMBER_TEXT_MAX];
    assert_text(number_of_real(33.3333333333333, NUMBER_KEPT_DIGITS, room), "33.33333333");
    assert_text(number_of_real(1e15, NUMBER_KEPT_DIGITS, room), "1e+15");
    assert_text(number_of_real(-2.5, NUMBER_KEPT_DIGITS, room), "-2.5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_written_to_their_ends),
        cmocka_unit_test(percentages_are_written_as_they_were_told),
        cmocka_unit_test(every_hundredth_is_read_back_as_it_was),
        cmocka_unit_test(finer_larger_and_negative_numbers_keep_ten_digits),
    };
    return cmocka_run_group_tests_name("codec/number", tests, NULL, NULL);
}

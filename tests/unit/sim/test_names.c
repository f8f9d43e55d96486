/* test_names.c -- numbers in topics, and out of ids again. */
#include "sim/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void number_is_written_into_the_text(void **state)
{
    (void)state;
    struct name name = {.digits_at = 0};
    assert_int_equal(name_init(&name, "muster/v1/worker/", "sim", "/heartbeat"), ERR_OK);
    assert_string_equal(name_of(&name, 0), "muster/v1/worker/sim-0000000/heartbeat");
    assert_string_equal(name_of(&name, 9876543), "muster/v1/worker/sim-9876543/heartbeat");
    assert_string_equal(name_of(&name, 42), "muster/v1/worker/sim-0000042/heartbeat");
}

static void fixed_text_takes_no_number(void **state)
{
    (void)state;
    struct name name = {.digits_at = 3};
    assert_int_equal(name_fix(&name, "muster/v1/gateway/", "gw", "/register"), ERR_OK);
    assert_string_equal(name_of(&name, 42), "muster/v1/gateway/gw/register");
}

static void too_long_is_an_error(void **state)
{
    (void)state;
    struct name name = {.digits_at = 0};
    char long_text[NAMES_BYTES + 1];
    memset(long_text, 'x', NAMES_BYTES);
    long_text[NAMES_BYTES] = '\0';
    assert_int_equal(name_init(&name, long_text, "p", ""), ERR_RANGE);
    assert_int_equal(name_fix(&name, "", long_text, ""), ERR_RANGE);
}

static void number_is_read_from_own_ids_only(void **state)
{
    (void)state;
    uint32_t number = 0;
    assert_true(name_number("sim", text_of("sim-0000123"), &number));
    assert_int_equal(number, 123);
    assert_false(name_number("sim", text_of("sim-000123"), &number));
    assert_false(name_number("sim", text_of("sin-0000123"), &number));
    assert_false(name_number("sim", text_of("sim_0000123"), &number));
    assert_false(name_number("sim", text_of("sim-00x0123"), &number));
    assert_false(name_number("sim", text_of(""), &number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number_is_written_into_the_text),
        cmocka_unit_test(fixed_text_takes_no_number),
        cmocka_unit_test(too_long_is_an_error),
        cmocka_unit_test(number_is_read_from_own_ids_only),
    };
    return cmocka_run_group_tests_name("sim/names", tests, NULL, NULL);
}

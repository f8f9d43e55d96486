/* test_err.c -- names of the codes, and sentences that fit. */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void name_every_code_has_its_own(void **state)
{
    (void)state;
    for (int code = ERR_OK; code <= ERR_IO; code++) {
        assert_non_null(err_name((enum err)code));
        assert_string_not_equal(err_name((enum err)code), "unknown");
        for (int other = ERR_OK; other < code; other++) {
            assert_string_not_equal(err_name((enum err)code), err_name((enum err)other));
        }
    }
    assert_string_equal(err_name(ERR_NO_MEMORY), "no_memory");
}

static void name_of_no_code_is_unknown(void **state)
{
    (void)state;
    assert_string_equal(err_name((enum err)(ERR_IO + 1)), "unknown");
    assert_string_equal(err_name((enum err) - 1), "unknown");
}

static void set_fills_fault_and_returns_code(void **state)
{
    (void)state;
    struct fault fault = {0};
    assert_int_equal(fault_set(&fault, ERR_RANGE, "port is %d", 70000), ERR_RANGE);
    assert_int_equal(fault.code, ERR_RANGE);
    assert_string_equal(fault.text, "port is 70000");
}

static void set_without_fault_returns_code(void **state)
{
    (void)state;
    assert_int_equal(fault_set(NULL, ERR_IO, "nobody listens"), ERR_IO);
}

static void set_too_long_is_cut_at_whole_character(void **state)
{
    (void)state;
    struct fault fault = {0};
    char word[400];
    memset(word, 'a', sizeof word);
    memcpy(word + sizeof fault.text - 3, "\xE2\x82\xAC", 3);
    word[sizeof word - 1] = '\0';
    (void)fault_set(&fault, ERR_INVALID, "%s", word);
    assert_int_equal(strlen(fault.text), sizeof fault.text - 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_every_code_has_its_own),
        cmocka_unit_test(name_of_no_code_is_unknown),
        cmocka_unit_test(set_fills_fault_and_returns_code),
        cmocka_unit_test(set_without_fault_returns_code),
        cmocka_unit_test(set_too_long_is_cut_at_whole_character),
    };
    return cmocka_run_group_tests_name("base/err", tests, NULL, NULL);
}

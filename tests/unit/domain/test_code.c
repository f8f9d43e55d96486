/* test_code.c -- the codes' wire names, and the list of violations with the gravest code. */
#include "domain/code.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct violations found;

static int set_up(void **state)
{
    (void)state;
    violations_clear(&found);
    return 0;
}

static void name_and_back_is_the_same(void **state)
{
    (void)state;
    static const char *const contract[CODE_COUNT] = {
        "ok",           "invalid_payload", "validation_failed", "too_large",    "identity_mismatch",
        "rate_limited", "unknown_worker",  "superseded",        "deregistered", "active_jobs",
        "not_found",    "forbidden",       "registry_full",     "unavailable"};
    for (int code = 0; code < CODE_COUNT; code++) {
        assert_string_equal(code_name((enum reply_code)code), contract[code]);
        assert_int_equal(code_of(text_of(contract[code])), code);
    }
}

static void of_unknown_name_is_count(void **state)
{
    (void)state;
    assert_int_equal(code_of(text_of("OK")), CODE_COUNT);
    assert_int_equal(code_of(text_of("")), CODE_COUNT);
    assert_int_equal(code_of((struct text){0}), CODE_COUNT);
}

static void add_gravest_code_wins_in_any_order(void **state)
{
    (void)state;
    violations_add(&found, CODE_VALIDATION_FAILED, "range");
    assert_int_equal(found.code, CODE_VALIDATION_FAILED);
    violations_add(&found, CODE_TOO_LARGE, "limit");
    assert_int_equal(found.code, CODE_TOO_LARGE);
    violations_add(&found, CODE_INVALID_PAYLOAD, "type");
    assert_int_equal(found.code, CODE_INVALID_PAYLOAD);
    violations_add(&found, CODE_TOO_LARGE, "limit");
    violations_add(&found, CODE_VALIDATION_FAILED, "range");
    assert_int_equal(found.code, CODE_INVALID_PAYLOAD);
    assert_int_equal(found.count, 5);
    assert_string_equal(found.texts[2], "type");
}

static void add_beyond_room_only_counts(void **state)
{
    (void)state;
    for (int i = 0; i < VIOLATIONS_MAX + 10; i++) {
        violations_add(&found, CODE_VALIDATION_FAILED, "number %d", i);
    }
    assert_int_equal(found.count, VIOLATIONS_MAX + 10);
    assert_int_equal(violations_kept(&found), VIOLATIONS_MAX);
    assert_string_equal(found.texts[VIOLATIONS_MAX - 1], "number 31");
}

static void add_too_long_is_cut_at_whole_character(void **state)
{
    (void)state;
    char word[300];
    memset(word, 'a', sizeof word);
    memcpy(word + VIOLATION_TEXT_MAX - 4, "\xF0\x9F\x98\x80", 4);
    word[sizeof word - 1] = '\0';
    violations_add(&found, CODE_TOO_LARGE, "%s", word);
    assert_int_equal(strlen(found.texts[0]), VIOLATION_TEXT_MAX - 4);
}

static void clear_forgets_code_and_count(void **state)
{
    (void)state;
    violations_add(&found, CODE_INVALID_PAYLOAD, "type");
    violations_clear(&found);
    assert_int_equal(found.code, CODE_OK);
    assert_int_equal(violations_kept(&found), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_and_back_is_the_same),
        cmocka_unit_test(of_unknown_name_is_count),
        cmocka_unit_test_setup(add_gravest_code_wins_in_any_order, set_up),
        cmocka_unit_test_setup(add_beyond_room_only_counts, set_up),
        cmocka_unit_test_setup(add_too_long_is_cut_at_whole_character, set_up),
        cmocka_unit_test_setup(clear_forgets_code_and_count, set_up),
    };
    return cmocka_run_group_tests_name("domain/code", tests, NULL, NULL);
}

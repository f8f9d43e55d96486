/* test_text.c -- texts that are absent, empty, equal, or cut off. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void of_null_is_absent(void **state)
{
    (void)state;
    assert_null(text_of(NULL).data);
    assert_int_equal(text_of(NULL).len, 0);
    assert_non_null(text_of("").data);
}

static void is_absent_matches_nothing(void **state)
{
    (void)state;
    assert_false(text_is((struct text){0}, ""));
    assert_true(text_is(text_of(""), ""));
}

static void is_prefix_does_not_match(void **state)
{
    (void)state;
    assert_true(text_is((struct text){"abcd", 3}, "abc"));
    assert_false(text_is((struct text){"abcd", 3}, "abcd"));
    assert_false(text_is((struct text){"abcd", 3}, "ab"));
}

static void equal_absent_and_empty_differ(void **state)
{
    (void)state;
    assert_true(text_equal((struct text){0}, (struct text){0}));
    assert_true(text_equal(text_of(""), (struct text){"x", 0}));
    assert_false(text_equal((struct text){0}, text_of("")));
    assert_true(text_equal(text_of("abc"), (struct text){"abcd", 3}));
    assert_false(text_equal(text_of("abc"), text_of("abd")));
}

static void whole_cut_in_character_drops_it(void **state)
{
    (void)state;
    static const char text[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
    static const size_t whole[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
    for (size_t len = 0; len < sizeof text; len++) {
        assert_int_equal(text_whole(text, len), whole[len]);
    }
}

static void whole_of_stray_continuations_keeps_them(void **state)
{
    (void)state;
    assert_int_equal(text_whole("\x80\x80\x80\x80\x80", 5), 5);
    assert_int_equal(text_whole("\x80", 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_null_is_absent),
        cmocka_unit_test(is_absent_matches_nothing),
        cmocka_unit_test(is_prefix_does_not_match),
        cmocka_unit_test(equal_absent_and_empty_differ),
        cmocka_unit_test(whole_cut_in_character_drops_it),
        cmocka_unit_test(whole_of_stray_continuations_keeps_them),
    };
    return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}

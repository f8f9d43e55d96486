/* test_glyph.c -- how wide text is on a terminal, and how it is cut. */
#include "ctl/glyph.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_shown(struct text text, size_t max_width, const char *shown, size_t width)
{
    struct buf out = {0};
    assert_int_equal(glyph_append(&out, text, max_width), width);
    assert_string_equal(buf_terminated(&out), shown);
    buf_fini(&out);
}

static void width_of_wide_and_combining_characters_is_in_cells(void **state)
{
    (void)state;
    assert_int_equal(glyph_width(text_of("")), 0);
    assert_int_equal(glyph_width(text_of("abc")), 3);
    assert_int_equal(glyph_width(text_of("Größe")), 5);
    assert_int_equal(glyph_width(text_of("漢字")), 4);
    assert_int_equal(glyph_width(text_of("e\xcc\x81")), 1);
}

static void append_what_fits_is_unchanged(void **state)
{
    (void)state;
    assert_shown(text_of("Größe"), 5, "Größe", 5);
    assert_shown(text_of("Größe"), 0, "Größe", 5);
}

static void append_too_wide_ends_in_ellipsis(void **state)
{
    (void)state;
    assert_shown(text_of("Größenwahn"), 5, "Größ…", 5);
    assert_shown(text_of("ab"), 1, "…", 1);
}

static void append_wide_character_is_never_halved(void **state)
{
    (void)state;
    assert_shown(text_of("漢字漢字"), 4, "漢…", 3);
}

static void append_control_and_broken_bytes_become_question_marks(void **state)
{
    (void)state;
    assert_shown(text_of("a\033[31mb\nc"), 0, "a?[31mb?c", 9);
    assert_shown((struct text){"a\0b", 3}, 0, "a?b", 3);
    assert_shown(text_of("a\xff\xc3"), 0, "a??", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(width_of_wide_and_combining_characters_is_in_cells),
        cmocka_unit_test(append_what_fits_is_unchanged),
        cmocka_unit_test(append_too_wide_ends_in_ellipsis),
        cmocka_unit_test(append_wide_character_is_never_halved),
        cmocka_unit_test(append_control_and_broken_bytes_become_question_marks),
    };
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests_name("ctl/glyph", tests, NULL, NULL);
}

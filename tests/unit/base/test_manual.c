/* test_manual.c -- pages of the manual: what roff would obey is escaped, lines are broken, headings and entries. */
#include "base/manual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void begin_has_title_and_name(void **state)
{
    (void)state;
    struct buf out = {0};
    manual_begin(&out, &(struct manual_title){.name = "muster-x",
                                              .section = "8",
                                              .version = "1.2.3",
                                              .date = "2031-05-04",
                                              .summary = "a well-kept program"});
    assert_string_equal(buf_terminated(&out), ".TH muster\\-x 8 2031-05-04 \"Muster 1.2.3\" Muster\n"
                                              ".SH NAME\n"
                                              "muster\\-x \\- a well\\-kept program\n");
    buf_fini(&out);
}

static void paragraph_with_what_roff_obeys_is_escaped(void **state)
{
    (void)state;
    struct buf out = {0};
    manual_paragraph(&out, ".so what's a\\b ~ ^ `x` --json");
    assert_string_equal(buf_terminated(&out), ".PP\n\\&.so what\\(aqs a\\eb \\(ti \\(ha \\(gax\\(ga \\-\\-json\n");
    buf_fini(&out);
}

static void paragraph_that_is_long_is_broken_at_blanks(void **state)
{
    (void)state;
    struct buf out = {0};
    manual_paragraph(&out, "aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaa\n .b c");
    assert_string_equal(buf_terminated(&out),
                        ".PP\naaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaa\n\\&.b c\n");
    buf_fini(&out);
}

static void paragraph_after_heading_needs_no_macro(void **state)
{
    (void)state;
    struct buf out = {0};
    manual_section(&out, "FILES");
    manual_paragraph(&out, "one");
    manual_paragraph(&out, "two");
    manual_section(&out, "MORE");
    manual_line(&out, "./run it");
    assert_string_equal(buf_terminated(&out), ".SH FILES\none\n.PP\ntwo\n.SH MORE\n.nf\n\\&./run it\n.fi\n");
    buf_fini(&out);
}

static void entry_has_name_in_bold_and_argument_in_italics(void **state)
{
    (void)state;
    struct buf out = {0};
    manual_entry(&out, "--uri", "URI", "the broker");
    manual_nest(&out);
    manual_entry(&out, "list", NULL, "all");
    manual_more(&out, "of them");
    manual_unnest(&out);
    assert_string_equal(buf_terminated(&out), ".TP\n\\fB\\-\\-uri\\fR \\fIURI\\fR\nthe broker\n"
                                              ".RS\n.TP\n\\fBlist\\fR\nall\n.br\nof them\n.RE\n");
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begin_has_title_and_name),
        cmocka_unit_test(paragraph_with_what_roff_obeys_is_escaped),
        cmocka_unit_test(paragraph_that_is_long_is_broken_at_blanks),
        cmocka_unit_test(paragraph_after_heading_needs_no_macro),
        cmocka_unit_test(entry_has_name_in_bold_and_argument_in_italics),
    };
    return cmocka_run_group_tests_name("base/manual", tests, NULL, NULL);
}

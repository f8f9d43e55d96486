/* test_table.c -- layout of tables. */
#include "ctl/table.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct table_column columns[] = {{"ID", false, 0}, {"NAME", false, 4}, {"JOBS", true, 0}};

static struct table *two_rows(void)
{
    struct table *table = table_new(columns, 3);
    assert_non_null(table);
    table_add(table, text_of("w-1"), INK_PLAIN);
    table_add(table, text_of("Größe"), INK_PLAIN);
    table_add(table, text_of("2/4"), INK_PLAIN);
    table_add(table, text_of("w-200"), INK_PLAIN);
    table_add(table, text_of(""), INK_PLAIN);
    table_add(table, text_of("10/400"), INK_BAD);
    return table;
}

static void assert_rendered(const struct table_view *view, const char *expected)
{
    struct table *table = two_rows();
    struct buf out = {0};
    table_render(table, view, &out);
    assert_string_equal(buf_terminated(&out), expected);
    buf_fini(&out);
    table_free(table);
}

static void render_without_limit_aligns_by_cells(void **state)
{
    (void)state;
    assert_rendered(&(struct table_view){0}, "ID     NAME     JOBS\n"
                                             "w-1    Größe     2/4\n"
                                             "w-200  -      10/400\n");
}

static void render_too_wide_cuts_the_column_that_may_be(void **state)
{
    (void)state;
    assert_rendered(&(struct table_view){.width = 19}, "ID     NAME    JOBS\n"
                                                       "w-1    Grö…     2/4\n"
                                                       "w-200  -     10/400\n");
}

static void render_far_too_wide_leaves_out_columns_from_the_right(void **state)
{
    (void)state;
    assert_rendered(&(struct table_view){.width = 12}, "ID     NAME\n"
                                                       "w-1    Grö…\n"
                                                       "w-200  -\n");
    assert_rendered(&(struct table_view){.width = 3}, "ID\n"
                                                      "w-1\n"
                                                      "w-…\n");
}

static void render_with_fewer_rows_shows_the_first(void **state)
{
    (void)state;
    assert_rendered(&(struct table_view){.rows_max = 1}, "ID   NAME   JOBS\n"
                                                         "w-1  Größe   2/4\n");
}

static void render_in_colour_wraps_cells_and_keeps_alignment(void **state)
{
    (void)state;
    assert_rendered(&(struct table_view){.colour = true},
                    "\033[2mID\033[0m     \033[2mNAME\033[0m     \033[2mJOBS\033[0m\n"
                    "w-1    Größe     2/4\n"
                    "w-200  -      \033[31m10/400\033[0m\n");
}

static void render_without_rows_shows_titles(void **state)
{
    (void)state;
    struct table *table = table_new(columns, 3);
    struct buf out = {0};
    table_render(table, &(struct table_view){0}, &out);
    assert_string_equal(buf_terminated(&out), "ID  NAME  JOBS\n");
    buf_fini(&out);
    table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(render_without_limit_aligns_by_cells),
        cmocka_unit_test(render_too_wide_cuts_the_column_that_may_be),
        cmocka_unit_test(render_far_too_wide_leaves_out_columns_from_the_right),
        cmocka_unit_test(render_with_fewer_rows_shows_the_first),
        cmocka_unit_test(render_in_colour_wraps_cells_and_keeps_alignment),
        cmocka_unit_test(render_without_rows_shows_titles),
    };
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests_name("ctl/table", tests, NULL, NULL);
}

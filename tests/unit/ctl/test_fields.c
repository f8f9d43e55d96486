/* test_fields.c -- an object for people, a field a line. */
#include "ctl/fields.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_fields(const char *json, const char *without, const char *expected)
{
    struct buf out = {0};
    json_t *object = json_loads(json, 0, NULL);
    assert_non_null(object);
    fields_append(&out, object, without, 1000000);
    assert_string_equal(out.len > 0 ? buf_terminated(&out) : "", expected);
    json_decref(object);
    buf_fini(&out);
}

static void append_shows_each_value_as_people_write_it(void **state)
{
    (void)state;
    assert_fields("{\"name\":\"Größe\",\"port\":80,\"tags\":[\"a\",\"b\"],\"jobs\":[],\"capabilities\":{\"java\":true},"
                  "\"cpu\":45.5}",
                  "",
                  "name                   Größe\n"
                  "port                   80\n"
                  "tags                   a, b\n"
                  "jobs                   -\n"
                  "capabilities           {\"java\":true}\n"
                  "cpu                    45.5\n");
}

static void append_leaves_out_what_is_named(void **state)
{
    (void)state;
    assert_fields("{\"success\":true,\"code\":\"ok\",\"codes\":1}", "success code", "codes                  1\n");
    assert_fields("{\"success\":true}", "success", "");
}

static void append_times_have_their_distance(void **state)
{
    (void)state;
    assert_fields("{\"updatedAt\":988000,\"lastHeartbeat\":999500,\"nextStepAt\":1005000,\"At\":1}", "",
                  "updatedAt              1970-01-01 00:16:28.000 (12s ago)\n"
                  "lastHeartbeat          1970-01-01 00:16:39.500 (0.5s ago)\n"
                  "nextStepAt             1970-01-01 00:16:45.000 (in 5.0s)\n"
                  "At                     1\n");
}

static void append_obeys_no_control_characters(void **state)
{
    (void)state;
    assert_fields("{\"name\":\"a\\u001b[2Jb\"}", "", "name                   a?[2Jb\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(append_shows_each_value_as_people_write_it),
        cmocka_unit_test(append_leaves_out_what_is_named),
        cmocka_unit_test(append_times_have_their_distance),
        cmocka_unit_test(append_obeys_no_control_characters),
    };
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    (void)setenv("TZ", "UTC", 1);
    return cmocka_run_group_tests_name("ctl/fields", tests, NULL, NULL);
}

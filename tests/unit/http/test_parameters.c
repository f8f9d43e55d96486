/* test_parameters.c -- query strings as JSON members, and everything that is wrong with them at once. */
#include "http/parameters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct param params[] = {
    {"reason", PARAM_TEXT}, {"limit", PARAM_NUMBER}, {"tags", PARAM_LIST}, {NULL, PARAM_TEXT}};

static struct violations violations;

static void expect(const char *query, const char *members)
{
    violations_clear(&violations);
    json_t *object = json_object();
    json_t *expected = json_loads(members, 0, NULL);
    parameters_read(query, params, object, &violations);
    char *shown = json_dumps(object, JSON_SORT_KEYS);
    if (!json_equal(object, expected)) {
        fail_msg("%s is read as %s", query != NULL ? query : "nothing", shown);
    }
    free(shown);
    json_decref(expected);
    json_decref(object);
}

static void none_has_no_members(void **state)
{
    (void)state;
    expect(NULL, "{}");
    expect("", "{}");
    expect("&&", "{}");
    assert_int_equal(violations.count, 0);
}

static void blanks_come_as_plus_as_percent_and_as_they_are(void **state)
{
    (void)state;
    expect("reason=Emergency+shutdown", "{\"reason\":\"Emergency shutdown\"}");
    expect("reason=Emergency%20shutdown", "{\"reason\":\"Emergency shutdown\"}");
    expect("reason=Emergency shutdown", "{\"reason\":\"Emergency shutdown\"}");
    assert_int_equal(violations.count, 0);
}

static void escapes_are_decoded_in_names_and_values(void **state)
{
    (void)state;
    expect("re%61son=%C3%BC%26%3D%2B", "{\"reason\":\"\\u00fc&=+\"}");
    expect("reason=100%", "{\"reason\":\"100%\"}");
    expect("reason=%zz", "{\"reason\":\"%zz\"}");
    assert_int_equal(violations.count, 0);
}

static void numbers_are_numbers_and_anything_else_stays_text(void **state)
{
    (void)state;
    expect("limit=25", "{\"limit\":25}");
    expect("limit=-3", "{\"limit\":-3}");
    expect("limit=ten", "{\"limit\":\"ten\"}");
    expect("limit=5x", "{\"limit\":\"5x\"}");
    expect("limit=%205", "{\"limit\":\" 5\"}");
    expect("limit=99999999999999999999", "{\"limit\":\"99999999999999999999\"}");
    expect("reason=25", "{\"reason\":\"25\"}");
    assert_int_equal(violations.count, 0);
}

static void empty_one_counts_as_absent(void **state)
{
    (void)state;
    expect("reason=&limit", "{}");
    assert_int_equal(violations.count, 0);
}

static void list_may_come_again_and_others_may_not(void **state)
{
    (void)state;
    expect("tags=a&tags=b,c", "{\"tags\":\"a,b,c\"}");
    assert_int_equal(violations.count, 0);
    expect("limit=1&limit=2", "{\"limit\":1}");
    assert_int_equal(violations.count, 1);
    assert_string_equal(violations.texts[0], "limit must be given once (comes again)");
}

static void everything_wrong_is_told_at_once(void **state)
{
    (void)state;
    expect("colour=red&reason=%ff&limit=1&limit=1&%3Cscript%3E=1", "{\"limit\":1}");
    assert_int_equal(violations.count, 4);
    assert_string_equal(violations.texts[0], "there is no parameter \"colour\" here");
    assert_string_equal(violations.texts[1], "reason must be valid UTF-8");
    assert_string_equal(violations.texts[2], "limit must be given once (comes again)");
    assert_string_equal(violations.texts[3], "there is no parameter \"...\" here");
}

static void zero_byte_in_a_value_is_kept_for_who_checks_it(void **state)
{
    (void)state;
    json_t *object = json_object();
    violations_clear(&violations);
    parameters_read("reason=a%00b", params, object, &violations);
    assert_int_equal(json_string_length(json_object_get(object, "reason")), 3);
    json_decref(object);
    assert_int_equal(violations.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_has_no_members),
        cmocka_unit_test(blanks_come_as_plus_as_percent_and_as_they_are),
        cmocka_unit_test(escapes_are_decoded_in_names_and_values),
        cmocka_unit_test(numbers_are_numbers_and_anything_else_stays_text),
        cmocka_unit_test(empty_one_counts_as_absent),
        cmocka_unit_test(list_may_come_again_and_others_may_not),
        cmocka_unit_test(everything_wrong_is_told_at_once),
        cmocka_unit_test(zero_byte_in_a_value_is_kept_for_who_checks_it),
    };
    return cmocka_run_group_tests_name("parameters", tests, NULL, NULL);
}

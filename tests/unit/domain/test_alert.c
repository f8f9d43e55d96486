/* test_alert.c -- rules over numbers: when they are raised and cleared, and what they say. */
#include "domain/alert.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct alert_rule rule_of(enum alert_op op, double value, int64_t for_ms)
{
    return (struct alert_rule){
        .name = "busy", .metric = ALERT_BUSY_WORKERS, .op = op, .value = value, .for_ms = for_ms};
}

static enum alert_change judge(const struct alert_rule *rule, struct alert_state *state, double observed,
                               int64_t now_ms)
{
    int64_t held_ms = 0;
    return alert_judge(rule, state, observed, now_ms, &held_ms);
}

static bool holds(enum alert_op op, double observed, double value)
{
    struct alert_state state = {0};
    struct alert_rule rule = rule_of(op, value, 0);
    return judge(&rule, &state, observed, 0) == ALERT_RAISED;
}

static void judge_compares_as_op_says(void **state)
{
    (void)state;
    assert_true(holds(ALERT_ABOVE, 3, 2) && !holds(ALERT_ABOVE, 2, 2));
    assert_true(holds(ALERT_AT_LEAST, 2, 2) && !holds(ALERT_AT_LEAST, 1.9, 2));
    assert_true(holds(ALERT_BELOW, 1, 2) && !holds(ALERT_BELOW, 2, 2));
    assert_true(holds(ALERT_AT_MOST, 2, 2) && !holds(ALERT_AT_MOST, 2.1, 2));
    assert_true(holds(ALERT_EQUAL, 2, 2) && !holds(ALERT_EQUAL, 3, 2));
    assert_true(holds(ALERT_DIFFERENT, 3, 2) && !holds(ALERT_DIFFERENT, 2, 2));
}

static void judge_without_duration_raises_and_clears_once_each(void **state)
{
    (void)state;
    struct alert_state alert = {0};
    struct alert_rule rule = rule_of(ALERT_ABOVE, 5, 0);
    assert_int_equal(judge(&rule, &alert, 5, 1000), ALERT_UNCHANGED);
    assert_int_equal(judge(&rule, &alert, 6, 2000), ALERT_RAISED);
    assert_int_equal(judge(&rule, &alert, 7, 3000), ALERT_UNCHANGED);
    assert_int_equal(judge(&rule, &alert, 5, 4000), ALERT_CLEARED);
    assert_int_equal(judge(&rule, &alert, 4, 5000), ALERT_UNCHANGED);
}

static void judge_with_duration_raises_only_once_it_has_held(void **state)
{
    (void)state;
    struct alert_state alert = {0};
    struct alert_rule rule = rule_of(ALERT_ABOVE, 5, 1000);
    int64_t held_ms = 0;
    assert_int_equal(alert_judge(&rule, &alert, 6, 10000, &held_ms), ALERT_UNCHANGED);
    assert_int_equal(alert_judge(&rule, &alert, 6, 10999, &held_ms), ALERT_UNCHANGED);
    assert_false(alert.raised);
    assert_int_equal(alert_judge(&rule, &alert, 6, 11250, &held_ms), ALERT_RAISED);
    assert_int_equal(held_ms, 1250);
    assert_true(alert.raised);
}

static void judge_flapping_within_duration_raises_nothing(void **state)
{
    (void)state;
    struct alert_state alert = {0};
    struct alert_rule rule = rule_of(ALERT_ABOVE, 5, 1000);
    for (int64_t now_ms = 0; now_ms < 20000; now_ms += 1800) {
        assert_int_equal(judge(&rule, &alert, 6, now_ms), ALERT_UNCHANGED);
        assert_int_equal(judge(&rule, &alert, 6, now_ms + 900), ALERT_UNCHANGED);
        assert_int_equal(judge(&rule, &alert, 1, now_ms + 950), ALERT_UNCHANGED);
    }
}

static void judge_raised_and_flapping_within_duration_stays_raised(void **state)
{
    (void)state;
    struct alert_state alert = {0};
    struct alert_rule rule = rule_of(ALERT_ABOVE, 5, 1000);
    (void)judge(&rule, &alert, 6, 0);
    assert_int_equal(judge(&rule, &alert, 6, 1000), ALERT_RAISED);
    for (int64_t now_ms = 2000; now_ms < 20000; now_ms += 1800) {
        assert_int_equal(judge(&rule, &alert, 1, now_ms), ALERT_UNCHANGED);
        assert_int_equal(judge(&rule, &alert, 1, now_ms + 900), ALERT_UNCHANGED);
        assert_int_equal(judge(&rule, &alert, 6, now_ms + 950), ALERT_UNCHANGED);
    }
    (void)judge(&rule, &alert, 1, 30000);
    assert_int_equal(judge(&rule, &alert, 1, 31000), ALERT_CLEARED);
}

static void judge_unknown_changes_nothing_and_begins_anew(void **state)
{
    (void)state;
    struct alert_state alert = {0};
    struct alert_rule rule = rule_of(ALERT_ABOVE, 5, 1000);
    (void)judge(&rule, &alert, 6, 0);
    assert_int_equal(judge(&rule, &alert, NAN, 900), ALERT_UNCHANGED);
    assert_int_equal(judge(&rule, &alert, 6, 1100), ALERT_UNCHANGED);
    assert_int_equal(judge(&rule, &alert, 6, 2100), ALERT_RAISED);
    assert_int_equal(judge(&rule, &alert, NAN, 9000), ALERT_UNCHANGED);
    assert_true(alert.raised);
}

static void judge_raised_under_another_value_clears_when_it_no_longer_holds(void **state)
{
    (void)state;
    struct alert_state alert = {.raised = true};
    struct alert_rule rule = rule_of(ALERT_ABOVE, 50, 0);
    assert_int_equal(judge(&rule, &alert, 6, 0), ALERT_CLEARED);
}

static void assert_says(const struct alert_rule *rule, bool raised, double observed, const char *sentence)
{
    struct buf said = {0};
    alert_describe(&said, rule, raised, observed);
    assert_string_equal(buf_terminated(&said), sentence);
    buf_fini(&said);
}

static void describe_names_observed_and_limit_with_units(void **state)
{
    (void)state;
    struct alert_rule rule = rule_of(ALERT_ABOVE, 5, 0);
    assert_says(&rule, true, 6, "busy workers: 6, above 5");
    rule =
        (struct alert_rule){.metric = ALERT_SYSTEM_HEALTH_PERCENTAGE, .op = ALERT_BELOW, .value = 80, .for_ms = 30000};
    assert_says(&rule, true, 66.66666, "system health: 66.67 %, below 80 %, for 30 s");
    assert_says(&rule, false, 100, "system health: 100 %, no longer below 80 %, for 30 s");
    rule = (struct alert_rule){.metric = ALERT_DEAF_MS, .op = ALERT_ABOVE, .value = 500};
    assert_says(&rule, true, 612, "time for which the registry has heard nothing: 612 ms, above 500 ms");
}

static void defaults_are_complete_and_well_named(void **state)
{
    (void)state;
    size_t count = 0;
    const struct alert_rule *rules = alert_defaults(&count);
    assert_true(count >= 6);
    for (size_t i = 0; i < count; i++) {
        assert_true(alert_rule_name_valid(text_of(rules[i].name)));
        assert_false(alert_name_reserved(text_of(rules[i].name)));
        assert_true(rules[i].metric >= 0 && rules[i].metric < ALERT_METRIC_COUNT);
        assert_true(rules[i].value >= 0);
        assert_true(rules[i].severity != ALERT_OFF);
    }
}

static void names_agree_with_choices(void **state)
{
    (void)state;
    struct buf choices = {0};
    for (unsigned i = 0; i < ALERT_METRIC_COUNT; i++) {
        buf_printf(&choices, "|%s", alert_metric_name((enum alert_metric)i));
    }
    assert_string_equal(buf_terminated(&choices), ALERT_METRIC_CHOICES);
    buf_clear(&choices);
    for (int i = ALERT_ABOVE; i <= ALERT_DIFFERENT; i++) {
        buf_printf(&choices, "|%s", alert_op_name((enum alert_op)i));
    }
    assert_string_equal(buf_terminated(&choices), ALERT_OP_CHOICES);
    buf_clear(&choices);
    for (int i = ALERT_OFF; i <= ALERT_CRITICAL; i++) {
        buf_printf(&choices, "|%s", alert_severity_name((enum alert_severity)i));
    }
    assert_string_equal(buf_terminated(&choices), ALERT_SEVERITY_CHOICES);
    buf_fini(&choices);
}

static void rule_name_takes_small_letters_digits_and_underscores(void **state)
{
    (void)state;
    char longest[ALERT_RULE_NAME_MAX + 2];
    memset(longest, 'a', sizeof longest);
    assert_true(alert_rule_name_valid(text_of("disk_2_full")));
    assert_true(alert_rule_name_valid((struct text){longest, ALERT_RULE_NAME_MAX}));
    assert_false(alert_rule_name_valid((struct text){longest, ALERT_RULE_NAME_MAX + 1}));
    assert_false(alert_rule_name_valid(text_of("")));
    assert_false(alert_rule_name_valid(text_of("2_full")));
    assert_false(alert_rule_name_valid(text_of("Full")));
    assert_false(alert_rule_name_valid(text_of("a-b")));
    assert_false(alert_rule_name_valid(text_of("a/b")));
    assert_true(alert_name_reserved(text_of("brake")));
    assert_true(alert_name_reserved(text_of("flapping")));
}

static void window_counts_growth_of_last_minute(void **state)
{
    (void)state;
    struct alert_window window = {0};
    assert_int_equal(alert_window_take(&window, 100, 1000000), 0);
    assert_int_equal(alert_window_take(&window, 107, 1001000), 7);
    assert_int_equal(alert_window_take(&window, 110, 1030000), 10);
    assert_int_equal(alert_window_take(&window, 110, 1054999), 10);
    assert_int_equal(alert_window_take(&window, 110, 1061000), 3);
    assert_int_equal(alert_window_take(&window, 110, 1095000), 0);
}

static void window_left_alone_for_long_forgets_all(void **state)
{
    (void)state;
    struct alert_window window = {0};
    (void)alert_window_take(&window, 0, 1000000);
    assert_int_equal(alert_window_take(&window, 50, 1001000), 50);
    assert_int_equal(alert_window_take(&window, 52, 9000000), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judge_compares_as_op_says),
        cmocka_unit_test(judge_without_duration_raises_and_clears_once_each),
        cmocka_unit_test(judge_with_duration_raises_only_once_it_has_held),
        cmocka_unit_test(judge_flapping_within_duration_raises_nothing),
        cmocka_unit_test(judge_raised_and_flapping_within_duration_stays_raised),
        cmocka_unit_test(judge_unknown_changes_nothing_and_begins_anew),
        cmocka_unit_test(judge_raised_under_another_value_clears_when_it_no_longer_holds),
        cmocka_unit_test(describe_names_observed_and_limit_with_units),
        cmocka_unit_test(defaults_are_complete_and_well_named),
        cmocka_unit_test(names_agree_with_choices),
        cmocka_unit_test(rule_name_takes_small_letters_digits_and_underscores),
        cmocka_unit_test(window_counts_growth_of_last_minute),
        cmocka_unit_test(window_left_alone_for_long_forgets_all),
    };
    return cmocka_run_group_tests_name("domain/alert", tests, NULL, NULL);
}

/* test_named.c -- alert rules in the configuration: from every source, and what each mistake is told as. */
#include "unit/config/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static enum err load(struct fixture *fixture, const char *content, const char *variable, const char *option)
{
    char copy[256] = "";
    char *environment[] = {copy, NULL};
    (void)snprintf(copy, sizeof copy, "%s", variable != NULL ? variable : "");
    buf_clear(&fixture->errors);
    fixture_write(fixture, content != NULL ? content : "", content != NULL ? strlen(content) : 0);
    return config_load(fixture->file, variable != NULL ? environment : NULL, &option, option != NULL ? 1 : 0,
                       &fixture->config, &fixture->sources, &fixture->errors);
}

static void assert_error(struct fixture *fixture, const char *line)
{
    char expected[1024];
    const char *errors = buf_terminated(&fixture->errors);
    assert_non_null(errors);
    size_t file_len = strlen(fixture->file);
    if (strncmp(errors, fixture->file, file_len) == 0) {
        errors += file_len + 1;
    }
    (void)snprintf(expected, sizeof expected, "%s\n", line);
    assert_string_equal(errors, expected);
}

static const struct alert_rule *rule(const struct fixture *fixture, const char *name)
{
    for (size_t i = 0; i < fixture->config.alerts.count; i++) {
        if (strcmp(fixture->config.alerts.rules[i].name, name) == 0) {
            return &fixture->config.alerts.rules[i];
        }
    }
    fail_msg("no rule %s", name);
    return NULL;
}

static void load_nothing_gives_default_rules(void **state)
{
    struct fixture *fixture = *state;
    size_t count = 0;
    const struct alert_rule *defaults = alert_defaults(&count);
    assert_int_equal(load(fixture, NULL, NULL, NULL), ERR_OK);
    assert_int_equal(fixture->config.alerts.count, count);
    assert_memory_equal(fixture->config.alerts.rules, defaults, count * sizeof *defaults);
}

static void file_adds_rule_with_all_its_keys(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load(fixture,
                          "[alert.few_idle]\nmetric = idleWorkers\nop = <=\nvalue = 2\nfor_ms = 1500\n"
                          "severity = critical\n",
                          NULL, NULL),
                     ERR_OK);
    const struct alert_rule *few = rule(fixture, "few_idle");
    assert_int_equal(few->metric, ALERT_IDLE_WORKERS);
    assert_int_equal(few->op, ALERT_AT_MOST);
    assert_true(few->value == 2);
    assert_int_equal(few->for_ms, 1500);
    assert_int_equal(few->severity, ALERT_CRITICAL);
}

static void sources_override_each_other_key_by_key(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load(fixture, "[alert.worker_failed]\nvalue = 3\nfor_ms = 100\n",
                          "MUSTER_ALERT_WORKER_FAILED_FOR_MS=200", "alert.worker_failed.severity=off"),
                     ERR_OK);
    const struct alert_rule *failed = rule(fixture, "worker_failed");
    assert_int_equal(failed->metric, ALERT_FAILED_WORKERS);
    assert_true(failed->value == 3);
    assert_int_equal(failed->for_ms, 200);
    assert_int_equal(failed->severity, ALERT_OFF);
}

static void mistakes_name_place_key_and_range(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load(fixture, "[alert.x]\nop = =>\nmetric = deafMs\nvalue = 1\n", NULL, NULL), ERR_INVALID);
    assert_error(fixture, "2: alert.x.op = =>: must be one of >|>=|<|<=|==|!=");
    assert_int_equal(load(fixture, "[alert.x]\nmetric = deafMs\nvalue = -1\n", NULL, NULL), ERR_INVALID);
    assert_error(fixture, "3: alert.x.value = -1: must be a number between 0 and 1e+15");
    assert_int_equal(load(fixture, "[alert.x]\nlevel = 3\n", NULL, NULL), ERR_INVALID);
    assert_error(fixture, "2: alert.x.level: unknown key");
    assert_int_equal(load(fixture, NULL, NULL, "alert.deaf.for_ms=1h"), ERR_INVALID);
    assert_error(fixture, "option -o: alert.deaf.for_ms = 1h: must be a whole number between 0 and 2592000000");
    assert_int_equal(load(fixture, NULL, "MUSTER_ALERT_DEAF_LEVEL=3", NULL), ERR_INVALID);
    assert_error(fixture, "environment variable MUSTER_ALERT_DEAF_LEVEL: unknown key");
}

static void key_given_twice_is_error(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load(fixture, "[alert.deaf]\nvalue = 3\nvalue = 4\n", NULL, NULL), ERR_INVALID);
    assert_error(fixture, "3: alert.deaf.value = 4: given already in line 2");
}

static void rule_without_metric_or_value_is_error(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load(fixture, "[alert.x]\nmetric = deafMs\n", NULL, NULL), ERR_INVALID);
    assert_error(fixture, "alert.x.value: must be given");
    assert_int_equal(load(fixture, "[alert.x]\nvalue = 1\n", NULL, NULL), ERR_INVALID);
    assert_non_null(strstr(buf_terminated(&fixture->errors), "alert.x.metric: must be given, one of totalWorkers|"));
}

static void percentage_beyond_100_is_error(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load(fixture, "[alert.capacity_used]\nvalue = 120\n", NULL, NULL), ERR_INVALID);
    assert_error(fixture, "alert.capacity_used.value = 120 (line 2): must be a number between 0 and 100, for "
                          "usedCapacityPercentage is a percentage");
}

static void bad_and_reserved_names_are_errors(void **state)
{
    struct fixture *fixture = *state;
    static const char word[] = "the rule's name must be 1-64 of a-z 0-9 _ beginning with a letter";
    char line[256];
    (void)snprintf(line, sizeof line, "option -o: alert.Big.value: %s", word);
    assert_int_equal(load(fixture, NULL, NULL, "alert.Big.value=1"), ERR_INVALID);
    assert_error(fixture, line);
    assert_int_equal(load(fixture, "[alert.brake]\nvalue = 1\n", NULL, NULL), ERR_INVALID);
    assert_error(fixture, "2: alert.brake.value: an alert of this name is raised by the registry itself");
    assert_int_equal(load(fixture, "[alert]\nvalue = 1\n", NULL, NULL), ERR_INVALID);
    assert_error(fixture, "1: [alert]: unknown section");
}

static void more_than_64_rules_are_error(void **state)
{
    struct fixture *fixture = *state;
    struct buf content = {0};
    size_t defaults = 0;
    (void)alert_defaults(&defaults);
    for (size_t i = defaults; i < ALERT_RULES_MAX; i++) {
        buf_printf(&content, "[alert.r%zu]\nmetric = deafMs\nvalue = 1\n", i);
    }
    assert_int_equal(load(fixture, buf_terminated(&content), NULL, NULL), ERR_OK);
    buf_append_string(&content, "[alert.one_more]\nmetric = deafMs\n");
    assert_int_equal(load(fixture, buf_terminated(&content), NULL, NULL), ERR_INVALID);
    assert_non_null(strstr(buf_terminated(&fixture->errors), "alert.one_more.metric: there are 64 rules already\n"));
    buf_fini(&content);
}

static void reload_takes_rules_over(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load(fixture, "[alert.x]\nmetric = deafMs\nvalue = 1\n", NULL, NULL), ERR_OK);
    struct config running = fixture->config;
    assert_int_equal(load(fixture, "[alert.deaf]\nvalue = 7\n", NULL, NULL), ERR_OK);
    config_reload(&running, &fixture->config, &fixture->errors);
    assert_int_equal(fixture->errors.len, 0);
    assert_memory_equal(&running.alerts, &fixture->config.alerts, sizeof running.alerts);
}

static void listing_is_a_file_that_loads_the_same_rules(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load(fixture, "[alert.x]\nmetric = deafMs\nvalue = 0.5\nop = !=\n", NULL, NULL), ERR_OK);
    struct config before = fixture->config;
    struct buf listing = {0};
    config_append_listing(&listing, &fixture->config, &fixture->sources);
    assert_non_null(strstr(buf_terminated(&listing), "\n[alert.x]\nmetric = deafMs"));
    assert_int_equal(load(fixture, buf_terminated(&listing), NULL, NULL), ERR_OK);
    assert_memory_equal(&before.alerts, &fixture->config.alerts, sizeof before.alerts);
    buf_fini(&listing);
}

static void help_names_keys_and_default_rules(void **state)
{
    struct fixture *fixture = *state;
    config_append_help(&fixture->errors);
    const char *help = buf_terminated(&fixture->errors);
    assert_non_null(strstr(help, "  alert.NAME.metric = \n"));
    assert_non_null(strstr(help, "Is one of off|info|warning|critical. Taken over on SIGHUP.\n"));
    assert_non_null(strstr(help, "[alert.system_health] metric = systemHealthPercentage, op = <, value = 80, "
                                 "for_ms = 30000, severity = critical\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(load_nothing_gives_default_rules, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(file_adds_rule_with_all_its_keys, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(sources_override_each_other_key_by_key, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(mistakes_name_place_key_and_range, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(key_given_twice_is_error, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(rule_without_metric_or_value_is_error, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(percentage_beyond_100_is_error, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(bad_and_reserved_names_are_errors, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(more_than_64_rules_are_error, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(reload_takes_rules_over, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(listing_is_a_file_that_loads_the_same_rules, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(help_names_keys_and_default_rules, fixture_set_up, fixture_tear_down),
    };
    return cmocka_run_group_tests_name("config/named", tests, NULL, NULL);
}

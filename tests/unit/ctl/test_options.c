/* test_options.c -- the command line of musterctl. */
#include "ctl/options.h"

#include "domain/worker.h"

#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { WORDS_MAX = 12 };

/* words: the command line after the program's name, ended by NULL. */
static bool parse(const char *const *words, struct options *out_options, struct buf *out_wrong)
{
    char *argv[WORDS_MAX + 2] = {(char *)"musterctl"};
    int argc = 1;
    while (argc <= WORDS_MAX && words[argc - 1] != NULL) {
        argv[argc] = (char *)words[argc - 1];
        argc++;
    }
    optind = 0; /* getopt starts anew */
    return options_parse(argc, argv, out_options, out_wrong);
}

static void assert_wrong(const char *const *words, const char *sentence)
{
    struct options options;
    struct buf wrong = {0};
    assert_false(parse(words, &options, &wrong));
    assert_string_equal(buf_terminated(&wrong), sentence);
    buf_fini(&wrong);
}

static struct options parsed(const char *const *words)
{
    struct options options;
    struct buf wrong = {0};
    assert_true(parse(words, &options, &wrong));
    assert_int_equal(wrong.len, 0);
    return options;
}

static void parse_options_anywhere_are_taken(void **state)
{
    (void)state;
    struct options options = parsed((const char *const[]){"--json", "deregister", "--reason", "old", "w1", "--force",
                                                          "--uri=tcp://h:1", "--timeout", "250", NULL});
    assert_string_equal(options.command, "deregister");
    assert_string_equal(options.operand, "w1");
    assert_string_equal(options.reason, "old");
    assert_string_equal(options.access.uri, "tcp://h:1");
    assert_int_equal(options.timeout_ms, 250);
    assert_true(options.json && options.force && !options.drain && !options.follow);
}

static void parse_without_options_uses_defaults(void **state)
{
    (void)state;
    struct options options = parsed((const char *const[]){"list", NULL});
    assert_string_equal(options.access.uri, "tcp://127.0.0.1:1883");
    assert_string_equal(options.access.topic_root, "muster/v1");
    assert_int_equal(options.timeout_ms, 5000);
    assert_null(options.operand);
}

static void parse_environment_stands_below_the_option(void **state)
{
    (void)state;
    assert_int_equal(setenv("MUSTER_MQTT_URI", "tcp://env:2", 1), 0);
    assert_string_equal(parsed((const char *const[]){"list", NULL}).access.uri, "tcp://env:2");
    assert_string_equal(parsed((const char *const[]){"list", "--uri", "tcp://h:1", NULL}).access.uri, "tcp://h:1");
    assert_int_equal(setenv("MUSTER_MQTT_URI", "", 1), 0);
    assert_string_equal(parsed((const char *const[]){"list", NULL}).access.uri, "tcp://127.0.0.1:1883");
    assert_int_equal(unsetenv("MUSTER_MQTT_URI"), 0);
}

static void parse_filters_are_taken(void **state)
{
    (void)state;
    struct options options = parsed((const char *const[]){"find", "--status=IDLE", "--tags", "a,b", "--sort", "free",
                                                          "--minimum-free", "3", "--limit", "7", NULL});
    assert_string_equal(options.status, "IDLE");
    assert_string_equal(options.tags, "a,b");
    assert_string_equal(options.sort, "free");
    assert_int_equal(options.minimum_free, 3);
    assert_int_equal(options.limit, 7);
    assert_null(options.health);
}

/* What the table offers has to be words of the domain. */
static void rows_choices_are_known_to_the_registry(void **state)
{
    (void)state;
    size_t count = 0;
    const struct options_row *rows = options_rows(&count);
    for (size_t i = 0; i < count; i++) {
        bool is_status = strcmp(rows[i].name, "status") == 0;
        bool is_health = strcmp(rows[i].name, "health") == 0;
        for (const char *at = is_status || is_health ? rows[i].choices : ""; *at != '\0'; at += strspn(at, " ")) {
            struct text word = {at, strcspn(at, " ")};
            assert_true(is_status ? worker_status_of(word) != WORKER_STATUS_NONE
                                  : worker_health_of(word) != HEALTH_NONE);
            at += word.len;
        }
    }
}

static void parse_help_wants_no_command(void **state)
{
    (void)state;
    assert_int_equal(parsed((const char *const[]){"--help", NULL}).action, OPTIONS_HELP);
    assert_int_equal(parsed((const char *const[]){"--version", NULL}).action, OPTIONS_VERSION);
    assert_int_equal(parsed((const char *const[]){"--manual", NULL}).action, OPTIONS_MANUAL);
}

static void parse_wrong_usage_is_named(void **state)
{
    (void)state;
    assert_wrong((const char *const[]){"list", "--bogus", NULL}, "\"--bogus\" is no option, or lacks its value\n");
    assert_wrong((const char *const[]){"list", "--uri", NULL}, "\"--uri\" is no option, or lacks its value\n");
    assert_wrong((const char *const[]){"list", "--follow", NULL}, "--follow is an option of events, not of list\n");
    assert_wrong((const char *const[]){"get", "--limit", "1", NULL},
                 "--limit is an option of list and find, not of get\n");
    assert_wrong((const char *const[]){"find", "--sort", "name", NULL}, "--sort must be free (is \"name\")\n");
    assert_wrong((const char *const[]){"find", "--health", "fine", NULL},
                 "--health must be HEALTHY, RECOVERED, UNHEALTHY or FAILED (is \"fine\")\n");
    assert_wrong((const char *const[]){"find", "--limit", "0", NULL}, "--limit must be from 1 to 1000000 (is \"0\")\n");
    assert_wrong((const char *const[]){"find", "--minimum-free", "99999999999999999999", NULL},
                 "--minimum-free must be from 1 to 1000000 (is \"99999999999999999999\")\n");
    assert_wrong((const char *const[]){"get", "a", "b", NULL}, "\"b\" is one argument too many\n");
    assert_wrong((const char *const[]){"list", "--timeout", "5s", NULL},
                 "--timeout must be from 1 to 600000 ms (is \"5s\")\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_options_anywhere_are_taken),
        cmocka_unit_test(parse_without_options_uses_defaults),
        cmocka_unit_test(parse_environment_stands_below_the_option),
        cmocka_unit_test(parse_filters_are_taken),
        cmocka_unit_test(rows_choices_are_known_to_the_registry),
        cmocka_unit_test(parse_help_wants_no_command),
        cmocka_unit_test(parse_wrong_usage_is_named),
    };
    static const char *const variables[] = {"MUSTER_MQTT_URI", "MUSTER_MQTT_TOPIC_ROOT"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        (void)unsetenv(variables[i]);
    }
    return cmocka_run_group_tests_name("ctl/options", tests, NULL, NULL);
}

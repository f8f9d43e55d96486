/* test_flags.c -- the command line of muster-agent and its environment. */
#include "agent/flags.h"

#include "support/command_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct flags flags;
static struct buf errors;

static int set_up(void **state)
{
    (void)state;
    buf_clear(&errors);
    (void)unsetenv("MUSTER_MQTT_URI");
    (void)unsetenv("MUSTER_MQTT_USERNAME");
    return 0;
}

static int fini(void **state)
{
    (void)state;
    buf_fini(&errors);
    return 0;
}

static bool parse(const char *line)
{
    static struct command_line words;
    command_line_split(&words, line);
    buf_clear(&errors);
    return flags_parse(&flags, words.argc, words.argv, &errors);
}

static void parse_all_flags_takes_their_values(void **state)
{
    (void)state;
    assert_true(
        parse("muster-agent --uri ssl://h:1 --id w1 --name W --capacity 4 --tags a,b --capabilities c --zone z "
              "--worker-version 2.1 --host-name hn --port 80 --load-factor 1.5 --priority-threshold -3 "
              "--heartbeat-interval-ms 100 --heartbeat-timeout-ms=300 --jobs 2 --username u --log-level debug"));
    assert_string_equal(flags.options.broker_uri, "ssl://h:1");
    assert_string_equal(flags.options.worker_id, "w1");
    assert_int_equal(flags.options.max_concurrent_jobs, 4);
    assert_string_equal(flags.options.version, "2.1");
    assert_int_equal(flags.options.port, 80);
    assert_true(flags.options.load_factor > 1.49 && flags.options.load_factor < 1.51);
    assert_int_equal(flags.options.priority_threshold, -3);
    assert_int_equal(flags.options.heartbeat_interval_ms, 100);
    assert_int_equal(flags.options.heartbeat_timeout_ms, 300);
    assert_int_equal(flags.jobs, 2);
    assert_int_equal(flags.log_level, LOG_DEBUG);
}

static void parse_nothing_is_this_host_at_the_local_broker(void **state)
{
    (void)state;
    char host[256] = "";
    assert_int_equal(gethostname(host, sizeof host - 1), 0);
    assert_true(parse("muster-agent"));
    assert_string_equal(flags.options.worker_id, host);
    assert_string_equal(flags.options.broker_uri, "tcp://127.0.0.1:1883");
    assert_int_equal(flags.options.max_concurrent_jobs, 1);
    assert_int_equal(flags.log_level, LOG_INFO);
}

static void parse_flag_wins_over_environment(void **state)
{
    (void)state;
    (void)setenv("MUSTER_MQTT_URI", "tcp://elsewhere", 1);
    (void)setenv("MUSTER_MQTT_USERNAME", "", 1);
    assert_true(parse("muster-agent --id w1"));
    assert_string_equal(flags.options.broker_uri, "tcp://elsewhere");
    assert_null(flags.options.username);
    assert_true(parse("muster-agent --id w1 --uri tcp://here"));
    assert_string_equal(flags.options.broker_uri, "tcp://here");
}

static void parse_mistakes_are_all_told(void **state)
{
    (void)state;
    assert_false(
        parse("muster-agent --id w/1 --capacity 0 --jobs many --load-factor 0 --log-level loud --what --port"));
    assert_string_equal(buf_terminated(&errors),
                        "--capacity 0: must be a whole number between 1 and 2147483647\n"
                        "--jobs many: must be a whole number between 0 and 1024\n"
                        "--load-factor 0: must be a number above 0\n"
                        "--log-level loud: must be debug, info, warn or error\n"
                        "--what: unknown flag\n"
                        "--port: needs a value\n"
                        "--id w/1: must be 1-128 of A-Z a-z 0-9 . _ - and begin with a letter or digit\n");
}

static void parse_stray_argument_is_told(void **state)
{
    (void)state;
    assert_false(parse("muster-agent --id w1 stray"));
    assert_string_equal(buf_terminated(&errors), "stray: unexpected argument\n");
}

static void parse_missing_password_file_is_told(void **state)
{
    (void)state;
    assert_false(parse("muster-agent --id w1 --password-file /nonexistent/password"));
    assert_non_null(strstr(buf_terminated(&errors), "/nonexistent/password: No such file"));
}

static void parse_help_and_version_need_nothing_else(void **state)
{
    (void)state;
    assert_true(parse("muster-agent --help"));
    assert_true(flags.asked.help);
    assert_true(parse("muster-agent --version"));
    assert_true(flags.asked.version);
    assert_false(flags.asked.help);
}

static void help_names_every_flag(void **state)
{
    (void)state;
    static const char *const names[] = {"--uri URI",
                                        "--id ID",
                                        "--capacity N",
                                        "--password-file FILE",
                                        "$MUSTER_MQTT_PASSWORD_FILE",
                                        "--heartbeat-interval-ms MS",
                                        "--version"};
    flags_append_help(&errors);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_non_null(strstr(buf_terminated(&errors), names[i]));
    }
}

#define FLAGS_TEST(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLAGS_TEST(parse_all_flags_takes_their_values),
        FLAGS_TEST(parse_nothing_is_this_host_at_the_local_broker),
        FLAGS_TEST(parse_flag_wins_over_environment),
        FLAGS_TEST(parse_mistakes_are_all_told),
        FLAGS_TEST(parse_stray_argument_is_told),
        FLAGS_TEST(parse_missing_password_file_is_told),
        FLAGS_TEST(parse_help_and_version_need_nothing_else),
        FLAGS_TEST(help_names_every_flag),
    };
    return cmocka_run_group_tests_name("agent/flags", tests, NULL, fini);
}

/* test_options.c -- the command line of muster-sim. */
#include "sim/options.h"

#include "support/command_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct options options;
static struct buf errors;

static int set_up(void **state)
{
    (void)state;
    (void)unsetenv("MUSTER_MQTT_URI");
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
    return options_parse(&options, words.argc, words.argv, &errors);
}

static void nothing_given_is_the_standard(void **state)
{
    (void)state;
    assert_true(parse("muster-sim"));
    assert_int_equal(options.scenario, SCENARIO_STEADY);
    assert_int_equal(options.workers, 1000);
    assert_true(options.duration_s == 10);
    assert_int_equal(options.encoding, ENCODING_MSGPACK);
    assert_string_equal(options.access.uri, "tcp://127.0.0.1:1883");
}

static void scenario_and_values_are_taken_in_any_order(void **state)
{
    (void)state;
    assert_true(parse("muster-sim --workers 7 mass-return --share=0.25 --pause 1.5 --jitter normal --qos 1 --encoding "
                      "json --together --json"));
    assert_int_equal(options.scenario, SCENARIO_MASS_RETURN);
    assert_int_equal(options.workers, 7);
    assert_true(options.share == 0.25 && options.pause_s == 1.5);
    assert_int_equal(options.jitter, JITTER_NORMAL);
    assert_int_equal(options.qos, 1);
    assert_int_equal(options.encoding, ENCODING_JSON);
    assert_true(options.together && options.json);
}

static void environment_is_taken_where_nothing_is_given(void **state)
{
    (void)state;
    assert_int_equal(setenv("MUSTER_MQTT_URI", "tcp://h:1", 1), 0);
    assert_true(parse("muster-sim"));
    assert_string_equal(options.access.uri, "tcp://h:1");
    assert_true(parse("muster-sim --uri tcp://other:2"));
    assert_string_equal(options.access.uri, "tcp://other:2");
}

static void every_mistake_is_told_at_once(void **state)
{
    (void)state;
    assert_false(
        parse("muster-sim calm more --workers 0 --share 1.5 --share nan --qos 2 --jitter odd --nothing --prefix "
              "/x --jobs 11 --boot-id b --batch"));
    const char *told = buf_terminated(&errors);
    static const char *const wanted[] = {"calm: no such scenario\n",
                                         "more: unexpected argument\n",
                                         "--workers 0: must be a whole number from 1 to 5000000\n",
                                         "--share 1.5: must be a number from 0 to 1\n",
                                         "--share nan: must be a number from 0 to 1\n",
                                         "--qos 2: must be one of: 0 1\n",
                                         "--jitter odd: must be one of: none uniform normal exponential\n",
                                         "--nothing: unknown option\n",
                                         "--prefix /x: must be 1-64 of",
                                         "--jobs 11: must be at most the --capacity (10)\n",
                                         "--boot-id b: must be 2-64 bytes long\n",
                                         "--batch: needs a value\n"};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_non_null(strstr(told, wanted[i]));
    }
}

static void storm_without_registering_is_refused(void **state)
{
    (void)state;
    assert_true(parse("muster-sim gateway --unregistered"));
    assert_false(parse("muster-sim storm --unregistered"));
    assert_string_equal(buf_terminated(&errors), "--unregistered: storm is about registering\n");
}

static void epoch_is_taken_without_registering_only(void **state)
{
    (void)state;
    assert_true(parse("muster-sim --unregistered --epoch 17"));
    assert_int_equal(options.epoch, 17);
    assert_false(parse("muster-sim --epoch 17"));
    assert_string_equal(buf_terminated(&errors), "--epoch: needs --unregistered, for who registers is given another\n");
}

static void help_shows_scenarios_and_options(void **state)
{
    (void)state;
    struct buf help = {0};
    options_append_help(&help);
    const char *shown = buf_terminated(&help);
    assert_non_null(strstr(shown, "  mass-death "));
    assert_non_null(strstr(shown, "  --duration SECONDS "));
    buf_fini(&help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_given_is_the_standard, set_up),
        cmocka_unit_test_setup(scenario_and_values_are_taken_in_any_order, set_up),
        cmocka_unit_test_setup(environment_is_taken_where_nothing_is_given, set_up),
        cmocka_unit_test_setup(every_mistake_is_told_at_once, set_up),
        cmocka_unit_test_setup(storm_without_registering_is_refused, set_up),
        cmocka_unit_test_setup(epoch_is_taken_without_registering_only, set_up),
        cmocka_unit_test(help_shows_scenarios_and_options),
    };
    return cmocka_run_group_tests_name("sim/options", tests, NULL, fini);
}

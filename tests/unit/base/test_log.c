/* test_log.c -- lines as they come out of the descriptor: whole, escaped, cut, or not at all. */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { OUTPUT_MAX = 16384, TIME_LEN = 24 };

struct fixture {
    int ends[2];
    char output[OUTPUT_MAX];
};

static int set_up(void **state)
{
    static struct fixture fixture;
    *state = &fixture;
    return pipe(fixture.ends);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    (void)close(fixture->ends[0]);
    return 0;
}

static struct log log_to(const struct fixture *fixture, enum log_level level, enum log_format format)
{
    return (struct log){.level = level, .format = format, .fd = fixture->ends[1]};
}

/* Everything written so far, after the time of the first line. */
static const char *read_output(struct fixture *fixture, size_t skip)
{
    (void)close(fixture->ends[1]);
    size_t len = 0;
    ssize_t got = 0;
    while ((got = read(fixture->ends[0], fixture->output + len, OUTPUT_MAX - 1 - len)) > 0) {
        len += (size_t)got;
    }
    fixture->output[len] = '\0';
    assert_true(len == 0 || len > skip);
    return fixture->output + (len == 0 ? 0 : skip);
}

static void write_text_has_time_level_and_sentence(void **state)
{
    struct fixture *fixture = *state;
    struct log log = log_to(fixture, LOG_INFO, LOG_TEXT);
    log_write(&log, LOG_WARN, "%d of %s", 3, "them");
    assert_string_equal(read_output(fixture, TIME_LEN), " warn  3 of them\n");
    int year = 0;
    int millisecond = -1;
    assert_int_equal(sscanf(fixture->output, "%4d-%*2d-%*2dT%*2d:%*2d:%*2d.%3dZ", &year, &millisecond), 2);
    assert_in_range(millisecond, 0, 999);
}

static void write_json_escapes_quotes_and_backslashes(void **state)
{
    struct fixture *fixture = *state;
    struct log log = log_to(fixture, LOG_DEBUG, LOG_JSON);
    log_write(&log, LOG_ERROR, "a \"b\" \\ c\n\x01\x7f");
    assert_string_equal(read_output(fixture, strlen("{\"time\":\"") + TIME_LEN),
                        "\",\"level\":\"error\",\"message\":\"a \\\"b\\\" \\\\ c\\u000a\\u0001\\u007f\"}\n");
}

static void write_text_shows_control_bytes_as_codes(void **state)
{
    struct fixture *fixture = *state;
    struct log log = log_to(fixture, LOG_DEBUG, LOG_TEXT);
    log_write(&log, LOG_DEBUG, "id \x1b[31m\nforged line");
    assert_string_equal(read_output(fixture, TIME_LEN), " debug id \\x1b[31m\\x0aforged line\n");
}

static void write_below_level_writes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct log log = log_to(fixture, LOG_WARN, LOG_TEXT);
    log_write(&log, LOG_INFO, "unheard");
    log_write(&log, LOG_DEBUG, "unheard");
    assert_string_equal(read_output(fixture, 0), "");
}

static void write_too_long_is_cut_at_whole_character_in_one_line(void **state)
{
    struct fixture *fixture = *state;
    struct log log = log_to(fixture, LOG_DEBUG, LOG_JSON);
    char sentence[3000];
    memset(sentence, 'a', sizeof sentence);
    memcpy(sentence + 1022, "\xC3\xA9", 2);
    sentence[sizeof sentence - 1] = '\0';
    log_write(&log, LOG_INFO, "%s", sentence);
    const char *output = read_output(fixture, 0);
    assert_int_equal(strspn(strchr(output, 'a'), "a"), 1);
    assert_int_equal(strspn(strstr(output, "aaa"), "a"), 1022);
    assert_string_equal(strstr(output, "aaa") + 1022, "\"}\n");
}

static void write_nothing_but_control_bytes_fits(void **state)
{
    struct fixture *fixture = *state;
    struct log log = log_to(fixture, LOG_DEBUG, LOG_JSON);
    char sentence[2000];
    memset(sentence, '\x02', sizeof sentence);
    sentence[sizeof sentence - 1] = '\0';
    log_write(&log, LOG_INFO, "%s", sentence);
    const char *output = read_output(fixture, 0);
    assert_string_equal(output + strlen(output) - 9, "\\u0002\"}\n");
}

#define WITH_PIPE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PIPE(write_text_has_time_level_and_sentence),
        WITH_PIPE(write_json_escapes_quotes_and_backslashes),
        WITH_PIPE(write_text_shows_control_bytes_as_codes),
        WITH_PIPE(write_below_level_writes_nothing),
        WITH_PIPE(write_too_long_is_cut_at_whole_character_in_one_line),
        WITH_PIPE(write_nothing_but_control_bytes_fits),
    };
    return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}

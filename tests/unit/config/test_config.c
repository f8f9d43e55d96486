/* test_config.c -- the configuration from all its sources, and what each mistake is told as. */
#include "unit/config/fixture.h"

#include "base/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static enum err load_all(struct fixture *fixture, const char *content, char *const *environment,
                         const char *const *options, size_t option_count)
{
    if (content != NULL) {
        fixture_write(fixture, content, strlen(content));
    }
    buf_clear(&fixture->errors);
    return config_load(content != NULL ? fixture->file : NULL, environment, options, option_count, &fixture->config,
                       &fixture->sources, &fixture->errors);
}

static enum err load_file(struct fixture *fixture, const char *content)
{
    return load_all(fixture, content, NULL, NULL, 0);
}

static enum err load_option(struct fixture *fixture, const char *option)
{
    return load_all(fixture, NULL, NULL, &option, 1);
}

static enum err load_variable(struct fixture *fixture, const char *entry)
{
    char copy[256];
    (void)snprintf(copy, sizeof copy, "%s", entry);
    char *environment[] = {copy, NULL};
    return load_all(fixture, NULL, environment, NULL, 0);
}

/* The errors are exactly this line (after the file's name where there is one). */
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

static size_t index_of(const char *name)
{
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i].name, name) == 0) {
            return i;
        }
    }
    fail_msg("no key %s", name);
    return 0;
}

/* ------------------------------------------------------------------------------------------- defaults */

static void load_nothing_gives_contract_defaults(void **state)
{
    static const char *const contract[][2] = {
        {"mqtt.uri", "tcp://127.0.0.1:1883"},
        {"mqtt.client_id", "musterd"},
        {"mqtt.username", ""},
        {"mqtt.password_file", ""},
        {"mqtt.topic_root", "muster/v1"},
        {"redis.uri", "redis://127.0.0.1:6379/0"},
        {"redis.prefix", "muster"},
        {"worker.heartbeat_timeout_ms", "300000"},
        {"worker.min_heartbeat_timeout_ms", "1000"},
        {"worker.max_heartbeat_timeout_ms", "86400000"},
        {"worker.archive_seconds", "86400"},
        {"health.check_interval_ms", "120000"},
        {"health.max_consecutive_failures", "3"},
        {"health.auto_recovery", "true"},
        {"health.cleanup_threshold_ms", "900000"},
        {"registration.max_attempts", "3"},
        {"registration.retry_delay_ms", "3600000"},
        {"registration.max_concurrent_jobs", "100"},
        {"registration.min_load_factor", "0.1"},
        {"registration.max_load_factor", "2"},
        {"registration.max_workers", "0"},
        {"brake.percent", "25"},
        {"brake.min_workers", "10"},
        {"brake.max_ms", "600000"},
        {"publish.encoding", "json"},
        {"publish.system_interval_ms", "5000"},
        {"events.max_length", "1000000"},
        {"http.listen", "127.0.0.1:8420"},
        {"log.level", "info"},
        {"log.format", "text"},
    };
    struct fixture *fixture = *state;
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    assert_int_equal(load_file(fixture, NULL), ERR_OK);
    for (size_t i = 0; i < sizeof contract / sizeof contract[0]; i++) {
        buf_clear(&fixture->errors);
        config_append_value(&fixture->errors, &fixture->config, &keys[index_of(contract[i][0])]);
        assert_string_equal(buf_terminated(&fixture->errors), contract[i][1]);
    }
}

static void table_every_key_is_complete(void **state)
{
    (void)state;
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(keys[i].default_text);
        assert_true(strlen(keys[i].help) > 10);
        assert_int_equal(keys[i].help[strlen(keys[i].help) - 1], '.');
        assert_int_equal(keys[i].type == CONFIG_CHOICE, keys[i].choices != NULL);
        assert_true(keys[i].offset < sizeof(struct config));
        if (keys[i].type == CONFIG_INT || keys[i].type == CONFIG_REAL) {
            assert_true(keys[i].min < keys[i].max);
        }
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(keys[k].name, keys[i].name);
            assert_int_not_equal(keys[k].offset, keys[i].offset);
        }
    }
}

static void table_every_duration_may_be_100_ms(void **state)
{
    struct fixture *fixture = *state;
    static const char *const durations[] = {
        "daemon.lease_ms=100",
        "worker.min_heartbeat_timeout_ms=100",
        "worker.heartbeat_timeout_ms=100",
        "health.check_interval_ms=100",
        "health.cleanup_threshold_ms=100",
        "registration.retry_delay_ms=100",
        "brake.max_ms=100",
        "publish.system_interval_ms=100",
    };
    assert_int_equal(load_all(fixture, NULL, NULL, durations, sizeof durations / sizeof durations[0]), ERR_OK);
    assert_int_equal(fixture->config.worker.min_heartbeat_timeout_ms, 100);
}

/* ------------------------------------------------------------------------------------------- sources */

static void load_later_source_wins(void **state)
{
    struct fixture *fixture = *state;
    char level[] = "MUSTER_LOG_LEVEL=warn";
    char percent[] = "MUSTER_BRAKE_PERCENT=50";
    char *environment[] = {level, percent, NULL};
    const char *options[] = {"log.level=debug", "log.level=error"};
    const char *content = "[log]\nlevel = debug\n[brake]\npercent = 40\nmin_workers = 7\n";
    assert_int_equal(load_all(fixture, content, environment, options, 2), ERR_OK);
    assert_int_equal(fixture->config.log.level, 3);
    assert_int_equal(fixture->config.brake.percent, 50);
    assert_int_equal(fixture->config.brake.min_workers, 7);
    assert_int_equal(fixture->sources.origins[index_of("log.level")].source, CONFIG_FROM_OPTION);
    assert_int_equal(fixture->sources.origins[index_of("brake.percent")].source, CONFIG_FROM_ENVIRONMENT);
    assert_int_equal(fixture->sources.origins[index_of("brake.min_workers")].source, CONFIG_FROM_FILE);
    assert_int_equal(fixture->sources.origins[index_of("brake.min_workers")].line, 5);
    assert_int_equal(fixture->sources.origins[index_of("brake.max_ms")].source, CONFIG_FROM_DEFAULT);
}

static void load_file_with_comments_and_blanks_reads_values(void **state)
{
    struct fixture *fixture = *state;
    const char *content = "\xEF\xBB\xBF; a comment\n"
                          "# another\n"
                          "\n"
                          "  [mqtt]  \r\n"
                          "\turi = ssl://broker.example:8883 ; with TLS\n"
                          "   username=\n"
                          "[health]\n"
                          "auto_recovery = false";
    assert_int_equal(load_file(fixture, content), ERR_OK);
    assert_string_equal(fixture->config.mqtt.uri, "ssl://broker.example:8883");
    assert_string_equal(fixture->config.mqtt.username, "");
    assert_false(fixture->config.health.auto_recovery);
}

static void load_variables_of_others_are_passed_over(void **state)
{
    struct fixture *fixture = *state;
    static const char *const others[] = {
        "MUSTER_HOME=/srv",
        "MUSTER_PORT=tcp://10.0.0.1:8420",
        "MUSTER_REDIS_PORT=tcp://10.0.0.2:6379",
        "MUSTER_REDIS_PORT_6379_TCP",
        "MUSTER_MQTT_SERVICE_HOST=10.0.0.3",
        "MUSTERMQTT_URI=x",
        "PATH=/bin",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(load_variable(fixture, others[i]), ERR_OK);
    }
}

static void load_misspelt_variable_is_error(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load_variable(fixture, "MUSTER_WORKER_HEARTBEAT_TIMEOUT=5"), ERR_INVALID);
    assert_error(fixture, "environment variable MUSTER_WORKER_HEARTBEAT_TIMEOUT: unknown key");
    assert_int_equal(load_variable(fixture, "MUSTER_MQTT_PORTS=5"), ERR_INVALID);
}

static void load_bad_variable_names_it_and_the_range(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load_variable(fixture, "MUSTER_BRAKE_PERCENT=101"), ERR_INVALID);
    assert_error(fixture, "environment variable MUSTER_BRAKE_PERCENT: brake.percent = 101: must be a whole number "
                          "between 1 and 100");
}

static void load_bad_options_are_errors(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load_option(fixture, "log.level"), ERR_INVALID);
    assert_error(fixture, "option -o: log.level: must be section.key=value");
    assert_int_equal(load_option(fixture, "log.colour=red"), ERR_INVALID);
    assert_error(fixture, "option -o: log.colour: unknown key");
    assert_int_equal(load_option(fixture, "log.level=loud"), ERR_INVALID);
    assert_error(fixture, "option -o: log.level = loud: must be one of debug|info|warn|error");
    assert_int_equal(load_option(fixture, "health.auto_recovery=yes"), ERR_INVALID);
    assert_error(fixture, "option -o: health.auto_recovery = yes: must be true or false");
    assert_int_equal(load_option(fixture, "registration.max_load_factor=1e9"), ERR_INVALID);
    assert_error(fixture, "option -o: registration.max_load_factor = 1e9: must be a number between 0 and 1000");
}

static void load_numbers_that_are_none_are_errors(void **state)
{
    struct fixture *fixture = *state;
    static const char *const values[] = {"", " 5", "5 ", "5s", "0x10", "1e3", "+5", "--5", "-", "99999999999999999999"};
    static const char *const reals[] = {"", "nan", "inf", "0x1", "1.5x", " 1", "."};
    char option[64];
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        (void)snprintf(option, sizeof option, "brake.min_workers=%s", values[i]);
        assert_int_equal(load_option(fixture, option), ERR_INVALID);
    }
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        (void)snprintf(option, sizeof option, "registration.min_load_factor=%s", reals[i]);
        assert_int_equal(load_option(fixture, option), ERR_INVALID);
    }
}

/* ------------------------------------------------------------------------------------------- gateways */

static const char *patterns_of(const struct fixture *fixture, const char *id)
{
    for (size_t i = 0; i < fixture->config.gateways.count; i++) {
        if (strcmp(fixture->config.gateways.items[i].id, id) == 0) {
            return fixture->config.gateways.items[i].patterns;
        }
    }
    return "none";
}

static void load_gateways_each_with_its_patterns(void **state)
{
    struct fixture *fixture = *state;
    const char *options[] = {"gateways.north=n*", "gateways.gw.2=*"};
    const char *content = "[gateways]\ngw-1 = edge-* w-??, one\ngw.2 = a\n";
    assert_int_equal(load_all(fixture, content, NULL, options, 2), ERR_OK);
    assert_int_equal(fixture->config.gateways.count, 3);
    assert_string_equal(patterns_of(fixture, "gw-1"), "edge-* w-??, one");
    assert_string_equal(patterns_of(fixture, "gw.2"), "*");
    assert_string_equal(patterns_of(fixture, "north"), "n*");
    assert_int_equal(fixture->sources.gateways[0].source, CONFIG_FROM_FILE);
    assert_int_equal(fixture->sources.gateways[0].line, 2);
    assert_int_equal(fixture->sources.gateways[1].source, CONFIG_FROM_OPTION);
}

static void load_gateways_from_variables(void **state)
{
    struct fixture *fixture = *state;
    char known[] = "MUSTER_GATEWAYS_GW_1=b*";
    char fresh[] = "MUSTER_GATEWAYS_NORTH_2=c*";
    char service[] = "MUSTER_GATEWAYS_PORT=tcp://10.0.0.1:80";
    char *environment[] = {known, fresh, service, NULL};
    assert_int_equal(load_all(fixture, "[gateways]\nGw-1 = a*\n", environment, NULL, 0), ERR_OK);
    assert_int_equal(fixture->config.gateways.count, 2);
    assert_string_equal(patterns_of(fixture, "Gw-1"), "b*");
    assert_string_equal(patterns_of(fixture, "north_2"), "c*");
    assert_int_equal(fixture->sources.gateways[0].source, CONFIG_FROM_ENVIRONMENT);
}

static void load_bad_gateways_are_errors(void **state)
{
    static const char rule[] =
        "must be 1-16 patterns with blanks or commas between them, each 1-128 of A-Z a-z 0-9 . _ - * ?";
    static const char *const values[] = {"", " , ", "a/b", "w[12]", "a\\b", "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char option[128];
        char line[256];
        (void)snprintf(option, sizeof option, "gateways.gw=%s", values[i]);
        (void)snprintf(line, sizeof line, "option -o: gateways.gw = %s: %s", values[i], rule);
        assert_int_equal(load_option(fixture, option), ERR_INVALID);
        assert_error(fixture, line);
    }
    assert_int_equal(load_file(fixture, "[gateways]\n-gw = a\n"), ERR_INVALID);
    assert_error(fixture, "2: gateways.-gw: the gateway's name must be 1-128 of A-Z a-z 0-9 . _ - beginning with a "
                          "letter or digit");
    assert_int_equal(load_file(fixture, "[gateways]\ngw = a\ngw = b\n"), ERR_INVALID);
    assert_error(fixture, "3: gateways.gw = b: given already in line 2");
}

static void load_more_gateways_than_there_is_room_for_is_error(void **state)
{
    struct fixture *fixture = *state;
    static char names[CONFIG_GATEWAYS_MAX + 1][32];
    const char *options[CONFIG_GATEWAYS_MAX + 1];
    for (int i = 0; i <= CONFIG_GATEWAYS_MAX; i++) {
        (void)snprintf(names[i], sizeof names[i], "gateways.gw%d=a", i);
        options[i] = names[i];
    }
    assert_int_equal(load_all(fixture, NULL, NULL, options, CONFIG_GATEWAYS_MAX), ERR_OK);
    assert_int_equal(load_all(fixture, NULL, NULL, options, CONFIG_GATEWAYS_MAX + 1), ERR_INVALID);
    assert_error(fixture, "option -o: gateways.gw64: there are 64 gateways already");
}

static void gateways_are_listed_and_taken_over_on_reload(void **state)
{
    struct fixture *fixture = *state;
    static struct config running;
    struct buf ignored = {0};
    assert_int_equal(load_option(fixture, "gateways.old=a"), ERR_OK);
    running = fixture->config;
    assert_int_equal(load_file(fixture, "[gateways]\ngw.1 = a* b\n"), ERR_OK);
    config_append_listing(&fixture->errors, &fixture->config, &fixture->sources);
    const char *listing = strstr(buf_terminated(&fixture->errors), "[gateways]\n");
    assert_non_null(listing);
    assert_non_null(strstr(listing, "gw.1 = a* b"));
    assert_non_null(strstr(listing, "; line 2\n"));
    config_reload(&running, &fixture->config, &ignored);
    assert_int_equal(ignored.len, 0);
    assert_int_equal(running.gateways.count, 1);
    assert_string_equal(running.gateways.items[0].id, "gw.1");
    buf_fini(&ignored);
}

/* ------------------------------------------------------------------------------------------- the file's mistakes */

static void load_bad_value_names_line_and_range(void **state)
{
    struct fixture *fixture = *state;
    const char *content = "[worker]\n\nmin_heartbeat_timeout_ms = 99\n";
    assert_int_equal(load_file(fixture, content), ERR_INVALID);
    assert_error(fixture, "3: worker.min_heartbeat_timeout_ms = 99: must be a whole number between 100 and 2592000000");
}

static void load_every_mistake_is_told(void **state)
{
    struct fixture *fixture = *state;
    const char *content = "[log]\nlevel = loud\n[http]\nlisten = nowhere\n[events]\nlength = 5\n";
    assert_int_equal(load_file(fixture, content), ERR_INVALID);
    const char *errors = buf_terminated(&fixture->errors);
    assert_non_null(strstr(errors, ":2: log.level = loud: "));
    assert_non_null(strstr(errors, ":4: http.listen = nowhere: "));
    assert_non_null(strstr(errors, ":6: events.length: unknown key"));
}

static void load_unknown_section_is_one_error(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load_file(fixture, "[log]\nlevel = warn\n[logs]\nlevel = warn\nformat = json\n"), ERR_INVALID);
    assert_error(fixture, "3: [logs]: unknown section");
    assert_int_equal(load_file(fixture, "[empty]\n"), ERR_INVALID);
    assert_error(fixture, "1: [empty]: unknown section");
}

static void load_key_before_sections_is_error(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load_file(fixture, "level = warn\n"), ERR_INVALID);
    assert_error(fixture, "1: level: before the first [section]");
}

static void load_key_given_twice_is_error(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load_file(fixture, "[log]\nlevel = warn\n[brake]\n[log]\nlevel = info\n"), ERR_INVALID);
    assert_error(fixture, "5: log.level = info: given already in line 2");
}

static void load_indented_line_is_no_continuation(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load_file(fixture, "[mqtt]\nclient_id = one\n  username = two\n"), ERR_OK);
    assert_string_equal(fixture->config.mqtt.client_id, "one");
    assert_string_equal(fixture->config.mqtt.username, "two");
}

static void load_line_without_value_is_error(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load_file(fixture, "[log]\nlevel\n"), ERR_INVALID);
    assert_error(fixture, "2: must be [section], key = value, or a comment");
    assert_int_equal(load_file(fixture, "[log\n"), ERR_INVALID);
    assert_error(fixture, "1: must be [section], key = value, or a comment");
}

static void load_too_long_line_is_error(void **state)
{
    struct fixture *fixture = *state;
    char content[700];
    int head = snprintf(content, sizeof content, "[mqtt]\nca_file = /");
    memset(content + head, 'a', 400);
    (void)snprintf(content + head + 400, sizeof content - (size_t)head - 400, "\n[log]\nlevel = warn\n");
    assert_int_equal(load_file(fixture, content), ERR_INVALID);
    const char *errors = buf_terminated(&fixture->errors);
    assert_non_null(strstr(errors, ":2: the line is 411 bytes long: must be at most "));
    assert_null(strchr(strchr(errors, '\n') + 1, '\n'));
}

static void load_too_long_comment_is_passed_over(void **state)
{
    struct fixture *fixture = *state;
    char content[700];
    memset(content, ';', sizeof content);
    (void)snprintf(content + 500, sizeof content - 500, "\n[log]\nlevel = warn\n");
    assert_int_equal(load_file(fixture, content), ERR_OK);
    assert_int_equal(fixture->config.log.level, 2);
    assert_int_equal(fixture->sources.origins[index_of("log.level")].line, 3);
}

static void load_line_with_nul_is_error(void **state)
{
    struct fixture *fixture = *state;
    static const char content[] = "[log]\nlevel = warn\0 or not\n";
    fixture_write(fixture, content, sizeof content - 1);
    assert_int_equal(config_load(fixture->file, NULL, NULL, 0, &fixture->config, &fixture->sources, &fixture->errors),
                     ERR_INVALID);
    assert_error(fixture, "2: the line holds a NUL byte");
}

static void load_missing_file_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    fixture->config.brake.percent = 77;
    assert_int_equal(config_load("/nonexistent/musterd.conf", NULL, NULL, 0, &fixture->config, NULL, &fixture->errors),
                     ERR_NOT_FOUND);
    assert_string_equal(buf_terminated(&fixture->errors), "/nonexistent/musterd.conf: No such file or directory\n");
    assert_int_equal(fixture->config.brake.percent, 77);
}

static void load_folder_is_io_error(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(config_load("/tmp", NULL, NULL, 0, &fixture->config, NULL, &fixture->errors), ERR_IO);
}

static void load_failed_leaves_config_untouched(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load_file(fixture, "[brake]\npercent = 30\n"), ERR_OK);
    assert_int_equal(load_file(fixture, "[brake]\npercent = 40\nmax_ms = soon\n"), ERR_INVALID);
    assert_int_equal(fixture->config.brake.percent, 30);
}

/* ------------------------------------------------------------------------------------------- rules */

static void assert_options(struct fixture *fixture, const char *key, const char *const *values, size_t count,
                           enum err expected)
{
    char option[CONFIG_STRING_MAX + 64];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(option, sizeof option, "%s=%s", key, values[i]);
        enum err err = load_option(fixture, option);
        if (err != expected) {
            fail_msg("%s: %s", option, err_name(err));
        }
    }
}

#define ASSERT_OPTIONS(fixture, key, expected, ...)                                                                    \
    do {                                                                                                               \
        static const char *const values[] = {__VA_ARGS__};                                                             \
        assert_options(fixture, key, values, sizeof values / sizeof values[0], expected);                              \
    } while (0)

static void rules_topic_root_is_a_plain_topic(void **state)
{
    struct fixture *fixture = *state;
    ASSERT_OPTIONS(fixture, "mqtt.topic_root", ERR_OK, "muster", "muster/v1", "a/b/c-d_e.f", "site$/muster");
    ASSERT_OPTIONS(fixture, "mqtt.topic_root", ERR_INVALID, "", "/muster", "muster/", "a//b", "$share/x", "a/+/b",
                   "a/#", "a b", "m\xC3\xBCster");
}

static void rules_instance_is_an_id_or_empty(void **state)
{
    struct fixture *fixture = *state;
    ASSERT_OPTIONS(fixture, "daemon.instance", ERR_OK, "", "a", "host-1.example_2");
    ASSERT_OPTIONS(fixture, "daemon.instance", ERR_INVALID, "-a", "a/b", "a b", "a+");
    ASSERT_OPTIONS(fixture, "mqtt.client_id", ERR_INVALID, "", ".x");
}

static void rules_prefix_has_no_braces(void **state)
{
    struct fixture *fixture = *state;
    ASSERT_OPTIONS(fixture, "redis.prefix", ERR_OK, "muster", "site-1:muster_2.x");
    ASSERT_OPTIONS(fixture, "redis.prefix", ERR_INVALID, "", "a{b}", "a}", "a b", "a*");
}

static void rules_uris_name_a_scheme_and_no_password(void **state)
{
    struct fixture *fixture = *state;
    ASSERT_OPTIONS(fixture, "mqtt.uri", ERR_OK, "tcp://h", "mqtts://h:8883", "wss://h/path");
    ASSERT_OPTIONS(fixture, "mqtt.uri", ERR_INVALID, "", "h:1883", "http://h", "tcp://", "tcp://u@h");
    ASSERT_OPTIONS(fixture, "redis.uri", ERR_OK, "redis://h", "redis://user@h:1/2", "unix:///run/redis@x.sock?db=1");
    ASSERT_OPTIONS(fixture, "redis.uri", ERR_INVALID, "", "h", "rediss://h", "redis://:pw@h", "redis://u:p/w@h");
}

static void rules_password_in_uri_is_not_repeated_in_error(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load_option(fixture, "redis.uri=redis://me:hunter2@h/0"), ERR_INVALID);
    assert_error(fixture, "option -o: redis.uri = redis://***@h/0: must be without a password: redis.password_file is "
                          "for that");
}

static void rules_listen_is_host_and_port_or_empty(void **state)
{
    struct fixture *fixture = *state;
    ASSERT_OPTIONS(fixture, "http.listen", ERR_OK, "", "0.0.0.0:80", "[::1]:8420", "localhost:65535");
    ASSERT_OPTIONS(fixture, "http.listen", ERR_INVALID, "localhost", ":80", "h:", "h:0", "h:65536", "h:8o", "h:123456");
}

static void rules_sentinel_is_name_and_hosts_or_empty(void **state)
{
    struct fixture *fixture = *state;
    ASSERT_OPTIONS(fixture, "redis.sentinel", ERR_OK, "", "fleet@h", "fleet@h:26379,10.0.0.2,i:1");
    ASSERT_OPTIONS(fixture, "redis.sentinel", ERR_INVALID, "fleet", "@h", "fleet@", "fleet@h:", "fleet@h:x",
                   "fleet@h:65536", "fleet@h,", "fleet@h, i", "fleet@a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q");
}

static void rules_sentinel_with_a_socket_names_both(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load_file(fixture, "[redis]\nuri = unix:///run/redis.sock\nsentinel = fleet@h\n"), ERR_INVALID);
    assert_error(fixture, "redis.sentinel = fleet@h (line 3): must be without a socket as redis.uri = "
                          "unix:///run/redis.sock (line 2)");
}

static void rules_strings_hold_no_control_characters_and_fit(void **state)
{
    struct fixture *fixture = *state;
    char longest[CONFIG_STRING_MAX + 1];
    const char *const lengths[] = {longest};
    memset(longest, 'a', sizeof longest);
    longest[CONFIG_STRING_MAX - 1] = '\0';
    assert_options(fixture, "mqtt.username", lengths, 1, ERR_OK);
    longest[CONFIG_STRING_MAX - 1] = 'a';
    longest[CONFIG_STRING_MAX] = '\0';
    assert_options(fixture, "mqtt.username", lengths, 1, ERR_INVALID);
    ASSERT_OPTIONS(fixture, "mqtt.username", ERR_INVALID, "a\nb", "a\x7f");
}

static void rules_timeouts_out_of_order_name_both(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load_file(fixture, "[worker]\nheartbeat_timeout_ms = 500\n"), ERR_INVALID);
    assert_error(fixture, "worker.heartbeat_timeout_ms = 500 (line 2): must be at least "
                          "worker.min_heartbeat_timeout_ms = 1000 (default)");
    assert_int_equal(load_option(fixture, "worker.max_heartbeat_timeout_ms=200000"), ERR_INVALID);
    assert_error(fixture, "worker.heartbeat_timeout_ms = 300000 (default): must be at most "
                          "worker.max_heartbeat_timeout_ms = 200000 (option)");
}

static void rules_merging_beyond_a_third_of_the_shortest_timeout_is_error(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load_file(fixture, "[worker]\nmerge_heartbeats_ms = 334\n"), ERR_INVALID);
    assert_error(fixture, "worker.merge_heartbeats_ms = 334 (line 2): must be at most a third of "
                          "worker.min_heartbeat_timeout_ms = 1000 (default)");
    assert_int_equal(load_option(fixture, "worker.merge_heartbeats_ms=333"), ERR_OK);
}

static void rules_load_factors_out_of_order_are_error(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load_option(fixture, "registration.min_load_factor=3"), ERR_INVALID);
    assert_error(fixture, "registration.min_load_factor = 3 (option): must be at most registration.max_load_factor = 2 "
                          "(default)");
}

static void rules_certificate_needs_key(void **state)
{
    struct fixture *fixture = *state;
    const char *both[] = {"mqtt.certificate_file=/c.pem", "mqtt.key_file=/k.pem"};
    assert_int_equal(load_all(fixture, NULL, NULL, both, 1), ERR_INVALID);
    assert_int_equal(load_all(fixture, NULL, NULL, both + 1, 1), ERR_INVALID);
    assert_int_equal(load_all(fixture, NULL, NULL, both, 2), ERR_OK);
}

/* ------------------------------------------------------------------------------------------- reload, show, secrets */

static void reload_takes_over_what_may_change_and_names_the_rest(void **state)
{
    struct fixture *fixture = *state;
    struct config *running = &fixture->config;
    struct config fresh;
    const char *options[] = {"log.level=debug", "mqtt.uri=tcp://elsewhere", "health.check_interval_ms=500",
                             "publish.encoding=msgpack"};
    assert_int_equal(load_file(fixture, NULL), ERR_OK);
    assert_int_equal(config_load(NULL, NULL, options, 4, &fresh, NULL, &fixture->errors), ERR_OK);
    config_reload(running, &fresh, &fixture->errors);
    assert_string_equal(buf_terminated(&fixture->errors), "mqtt.uri\npublish.encoding\n");
    assert_int_equal(running->log.level, 0);
    assert_int_equal(running->health.check_interval_ms, 500);
    assert_string_equal(running->mqtt.uri, "tcp://127.0.0.1:1883");
    assert_int_equal(running->publish.encoding, 0);
}

static void reload_keeps_origin_of_what_it_keeps(void **state)
{
    (void)state;
    const char *options[] = {"mqtt.uri=tcp://other:1883", "log.level=debug"};
    struct config config;
    struct config_sources sources;
    struct config_sources fresh;
    struct buf errors = {0};
    assert_int_equal(config_load(NULL, NULL, NULL, 0, &config, &sources, &errors), ERR_OK);
    assert_int_equal(config_load(NULL, NULL, options, 2, &config, &fresh, &errors), ERR_OK);
    config_reload_sources(&sources, &fresh);
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        bool taken_over = strcmp(keys[i].name, "log.level") == 0;
        assert_int_equal(sources.origins[i].source, taken_over ? CONFIG_FROM_OPTION : CONFIG_FROM_DEFAULT);
    }
    buf_fini(&errors);
}

static void reload_of_shorter_string_is_seen_as_change_only_once(void **state)
{
    struct fixture *fixture = *state;
    struct config fresh;
    const char *options[] = {"mqtt.client_id=longer-than-before", "mqtt.client_id=musterd"};
    assert_int_equal(load_file(fixture, NULL), ERR_OK);
    assert_int_equal(config_load(NULL, NULL, options, 2, &fresh, NULL, &fixture->errors), ERR_OK);
    config_reload(&fixture->config, &fresh, &fixture->errors);
    assert_int_equal(fixture->errors.len, 0);
}

static void listing_is_a_file_that_loads_the_same(void **state)
{
    struct fixture *fixture = *state;
    struct config again;
    const char *options[] = {"log.level=debug", "registration.min_load_factor=0.25", "http.listen="};
    assert_int_equal(load_all(fixture, NULL, NULL, options, 3), ERR_OK);
    config_append_listing(&fixture->errors, &fixture->config, &fixture->sources);
    assert_non_null(
        strstr(buf_terminated(&fixture->errors), "level = debug                                    ; option\n"));
    fixture_write(fixture, fixture->errors.data, fixture->errors.len);
    buf_clear(&fixture->errors);
    assert_int_equal(config_load(fixture->file, NULL, NULL, 0, &again, NULL, &fixture->errors), ERR_OK);
    assert_memory_equal(&again, &fixture->config, sizeof again);
}

static void listing_shows_no_secret(void **state)
{
    struct fixture *fixture = *state;
    const char *options[] = {"redis.password_file=/etc/muster/hidden"};
    assert_int_equal(load_all(fixture, NULL, NULL, options, 1), ERR_OK);
    config_append_listing(&fixture->errors, &fixture->config, &fixture->sources);
    assert_null(strstr(buf_terminated(&fixture->errors), "hidden"));
    assert_non_null(strstr(buf_terminated(&fixture->errors), "password_file = ***"));
}

static void help_names_every_key_with_default_and_range(void **state)
{
    struct fixture *fixture = *state;
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    config_append_help(&fixture->errors);
    const char *help = buf_terminated(&fixture->errors);
    for (size_t i = 0; i < count; i++) {
        char head[CONFIG_STRING_MAX];
        (void)snprintf(head, sizeof head, "  %s = %s\n      %s\n", keys[i].name, keys[i].default_text, keys[i].help);
        assert_non_null(strstr(help, head));
    }
    assert_non_null(strstr(help, "Is a whole number between 1 and 100. Taken over on SIGHUP.\n"));
}

static void read_secret_takes_the_first_line(void **state)
{
    struct fixture *fixture = *state;
    char secret[CONFIG_STRING_MAX] = "";
    struct fault fault = {0};
    fixture_write(fixture, "pa ss\r\nnot this\n", 16);
    assert_int_equal(secret_read(fixture->file, secret, sizeof secret, &fault), ERR_OK);
    assert_string_equal(secret, "pa ss");
}

static void read_secret_longest_fits_and_longer_is_error(void **state)
{
    struct fixture *fixture = *state;
    char secret[CONFIG_STRING_MAX] = "before";
    char content[CONFIG_STRING_MAX + 100];
    struct fault fault = {0};
    memset(content, 'x', sizeof content);
    fixture_write(fixture, content, CONFIG_STRING_MAX - 1);
    assert_int_equal(secret_read(fixture->file, secret, sizeof secret, &fault), ERR_OK);
    assert_int_equal(strlen(secret), CONFIG_STRING_MAX - 1);
    fixture_write(fixture, content, CONFIG_STRING_MAX);
    assert_int_equal(secret_read(fixture->file, secret, sizeof secret, &fault), ERR_INVALID);
    fixture_write(fixture, content, sizeof content);
    assert_int_equal(secret_read(fixture->file, secret, sizeof secret, &fault), ERR_INVALID);
    assert_non_null(strstr(fault.text, fixture->file));
}

static void read_secret_without_file_or_line_is_error(void **state)
{
    struct fixture *fixture = *state;
    char secret[CONFIG_STRING_MAX] = "before";
    struct fault fault = {0};
    fixture_write(fixture, "\nsecond\n", 8);
    assert_int_equal(secret_read(fixture->file, secret, sizeof secret, &fault), ERR_INVALID);
    assert_int_equal(secret_read("/nonexistent/password", secret, sizeof secret, &fault), ERR_IO);
    assert_string_equal(fault.text, "password file /nonexistent/password: No such file or directory");
    assert_string_equal(secret, "before");
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(load_nothing_gives_contract_defaults),
        cmocka_unit_test(table_every_key_is_complete),
        WITH_FIXTURE(table_every_duration_may_be_100_ms),
        WITH_FIXTURE(load_later_source_wins),
        WITH_FIXTURE(load_file_with_comments_and_blanks_reads_values),
        WITH_FIXTURE(load_variables_of_others_are_passed_over),
        WITH_FIXTURE(load_misspelt_variable_is_error),
        WITH_FIXTURE(load_bad_variable_names_it_and_the_range),
        WITH_FIXTURE(load_bad_options_are_errors),
        WITH_FIXTURE(load_numbers_that_are_none_are_errors),
        WITH_FIXTURE(load_gateways_each_with_its_patterns),
        WITH_FIXTURE(load_gateways_from_variables),
        WITH_FIXTURE(load_bad_gateways_are_errors),
        WITH_FIXTURE(load_more_gateways_than_there_is_room_for_is_error),
        WITH_FIXTURE(gateways_are_listed_and_taken_over_on_reload),
        WITH_FIXTURE(load_bad_value_names_line_and_range),
        WITH_FIXTURE(load_every_mistake_is_told),
        WITH_FIXTURE(load_unknown_section_is_one_error),
        WITH_FIXTURE(load_key_before_sections_is_error),
        WITH_FIXTURE(load_key_given_twice_is_error),
        WITH_FIXTURE(load_indented_line_is_no_continuation),
        WITH_FIXTURE(load_line_without_value_is_error),
        WITH_FIXTURE(load_too_long_line_is_error),
        WITH_FIXTURE(load_too_long_comment_is_passed_over),
        WITH_FIXTURE(load_line_with_nul_is_error),
        WITH_FIXTURE(load_missing_file_is_not_found),
        WITH_FIXTURE(load_folder_is_io_error),
        WITH_FIXTURE(load_failed_leaves_config_untouched),
        WITH_FIXTURE(rules_topic_root_is_a_plain_topic),
        WITH_FIXTURE(rules_instance_is_an_id_or_empty),
        WITH_FIXTURE(rules_prefix_has_no_braces),
        WITH_FIXTURE(rules_uris_name_a_scheme_and_no_password),
        WITH_FIXTURE(rules_password_in_uri_is_not_repeated_in_error),
        WITH_FIXTURE(rules_listen_is_host_and_port_or_empty),
        WITH_FIXTURE(rules_sentinel_is_name_and_hosts_or_empty),
        WITH_FIXTURE(rules_sentinel_with_a_socket_names_both),
        WITH_FIXTURE(rules_strings_hold_no_control_characters_and_fit),
        WITH_FIXTURE(rules_timeouts_out_of_order_name_both),
        WITH_FIXTURE(rules_merging_beyond_a_third_of_the_shortest_timeout_is_error),
        WITH_FIXTURE(rules_load_factors_out_of_order_are_error),
        WITH_FIXTURE(rules_certificate_needs_key),
        WITH_FIXTURE(reload_takes_over_what_may_change_and_names_the_rest),
        cmocka_unit_test(reload_keeps_origin_of_what_it_keeps),
        WITH_FIXTURE(reload_of_shorter_string_is_seen_as_change_only_once),
        WITH_FIXTURE(listing_is_a_file_that_loads_the_same),
        WITH_FIXTURE(listing_shows_no_secret),
        WITH_FIXTURE(help_names_every_key_with_default_and_range),
        WITH_FIXTURE(read_secret_takes_the_first_line),
        WITH_FIXTURE(read_secret_longest_fits_and_longer_is_error),
        WITH_FIXTURE(read_secret_without_file_or_line_is_error),
    };
    return cmocka_run_group_tests_name("config/config", tests, NULL, NULL);
}

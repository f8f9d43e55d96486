/* test_options.c -- which options make a connection, and what is said of those that do not. Starts no server. */
#include "broker/broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static enum err try_options(const struct broker_options *options, struct fault *out_fault)
{
    struct broker *broker = NULL;
    enum err err = broker_new(options, &broker, out_fault);
    broker_free(broker);
    return err;
}

static void known_schemes_and_hosts_are_taken(void **state)
{
    static const char *const uris[] = {
        "tcp://127.0.0.1",  "tcp://127.0.0.1:1883", "mqtt://broker.example:1",  "mqtt://broker.example:65535/",
        "ssl://[::1]:8883", "mqtts://[::1]",        "ws://broker.example/mqtt", "wss://broker.example:443/a/b",
    };
    (void)state;
    for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++) {
        struct fault fault = {0};
        if (try_options(&(struct broker_options){.uri = uris[i], .client_id = "c"}, &fault) != ERR_OK) {
            fail_msg("%s", fault.text);
        }
    }
}

static void other_uris_are_invalid_and_named(void **state)
{
    static const char *const uris[] = {
        "",
        "127.0.0.1:1883",
        "http://127.0.0.1",
        "tcp://",
        "tcp://:1883",
        "tcp://host:",
        "tcp://host:0",
        "tcp://host:65536",
        "tcp://host:1883x",
        "tcp://host:99999999999999999999",
        "tcp://host/topic",
        "tcp://[::1",
        "tcp://[]:1883",
        "tcp://[::1]1883",
        "tcp://user:secret@host:1883",
    };
    (void)state;
    for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++) {
        struct fault fault = {0};
        if (try_options(&(struct broker_options){.uri = uris[i], .client_id = "c"}, &fault) != ERR_INVALID) {
            fail_msg("%s was taken", uris[i]);
        }
        assert_non_null(strstr(fault.text, uris[i]));
    }
}

static void unix_socket_is_invalid_and_says_why(void **state)
{
    struct fault fault = {0};
    (void)state;
    assert_int_equal(
        try_options(&(struct broker_options){.uri = "unix:///run/mosquitto.sock", .client_id = "c"}, &fault),
        ERR_INVALID);
    assert_non_null(strstr(fault.text, "unix socket"));
}

static void missing_uri_or_client_id_is_invalid(void **state)
{
    struct fault fault = {0};
    (void)state;
    assert_int_equal(try_options(&(struct broker_options){.client_id = "c"}, &fault), ERR_INVALID);
    assert_int_equal(try_options(&(struct broker_options){.uri = "tcp://host"}, &fault), ERR_INVALID);
}

static void unreadable_file_is_invalid_and_named(void **state)
{
    struct fault fault = {0};
    (void)state;
    const struct broker_options options = {.uri = "ssl://host", .client_id = "c", .ca_file = "/nowhere/ca.pem"};
    assert_int_equal(try_options(&options, &fault), ERR_INVALID);
    assert_non_null(strstr(fault.text, "ca_file = /nowhere/ca.pem"));
}

static void certificates_without_tls_are_invalid(void **state)
{
    struct fault fault = {0};
    (void)state;
    const struct broker_options options = {.uri = "tcp://host", .client_id = "c", .ca_file = "/dev/null"};
    assert_int_equal(try_options(&options, &fault), ERR_INVALID);
    assert_non_null(strstr(fault.text, "no TLS"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_schemes_and_hosts_are_taken),    cmocka_unit_test(other_uris_are_invalid_and_named),
        cmocka_unit_test(unix_socket_is_invalid_and_says_why),  cmocka_unit_test(missing_uri_or_client_id_is_invalid),
        cmocka_unit_test(unreadable_file_is_invalid_and_named), cmocka_unit_test(certificates_without_tls_are_invalid),
    };
    return cmocka_run_group_tests_name("broker/options", tests, NULL, NULL);
}

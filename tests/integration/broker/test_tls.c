/* test_tls.c -- the connection to a broker over TLS, with a certificate authority made for the test. */
#include "listener.h"
#include "support/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { OPENSSL_MS = 30000, PATH_BYTES = FOLDER_PATH_MAX + 32 };

struct world {
    char folder[FOLDER_PATH_MAX];
    struct server server;
    char uri[64];
    char ca[PATH_BYTES];
    char other_ca[PATH_BYTES];
    char certificate[PATH_BYTES];
    char key[PATH_BYTES];
};

static void must(enum err err, const struct fault *fault)
{
    if (err != ERR_OK) {
        fail_msg("%s: %s", err_name(err), fault->text);
    }
}

static void run(const struct world *world, const char *const argv[])
{
    struct process process = {0};
    struct fault fault = {0};
    char log[PATH_BYTES];
    (void)snprintf(log, sizeof log, "%s/openssl.log", world->folder);
    must(process_start(&process, argv, NULL, log, &fault), &fault);
    assert_true(process_wait(&process, OPENSSL_MS));
    if (process_exit_status(&process) != 0) {
        char *text = process_log(&process);
        fail_msg("openssl: %s", text);
    }
}

static void path_of(const struct world *world, const char *name, const char *suffix, char out[PATH_BYTES])
{
    int len = snprintf(out, PATH_BYTES, "%s/%s.%s", world->folder, name, suffix);
    assert_in_range((uintmax_t)len, 1, PATH_BYTES - 1);
}

static void make_authority(const struct world *world, const char *name)
{
    char key[PATH_BYTES];
    char certificate[PATH_BYTES];
    char subject[64];
    path_of(world, name, "key", key);
    path_of(world, name, "pem", certificate);
    (void)snprintf(subject, sizeof subject, "/CN=%s", name);
    const char *argv[] = {"openssl", "req",       "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
                          "-out",    certificate, "-days", "2",       "-subj",    subject,  NULL};
    run(world, argv);
}

static void make_certificate(const struct world *world, const char *name)
{
    char key[PATH_BYTES];
    char request[PATH_BYTES];
    char certificate[PATH_BYTES];
    char extensions[PATH_BYTES];
    char ca_key[PATH_BYTES];
    char subject[64];
    struct fault fault = {0};
    path_of(world, name, "key", key);
    path_of(world, name, "csr", request);
    path_of(world, name, "pem", certificate);
    path_of(world, "extensions", "cnf", extensions);
    path_of(world, "authority", "key", ca_key);
    (void)snprintf(subject, sizeof subject, "/CN=%s", name);
    must(folder_write(world->folder, "extensions.cnf", "subjectAltName=IP:127.0.0.1\n", &fault), &fault);
    const char *ask[] = {"openssl", "req",  "-newkey", "rsa:2048", "-nodes", "-keyout",
                         key,       "-out", request,   "-subj",    subject,  NULL};
    run(world, ask);
    const char *sign[] = {
        "openssl",         "x509",  "-req", "-in",      request,    "-CA",  world->ca,   "-CAkey", ca_key,
        "-CAcreateserial", "-days", "2",    "-extfile", extensions, "-out", certificate, NULL};
    run(world, sign);
}

static struct world world_storage;

static int start_world(void **state)
{
    struct world *world = &world_storage;
    char server_certificate[PATH_BYTES];
    char server_key[PATH_BYTES];
    char extra[8 * PATH_BYTES];
    struct fault fault = {0};
    *state = world;
    must(folder_new(world->folder, &fault), &fault);
    path_of(world, "authority", "pem", world->ca);
    path_of(world, "stranger", "pem", world->other_ca);
    path_of(world, "client", "pem", world->certificate);
    path_of(world, "client", "key", world->key);
    path_of(world, "server", "pem", server_certificate);
    path_of(world, "server", "key", server_key);
    make_authority(world, "authority");
    make_authority(world, "stranger");
    make_certificate(world, "server");
    make_certificate(world, "client");
    int port = server_free_port();
    (void)snprintf(world->uri, sizeof world->uri, "mqtts://127.0.0.1:%d", port);
    (void)snprintf(extra, sizeof extra,
                   "listener %d 127.0.0.1\ncafile %s\ncertfile %s\nkeyfile %s\nrequire_certificate true\n", port,
                   world->ca, server_certificate, server_key);
    must(server_start_mosquitto(&world->server, extra, &fault), &fault);
    return 0;
}

static int end_world(void **state)
{
    struct world *world = *state;
    server_free(&world->server);
    folder_remove(world->folder);
    return 0;
}

static struct broker_options options_of(const struct world *world)
{
    return (struct broker_options){.uri = world->uri,
                                   .client_id = "tested",
                                   .ca_file = world->ca,
                                   .certificate_file = world->certificate,
                                   .key_file = world->key};
}

static void connect_with_certificates_publishes(void **state)
{
    struct broker_options options = options_of(*state);
    struct broker *broker = NULL;
    struct broker_event event;
    struct fault fault = {0};
    must(broker_new(&options, &broker, &fault), &fault);
    bool connected = listener_connect(broker, &event);
    bool acknowledged =
        connected && broker_publish(broker, &(struct broker_publication){.topic = "t", .qos = 1, .id = 1}) == ERR_OK &&
        listener_expect(broker, BROKER_ACKED, &event);
    broker_free(broker);
    assert_true(acknowledged);
}

static void expect_refused(const struct broker_options *options, const char *fragment)
{
    struct broker *broker = NULL;
    struct broker_event event;
    struct fault fault = {0};
    char reason[sizeof fault.text] = "";
    must(broker_new(options, &broker, &fault), &fault);
    must(broker_connect(broker, &fault), &fault);
    bool refused = listener_expect(broker, BROKER_DISCONNECTED, &event);
    if (refused) {
        (void)snprintf(reason, sizeof reason, "%.*s", TEXT_ARG(event.reason));
    }
    broker_free(broker);
    assert_true(refused);
    if (strstr(reason, fragment) == NULL) {
        fail_msg("%s: has not \"%s\"", reason, fragment);
    }
}

static void connect_to_server_of_unknown_authority_is_refused(void **state)
{
    const struct world *world = *state;
    struct broker_options options = options_of(world);
    options.ca_file = world->other_ca;
    expect_refused(&options, "certificate verify failed");
}

static void connect_under_a_name_not_in_the_certificate_is_refused(void **state)
{
    const struct world *world = *state;
    struct broker_options options = options_of(world);
    char uri[sizeof world->uri];
    (void)snprintf(uri, sizeof uri, "ssl://localhost:%s", strrchr(world->uri, ':') + 1);
    options.uri = uri;
    expect_refused(&options, uri);
}

static void connect_without_certificate_is_refused(void **state)
{
    const struct world *world = *state;
    struct broker_options options = options_of(world);
    options.certificate_file = NULL;
    options.key_file = NULL;
    expect_refused(&options, world->uri);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connect_with_certificates_publishes),
        cmocka_unit_test(connect_to_server_of_unknown_authority_is_refused),
        cmocka_unit_test(connect_under_a_name_not_in_the_certificate_is_refused),
        cmocka_unit_test(connect_without_certificate_is_refused),
    };
    return cmocka_run_group_tests_name("broker/tls", tests, start_world, end_world);
}

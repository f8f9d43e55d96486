/* test_acl.c -- an installation with access control: who speaks for somebody else is not heard, with passwords and with
 * certificates. */
#include "e2e/run.h"
#include "e2e/world.h"

#include "support/wait.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = FOLDER_PATH_MAX + 64, SILENCE_MS = 300 };

#define PASSWORD "an open secret"
static const char *const users[] = {"musterd", "operator", "observer", "gateway-1", "worker-1", "worker-2"};

struct access {
    struct world world;
    char folder[FOLDER_PATH_MAX]; /* passwords and certificates */
    char password_file[PATH_BYTES];
    char tls_uri[64];
    char ca[PATH_BYTES];
};

static void must(enum err err, const struct fault *fault)
{
    if (err != ERR_OK) {
        fail_msg("%s: %s", err_name(err), fault->text);
    }
}

static void run_tool(const struct access *access, const char *const argv[])
{
    struct run run;
    run_program(&run, access->folder, argv, NULL);
    if (run.status != 0) {
        fail_msg("%s: %s", argv[0], run.err);
    }
    run_free(&run);
}

static void path_of(const struct access *access, const char *name, const char *suffix, char out[PATH_BYTES])
{
    (void)snprintf(out, PATH_BYTES, "%s/%s.%s", access->folder, name, suffix);
}

static void make_passwords(struct access *access)
{
    char file[PATH_BYTES];
    char lines[512] = "";
    struct fault fault = {0};
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
        size_t len = strlen(lines);
        (void)snprintf(lines + len, sizeof lines - len, "%s:%s\n", users[i], PASSWORD);
    }
    must(folder_write(access->folder, "users.passwords", lines, &fault), &fault);
    must(folder_write(access->folder, "own.password", PASSWORD "\n", &fault), &fault);
    path_of(access, "own", "password", access->password_file);
    path_of(access, "users", "passwords", file);
    run_tool(access, (const char *const[]){"mosquitto_passwd", "-U", file, NULL});
}

static void make_authority(struct access *access)
{
    char key[PATH_BYTES];
    struct fault fault = {0};
    path_of(access, "authority", "key", key);
    path_of(access, "authority", "pem", access->ca);
    must(folder_write(access->folder, "extensions.cnf", "subjectAltName=IP:127.0.0.1\n", &fault), &fault);
    run_tool(access, (const char *const[]){"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
                                           "-out", access->ca, "-days", "2", "-subj", "/CN=authority", NULL});
}

static void make_certificate(const struct access *access, const char *name)
{
    char key[PATH_BYTES];
    char request[PATH_BYTES];
    char certificate[PATH_BYTES];
    char extensions[PATH_BYTES];
    char ca_key[PATH_BYTES];
    char subject[64];
    path_of(access, name, "key", key);
    path_of(access, name, "csr", request);
    path_of(access, name, "pem", certificate);
    path_of(access, "extensions", "cnf", extensions);
    path_of(access, "authority", "key", ca_key);
    (void)snprintf(subject, sizeof subject, "/CN=%s", name);
    run_tool(access, (const char *const[]){"openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
                                           request, "-subj", subject, NULL});
    run_tool(access,
             (const char *const[]){"openssl", "x509", "-req", "-in", request, "-CA", access->ca, "-CAkey", ca_key,
                                   "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", certificate, NULL});
}

static void append_broker_config(struct access *access, char *out, size_t size)
{
    char passwords[PATH_BYTES];
    char certificate[PATH_BYTES];
    char key[PATH_BYTES];
    int port = server_free_port();
    path_of(access, "users", "passwords", passwords);
    path_of(access, "server", "pem", certificate);
    path_of(access, "server", "key", key);
    (void)snprintf(access->tls_uri, sizeof access->tls_uri, "ssl://127.0.0.1:%d", port);
    (void)snprintf(out, size,
                   "allow_anonymous false\n"
                   "password_file %s\n"
                   "acl_file " MUSTER_SOURCE_DIR "/topics/acl\n"
                   "listener %d 127.0.0.1\n"
                   "cafile %s\n"
                   "certfile %s\n"
                   "keyfile %s\n"
                   "require_certificate true\n"
                   "use_identity_as_username true\n",
                   passwords, port, access->ca, certificate, key);
}

static void start_daemon_with_password(struct access *access)
{
    char password_file[PATH_BYTES + 32];
    (void)snprintf(password_file, sizeof password_file, "mqtt.password_file=%s", access->password_file);
    const char *settings[] = {"mqtt.username=musterd", password_file, "gateways.gateway-1=edge-*",
                              "gateways.gateway-2=far-*", NULL};
    world_start_daemon(&access->world, 0, settings);
    world_wait_listening(&access->world, 0);
}

static int begin(void **state)
{
    static struct access access;
    char config[8 * PATH_BYTES];
    struct fault fault = {0};
    must(folder_new(access.folder, &fault), &fault);
    make_passwords(&access);
    make_authority(&access);
    make_certificate(&access, "server");
    append_broker_config(&access, config, sizeof config);
    world_begin_as(&access.world, config, NULL, "observer", PASSWORD);
    start_daemon_with_password(&access);
    *state = &access;
    return 0;
}

static int end(void **state)
{
    struct access *access = *state;
    world_close(&access->world);
    folder_remove(access->folder);
    return 0;
}

/* Connects as a user and subscribes to everything that is there. */
static struct recorder *connect_as(struct access *access, const char *user)
{
    static const char *const everything[] = {"muster/v1/#", NULL};
    struct recorder *recorder = NULL;
    struct fault fault = {0};
    const struct broker_options options = {
        .uri = access->world.broker.uri, .client_id = user, .username = user, .password = PASSWORD};
    must(recorder_new(&options, everything, &recorder, &fault), &fault);
    return recorder;
}

static void assert_refused(struct recorder *recorder, const char *topic, const char *payload, bool retained)
{
    char full[256];
    struct fault fault = {0};
    (void)snprintf(full, sizeof full, "muster/v1/%s", topic);
    struct broker_publication publication = {
        .topic = full, .payload = text_of(payload), .qos = 1, .retained = retained};
    if (recorder_publish(recorder, &publication, &fault) != ERR_REFUSED) {
        fail_msg("the broker took a publication on %s", topic);
    }
}

/* As the worker itself: what it asks on its own topic, and the answer. */
static void ask_as(struct recorder *recorder, const char *id, const char *what, const char *payload, const char *like)
{
    char topic[128];
    char response[128];
    struct fault fault = {0};
    (void)snprintf(topic, sizeof topic, "muster/v1/worker/%s/%s", id, what);
    (void)snprintf(response, sizeof response, "muster/v1/reply/worker/%s/here", id);
    struct broker_publication publication = {
        .topic = topic, .payload = text_of(payload), .qos = 1, .response_topic = response};
    const struct record *reply = recorder_request(recorder, &publication, WORLD_PATIENCE_MS, &fault);
    if (reply == NULL) {
        fail_msg("no reply to %s of %s: %s", what, id, fault.text);
        return;
    }
    assert_like(reply->payload, like);
}

#define REGISTRATION(name) "{\"name\":\"" name "\",\"maxConcurrentJobs\":4,\"heartbeatTimeoutMs\":60000}"

/* A copy of a worker's record. */
static void describe(struct world *world, const char *id, char *out, size_t size)
{
    size_t len = 0;
    const redisReply *fields = redis_reply(world->store, "HGETALL muster:{0}:worker:%s", id);
    out[0] = '\0';
    for (size_t i = 0; i < fields->elements && len < size; i++) {
        len += (size_t)snprintf(out + len, size - len, "%s ", fields->element[i]->str);
    }
}

static void worker_registers_and_heartbeats_as_itself(void **state)
{
    struct access *access = *state;
    struct recorder *worker = connect_as(access, "worker-1");
    ask_as(worker, "worker-1", "register", REGISTRATION("First"), "{\"success\":true,\"code\":\"ok\"}");
    ask_as(worker, "worker-1", "heartbeat", "{\"status\":\"BUSY\",\"currentJobCount\":1}", "{\"code\":\"ok\"}");
    world_event(&access->world, "registered", "worker-1", NULL);
    world_status(&access->world, "worker-1", "{\"status\":\"BUSY\",\"health\":\"HEALTHY\"}");
    assert_string_equal(world_field(&access->world, "worker-1", "status"), "BUSY");
    recorder_free(worker);
}

static void worker_that_speaks_for_an_unknown_one_registers_nobody(void **state)
{
    struct access *access = *state;
    struct recorder *worker = connect_as(access, "worker-1");
    assert_refused(worker, "worker/worker-2/register", REGISTRATION("Second"), false);
    ask_as(worker, "worker-1", "heartbeat", "", "{\"code\":\"ok\"}");
    assert_nothing_left(&access->world, "worker-2");
    assert_int_equal(recorder_count(access->world.observer, "muster/v1/event/+/worker-2", NULL), 0);
    recorder_free(worker);
}

static void worker_that_speaks_for_another_changes_nothing(void **state)
{
    struct access *access = *state;
    struct world *world = &access->world;
    char before[4096];
    char after[4096];
    struct recorder *second = connect_as(access, "worker-2");
    ask_as(second, "worker-2", "register", REGISTRATION("Second"), "{\"code\":\"ok\"}");
    world_event(world, "registered", "worker-2", NULL);
    struct recorder *first = connect_as(access, "worker-1");
    describe(world, "worker-2", before, sizeof before);
    recorder_mark(world->observer);
    assert_refused(first, "worker/worker-2/register", REGISTRATION("Stolen"), false);
    assert_refused(first, "worker/worker-2/heartbeat", "{\"status\":\"ERROR\"}", false);
    assert_refused(first, "worker/worker-2/deregister", "{\"forceDeregister\":true}", false);
    assert_refused(first, "worker/worker-2/will", "{}", false);
    ask_as(first, "worker-1", "heartbeat", "", "{\"code\":\"ok\"}");
    assert_true(recorder_stays_silent(world->observer, "muster/v1/event/+/worker-2", NULL, SILENCE_MS));
    describe(world, "worker-2", after, sizeof after);
    assert_string_equal(after, before);
    recorder_free(first);
    recorder_free(second);
}

/* A name in the payload is no way around the topic. */
static void worker_that_names_another_in_its_payload_is_refused(void **state)
{
    struct access *access = *state;
    char before[4096];
    char after[4096];
    struct recorder *first = connect_as(access, "worker-1");
    describe(&access->world, "worker-2", before, sizeof before);
    ask_as(first, "worker-1", "register", "{\"workerId\":\"worker-2\",\"name\":\"Stolen\",\"maxConcurrentJobs\":1}",
           "{\"success\":false,\"code\":\"identity_mismatch\"}");
    ask_as(first, "worker-1", "deregister", "{\"workerId\":\"worker-2\",\"forceDeregister\":true}",
           "{\"success\":false,\"code\":\"identity_mismatch\"}");
    describe(&access->world, "worker-2", after, sizeof after);
    assert_string_equal(after, before);
    recorder_free(first);
}

static void worker_cannot_say_what_only_the_registry_says(void **state)
{
    struct access *access = *state;
    struct world *world = &access->world;
    struct recorder *worker = connect_as(access, "worker-1");
    recorder_mark(world->observer);
    assert_refused(worker, "status/worker-1", "{\"workerId\":\"worker-1\",\"status\":\"IDLE\",\"forged\":true}", true);
    assert_refused(worker, "status/worker-2", "", true);
    assert_refused(worker, "event/failed/worker-2", "{\"type\":\"failed\",\"forged\":true}", false);
    assert_refused(worker, "reply/worker/worker-2", "{\"code\":\"deregistered\"}", false);
    assert_refused(worker, "reply/worker/worker-1", "{\"code\":\"ok\"}", false);
    assert_refused(worker, "command/worker-2", "{\"command\":\"drain\"}", false);
    assert_refused(worker, "registry/d0", "", true);
    assert_refused(worker, "canary", "{\"instance\":\"d0\",\"number\":1}", false);
    assert_refused(worker, "request/worker-1/list", "", false);
    assert_refused(worker, "request/operator/force-deregister", "{\"workerId\":\"worker-2\"}", false);
    assert_refused(worker, "gateway/gateway-1/register", "{\"workers\":[]}", false);
    ask_as(worker, "worker-1", "heartbeat", "", "{\"code\":\"ok\"}");
    assert_true(recorder_stays_silent(world->observer, "muster/v1/#", "{\"forged\":true}", SILENCE_MS));
    assert_int_equal(recorder_count(world->observer, "muster/v1/status/+", ""), 0);
    assert_int_equal(recorder_count(world->observer, "muster/v1/event/+/+", NULL), 0);
    assert_int_equal(redis_integer(world->store, "EXISTS muster:{0}:alive:worker-2"), 1);
    recorder_free(worker);
}

static void worker_hears_its_own_replies_only(void **state)
{
    struct access *access = *state;
    struct recorder *first = connect_as(access, "worker-1");
    struct recorder *second = connect_as(access, "worker-2");
    recorder_mark(first);
    ask_as(second, "worker-2", "heartbeat", "{\"requestId\":\"private\"}", "{\"code\":\"ok\"}");
    ask_as(first, "worker-1", "heartbeat", "{\"requestId\":\"own\"}", "{\"code\":\"ok\"}");
    assert_int_equal(recorder_count(first, "muster/v1/reply/worker/worker-1/here", "{\"requestId\":\"own\"}"), 1);
    assert_true(recorder_stays_silent(first, "muster/v1/#", "{\"requestId\":\"private\"}", SILENCE_MS));
    assert_int_equal(recorder_count(first, "#", NULL), 1);
    recorder_free(first);
    recorder_free(second);
}

static void response_topic_of_another_is_not_used(void **state)
{
    struct access *access = *state;
    struct recorder *first = connect_as(access, "worker-1");
    struct recorder *second = connect_as(access, "worker-2");
    struct fault fault = {0};
    struct broker_publication publication = {.topic = "muster/v1/worker/worker-1/heartbeat",
                                             .payload = text_of("{\"requestId\":\"astray\"}"),
                                             .qos = 1,
                                             .response_topic = "muster/v1/reply/worker/worker-2"};
    must(recorder_publish(first, &publication, &fault), &fault);
    assert_non_null(
        recorder_wait(first, "muster/v1/reply/worker/worker-1", "{\"requestId\":\"astray\"}", WORLD_PATIENCE_MS));
    assert_true(recorder_stays_silent(second, "muster/v1/reply/#", "{\"requestId\":\"astray\"}", SILENCE_MS));
    recorder_free(first);
    recorder_free(second);
}

static void observer_sees_status_and_events_and_says_nothing(void **state)
{
    struct access *access = *state;
    struct world *world = &access->world;
    struct recorder *worker = connect_as(access, "worker-1");
    recorder_mark(world->observer);
    ask_as(worker, "worker-1", "heartbeat", "{\"status\":\"IDLE\",\"currentJobCount\":0}", "{\"code\":\"ok\"}");
    world_event(world, "status", "worker-1", "{\"to\":{\"status\":\"IDLE\"}}");
    world_status(world, "worker-1", "{\"status\":\"IDLE\"}");
    assert_int_equal(recorder_count(world->observer, "muster/v1/reply/#", NULL), 0);
    static const char *const topics[] = {"worker/worker-1/register",
                                         "worker/worker-1/deregister",
                                         "request/observer/list",
                                         "request/operator/list",
                                         "status/worker-1",
                                         "event/failed/worker-1",
                                         "command/worker-1",
                                         "reply/worker/worker-1",
                                         "registry/d0",
                                         "canary"};
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        assert_refused(world->observer, topics[i], "", false);
    }
    ask_as(worker, "worker-1", "heartbeat", "", "{\"code\":\"ok\"}");
    assert_string_equal(world_field(world, "worker-1", "status"), "IDLE");
    recorder_free(worker);
}

static const struct record *ask_as_gateway(struct recorder *recorder, const char *what, const char *payload)
{
    char topic[128];
    struct fault fault = {0};
    (void)snprintf(topic, sizeof topic, "muster/v1/gateway/gateway-1/%s", what);
    struct broker_publication publication = {.topic = topic,
                                             .payload = text_of(payload),
                                             .qos = 1,
                                             .response_topic = "muster/v1/reply/gateway/gateway-1/here"};
    const struct record *reply = recorder_request(recorder, &publication, WORLD_PATIENCE_MS, &fault);
    if (reply == NULL) {
        fail_msg("no reply to %s of the gateway: %s", what, fault.text);
    }
    return reply;
}

/* Both the broker and the registry stand in the way: of the topic, and of the ids in the payload. */
static void gateway_speaks_for_its_own_workers_and_as_nobody_else(void **state)
{
    struct access *access = *state;
    struct world *world = &access->world;
    struct recorder *gateway = connect_as(access, "gateway-1");
    const char *batch = "[{\"workerId\":\"edge-1\",\"name\":\"n\",\"maxConcurrentJobs\":1},"
                        "{\"workerId\":\"far-1\",\"name\":\"n\",\"maxConcurrentJobs\":1}]";
    assert_like(ask_as_gateway(gateway, "register", batch)->payload, "{\"code\":\"ok\",\"accepted\":1,\"refused\":1}");
    assert_like(ask_as_gateway(gateway, "heartbeat", "[{\"workerId\":\"edge-1\"}]")->payload, "{\"accepted\":1}");
    static const char *const kinds[] = {"register", "heartbeat", "deregister", "will"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char topic[64];
        (void)snprintf(topic, sizeof topic, "gateway/gateway-2/%s", kinds[i]);
        assert_refused(gateway, topic, "[{\"workerId\":\"far-1\",\"name\":\"n\",\"maxConcurrentJobs\":1}]", false);
        (void)snprintf(topic, sizeof topic, "worker/edge-1/%s", kinds[i]);
        assert_refused(gateway, topic, "{\"name\":\"n\",\"maxConcurrentJobs\":1}", false);
    }
    assert_refused(gateway, "reply/gateway/gateway-2", "{\"code\":\"ok\"}", false);
    assert_refused(gateway, "request/gateway-1/register-batch", batch, false);
    assert_like(ask_as_gateway(gateway, "deregister", "[{\"workerId\":\"edge-1\"}]")->payload, "{\"accepted\":1}");
    assert_int_equal(redis_integer(world->store, "EXISTS muster:{0}:worker:far-1 muster:{0}:alive:far-1"), 0);
    assert_int_equal(recorder_count(world->observer, "muster/v1/event/+/far-1", NULL), 0);
    recorder_free(gateway);
}

static void run_ctl(struct access *access, struct run *run, const char *user, const char *client, const char *command)
{
    const char *argv[] = {MUSTER_BIN_DIR "/musterctl",
                          "--uri",
                          access->world.broker.uri,
                          "--username",
                          user,
                          "--password-file",
                          access->password_file,
                          "--client",
                          client,
                          "--timeout",
                          "2000",
                          "--json",
                          command,
                          NULL};
    run_program(run, access->folder, argv, NULL);
}

static void operator_asks_under_its_own_name_only(void **state)
{
    struct access *access = *state;
    struct run run;
    run_ctl(access, &run, "operator", "operator", "list");
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(run.out, "\"workerId\":\"worker-1\""));
    run_free(&run);
    run_ctl(access, &run, "operator", "somebody", "list");
    assert_int_equal(run.status, 3);
    assert_non_null(strstr(run.err, "refused"));
    run_free(&run);
    run_ctl(access, &run, "worker-1", "worker-1", "list");
    assert_int_equal(run.status, 3);
    assert_non_null(strstr(run.err, "refused"));
    run_free(&run);
}

static void nobody_without_the_right_password_connects(void **state)
{
    struct access *access = *state;
    struct recorder *recorder = NULL;
    struct fault fault = {0};
    const struct broker_options wrong = {
        .uri = access->world.broker.uri, .client_id = "w", .username = "worker-1", .password = "guessed"};
    const struct broker_options nameless = {.uri = access->world.broker.uri, .client_id = "n"};
    assert_int_equal(recorder_new(&wrong, NULL, &recorder, &fault), ERR_CLOSED);
    assert_int_equal(recorder_new(&nameless, NULL, &recorder, &fault), ERR_CLOSED);
}

static void agent_with_password_lives_and_its_will_is_passed_on(void **state)
{
    struct access *access = *state;
    struct world *world = &access->world;
    struct process agent = {0};
    const char *flags[] = {"--username", "worker-2", "--password-file", access->password_file, "--heartbeat-timeout-ms",
                           "30000",      NULL};
    recorder_mark(world->observer);
    world_start_agent(world, &agent, "worker-2", flags);
    world_event(world, "registered", "worker-2", NULL);
    world_wait_written(&agent, "registered, epoch");
    process_stop(&agent, SIGKILL);
    world_event(world, "unhealthy", "worker-2", "{\"reason\":\"connection_lost\"}");
}

static void agent_under_a_foreign_id_is_told_that_it_may_not(void **state)
{
    struct access *access = *state;
    struct world *world = &access->world;
    struct process agent = {0};
    const char *flags[] = {"--username", "worker-1", "--password-file", access->password_file, NULL};
    world_start_agent(world, &agent, "worker-9", flags);
    world_wait_written(&agent, "refused");
    assert_nothing_left(world, "worker-9");
    process_stop(&agent, SIGTERM);
    assert_int_equal(recorder_count(world->observer, "muster/v1/event/+/worker-9", NULL), 0);
}

static void daemon_with_wrong_password_says_so(void **state)
{
    struct access *access = *state;
    struct world *world = &access->world;
    struct fault fault = {0};
    char setting[PATH_BYTES + 64];
    must(folder_write(access->folder, "wrong.password", "guessed\n", &fault), &fault);
    (void)snprintf(setting, sizeof setting, "mqtt.password_file=%s/wrong.password", access->folder);
    const char *settings[] = {"mqtt.username=musterd", setting, NULL};
    world_start_daemon(world, 1, settings);
    world_wait_log(world, 1, "Not authorized (code 135)");
    process_stop(&world->daemons[1], SIGTERM);
}

struct identity {
    char certificate[PATH_BYTES];
    char key[PATH_BYTES];
};

static void give_certificate(struct access *access, const char *name, struct identity *identity)
{
    make_certificate(access, name);
    path_of(access, name, "pem", identity->certificate);
    path_of(access, name, "key", identity->key);
}

static void start_daemon_with_certificate(struct access *access, const struct identity *identity)
{
    char uri[PATH_BYTES];
    char ca[PATH_BYTES + 32];
    char certificate[PATH_BYTES + 32];
    char key[PATH_BYTES + 32];
    (void)snprintf(uri, sizeof uri, "mqtt.uri=%s", access->tls_uri);
    (void)snprintf(ca, sizeof ca, "mqtt.ca_file=%s", access->ca);
    (void)snprintf(certificate, sizeof certificate, "mqtt.certificate_file=%s", identity->certificate);
    (void)snprintf(key, sizeof key, "mqtt.key_file=%s", identity->key);
    const char *settings[] = {uri, ca, certificate, key, NULL};
    world_start_daemon(&access->world, 2, settings);
    world_wait_listening(&access->world, 2);
}

/* The last one: the daemon with a password makes room for one with a certificate. */
static void daemon_and_agents_with_certificates_are_who_the_certificates_say(void **state)
{
    struct access *access = *state;
    struct world *world = &access->world;
    struct identity daemon;
    struct identity worker;
    struct process agent = {0};
    struct process impostor = {0};
    give_certificate(access, "musterd", &daemon);
    give_certificate(access, "worker-3", &worker);
    process_stop(&world->daemons[0], SIGTERM);
    start_daemon_with_certificate(access, &daemon);
    const char *flags[] = {"--uri",
                           access->tls_uri,
                           "--ca-file",
                           access->ca,
                           "--certificate-file",
                           worker.certificate,
                           "--key-file",
                           worker.key,
                           "--heartbeat-timeout-ms",
                           "30000",
                           NULL};
    world_start_agent(world, &agent, "worker-3", flags);
    world_event(world, "registered", "worker-3", NULL);
    world_status(world, "worker-3", "{\"status\":\"ACTIVE\",\"health\":\"HEALTHY\"}");
    world_start_agent(world, &impostor, "worker-4", flags);
    world_wait_written(&impostor, "refused");
    assert_nothing_left(world, "worker-4");
    process_stop(&impostor, SIGKILL);
    process_stop(&agent, SIGTERM);
    assert_int_equal(process_exit_status(&agent), 0);
    world_event(world, "deregistered", "worker-3", "{\"reason\":\"worker\"}");
    assert_int_equal(recorder_count(world->observer, "muster/v1/event/+/worker-4", NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worker_registers_and_heartbeats_as_itself),
        cmocka_unit_test(worker_that_speaks_for_an_unknown_one_registers_nobody),
        cmocka_unit_test(worker_that_speaks_for_another_changes_nothing),
        cmocka_unit_test(worker_that_names_another_in_its_payload_is_refused),
        cmocka_unit_test(worker_cannot_say_what_only_the_registry_says),
        cmocka_unit_test(worker_hears_its_own_replies_only),
        cmocka_unit_test(response_topic_of_another_is_not_used),
        cmocka_unit_test(observer_sees_status_and_events_and_says_nothing),
        cmocka_unit_test(gateway_speaks_for_its_own_workers_and_as_nobody_else),
        cmocka_unit_test(operator_asks_under_its_own_name_only),
        cmocka_unit_test(nobody_without_the_right_password_connects),
        cmocka_unit_test(agent_with_password_lives_and_its_will_is_passed_on),
        cmocka_unit_test(agent_under_a_foreign_id_is_told_that_it_may_not),
        cmocka_unit_test(daemon_with_wrong_password_says_so),
        cmocka_unit_test(daemon_and_agents_with_certificates_are_who_the_certificates_say),
    };
    return cmocka_run_group_tests_name("e2e/acl", tests, begin, end);
}

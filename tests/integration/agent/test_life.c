/* test_life.c -- an agent against a real broker and a registry by hand: what it says, and what it makes of answers. */
#include "registry.h"

#include "muster/agent.h"
#include "support/wait.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { REVOKED_MAX = 128, BEAT_MS = 50 };

/* What the callbacks were told; under the lock. */
struct told {
    pthread_mutex_t lock;
    enum muster_state state;
    enum muster_result result;
    char sentence[MUSTER_SENTENCE_MAX];
    char problem[MUSTER_SENTENCE_MAX];
    char revoked[REVOKED_MAX];
    int64_t revoked_epoch;
    enum muster_command command;
    int commands;
    enum muster_result stop_from_callback;
};

struct fixture {
    struct registry registry;
    struct muster_agent_options options;
    struct muster_agent *agent;
    struct told told;
};

static const char *const jobs[] = {"job-1", "job-2"};

static void on_report(void *context, struct muster_report *report)
{
    (void)context;
    report->status = MUSTER_STATUS_BUSY;
    report->jobs = jobs;
    report->jobs_length = 2;
    report->cpu_usage = 12.5;
    report->message = "all well";
}

static void on_state(void *context, enum muster_state state, enum muster_result result, const char *sentence)
{
    struct fixture *fixture = context;
    struct told *told = &fixture->told;
    (void)pthread_mutex_lock(&told->lock);
    told->state = state;
    told->result = result;
    (void)snprintf(told->sentence, sizeof told->sentence, "%s", sentence);
    (void)pthread_mutex_unlock(&told->lock);
}

static void on_problem(void *context, const char *sentence)
{
    struct fixture *fixture = context;
    struct told *told = &fixture->told;
    (void)pthread_mutex_lock(&told->lock);
    (void)snprintf(told->problem, sizeof told->problem, "%s", sentence);
    (void)pthread_mutex_unlock(&told->lock);
}

static void on_revoked(void *context, const char *const *ids, size_t count, int64_t epoch)
{
    struct fixture *fixture = context;
    struct told *told = &fixture->told;
    (void)pthread_mutex_lock(&told->lock);
    told->revoked_epoch = epoch;
    told->revoked[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(told->revoked);
        (void)snprintf(told->revoked + len, sizeof told->revoked - len, "%s ", ids[i]);
    }
    (void)pthread_mutex_unlock(&told->lock);
}

static void on_command(void *context, enum muster_command command, const char *name)
{
    struct fixture *fixture = context;
    struct told *told = &fixture->told;
    (void)name;
    (void)pthread_mutex_lock(&told->lock);
    told->command = command;
    told->commands++;
    told->stop_from_callback = muster_agent_stop(fixture->agent, MUSTER_STOP_LEAVE, 0);
    (void)pthread_mutex_unlock(&told->lock);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    *state = fixture;
    (void)pthread_mutex_init(&fixture->told.lock, NULL);
    registry_open(&fixture->registry);
    fixture->options = muster_agent_options();
    fixture->options.broker_uri = fixture->registry.server.uri;
    fixture->options.worker_id = "w1";
    fixture->options.max_concurrent_jobs = 4;
    fixture->options.tags = "red, green";
    fixture->options.heartbeat_interval_ms = BEAT_MS;
    fixture->options.context = fixture;
    fixture->options.on_report = on_report;
    fixture->options.on_state = on_state;
    fixture->options.on_problem = on_problem;
    fixture->options.on_revoked = on_revoked;
    fixture->options.on_command = on_command;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    muster_agent_free(fixture->agent);
    registry_close(&fixture->registry);
    (void)pthread_mutex_destroy(&fixture->told.lock);
    free(fixture);
    return 0;
}

static void start(struct fixture *fixture)
{
    char sentence[MUSTER_SENTENCE_MAX] = "";
    if (muster_agent_new(&fixture->options, &fixture->agent, sentence) != MUSTER_OK) {
        fail_msg("%s", sentence);
    }
    assert_int_equal(muster_agent_start(fixture->agent), MUSTER_OK);
}

static void start_registered(struct fixture *fixture)
{
    start(fixture);
    (void)registry_accept(&fixture->registry, "w1", 7, BEAT_MS);
}

struct expectation {
    struct fixture *fixture;
    enum muster_state state;
};

static bool is_in_state(void *context)
{
    const struct expectation *expectation = context;
    struct told *told = &expectation->fixture->told;
    (void)pthread_mutex_lock(&told->lock);
    bool is = told->state == expectation->state;
    (void)pthread_mutex_unlock(&told->lock);
    return is;
}

static void wait_for_state(struct fixture *fixture, enum muster_state state)
{
    struct expectation expectation = {fixture, state};
    if (!wait_until(is_in_state, &expectation, PATIENCE_MS)) {
        fail_msg("never %s but %s", muster_state_name(state), muster_state_name(muster_agent_state(fixture->agent)));
    }
}

static void assert_ended(struct fixture *fixture, enum muster_result result, const char *fragment)
{
    wait_for_state(fixture, MUSTER_ENDED);
    assert_int_equal(fixture->told.result, result);
    if (strstr(fixture->told.sentence, fragment) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", fragment, fixture->told.sentence);
    }
    assert_int_equal(muster_agent_stop(fixture->agent, MUSTER_STOP_FORCE, 1000), result);
    assert_int_equal(muster_agent_state(fixture->agent), MUSTER_STOPPED);
}

static struct registration registration_of(struct fixture *fixture, const struct record *record)
{
    struct registration registration;
    struct violations violations = {0};
    assert_true(decode_registration(fixture->registry.decoder, (struct text){record->payload, record->payload_len},
                                    &registration, &violations));
    return registration;
}

static struct heartbeat heartbeat_of(struct fixture *fixture, const struct record *record)
{
    struct heartbeat heartbeat;
    struct violations violations = {0};
    assert_true(decode_heartbeat(fixture->registry.decoder, (struct text){record->payload, record->payload_len},
                                 &heartbeat, &violations));
    return heartbeat;
}

static struct deregistration deregistration_of(struct fixture *fixture, const struct record *record)
{
    struct deregistration deregistration;
    struct violations violations = {0};
    assert_true(decode_deregistration(fixture->registry.decoder, (struct text){record->payload, record->payload_len},
                                      &deregistration, &violations));
    return deregistration;
}

/* ---------------------------------------------------------------------------------------- what it says */

static void registration_says_all_of_the_options(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    const struct record *record = registry_accept(&fixture->registry, "w1", 7, BEAT_MS);
    struct registration registration = registration_of(fixture, record);
    assert_int_equal(encoding_of((struct text){record->payload, record->payload_len}), ENCODING_MSGPACK);
    assert_int_equal(record->qos, 1);
    assert_true(text_is(registration.name, "w1"));
    assert_int_equal(registration.max_concurrent_jobs.value, 4);
    assert_int_equal(registration.tags.count, 2);
    assert_true(text_is(registration.tags.items[1], "green"));
    assert_int_equal(registration.heartbeat_interval_ms.value, BEAT_MS);
    assert_int_equal(registration.boot_id.len, 32);
    assert_int_equal(registration.connection.value, 1);
    assert_true(registration.sent_at_ms.set);
    wait_for_state(fixture, MUSTER_REGISTERED);
    assert_int_equal(muster_agent_epoch(fixture->agent), 7);
}

static void heartbeats_say_the_report_and_count_up(void **state)
{
    struct fixture *fixture = *state;
    start_registered(fixture);
    struct heartbeat heartbeat = heartbeat_of(fixture, registry_hear(&fixture->registry, "w1", "heartbeat"));
    assert_int_equal(heartbeat.status, WORKER_BUSY);
    assert_int_equal(heartbeat.current_job_count.value, 2);
    assert_int_equal(heartbeat.jobs.count, 2);
    assert_true(text_is(heartbeat.jobs.items[0], "job-1"));
    assert_true(heartbeat.cpu_usage.value > 12.4 && heartbeat.cpu_usage.value < 12.6);
    assert_false(heartbeat.memory_usage.set);
    assert_true(text_is(heartbeat.message, "all well"));
    assert_int_equal(heartbeat.epoch.value, 7);
    assert_int_equal(heartbeat.connection.value, 1);
    int64_t seq = heartbeat.seq.value;
    for (int i = 0; i < 3; i++) {
        heartbeat = heartbeat_of(fixture, registry_hear(&fixture->registry, "w1", "heartbeat"));
        assert_true(heartbeat.seq.value > seq);
        seq = heartbeat.seq.value;
    }
}

static void heartbeat_asked_for_comes_before_its_time(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    (void)registry_accept(&fixture->registry, "w1", 7, 600000);
    (void)registry_hear(&fixture->registry, "w1", "heartbeat");
    muster_agent_heartbeat(fixture->agent);
    (void)registry_hear(&fixture->registry, "w1", "heartbeat");
}

static void lost_connection_brings_will_and_next_connection_number(void **state)
{
    static const char *const filters[] = {"muster/v1/#", NULL};
    struct fixture *fixture = *state;
    struct fault fault = {0};
    start(fixture);
    const struct record *record = registry_accept(&fixture->registry, "w1", 7, BEAT_MS);
    char boot[64];
    (void)snprintf(boot, sizeof boot, "%.*s", TEXT_ARG(registration_of(fixture, record).boot_id));
    wait_for_state(fixture, MUSTER_REGISTERED);
    server_stop(&fixture->registry.server, SIGKILL);
    wait_for_state(fixture, MUSTER_CONNECTING);
    assert_int_equal(server_start_again(&fixture->registry.server, &fault), ERR_OK);
    assert_int_equal(recorder_connect(fixture->registry.recorder, &fault), ERR_OK);
    assert_int_equal(recorder_subscribe(fixture->registry.recorder, filters, &fault), ERR_OK);
    wait_for_state(fixture, MUSTER_REGISTERED);
    struct heartbeat heartbeat;
    do {
        heartbeat = heartbeat_of(fixture, registry_hear(&fixture->registry, "w1", "heartbeat"));
    } while (heartbeat.connection.value == 1);
    assert_true(text_is(heartbeat.boot_id, boot));
    int64_t connection = heartbeat.connection.value;
    /* Another client with its id makes the broker drop the connection, which publishes the will. */
    char client_id[64];
    struct recorder *rival = NULL;
    (void)snprintf(client_id, sizeof client_id, "w1-%.8s", boot);
    assert_int_equal(recorder_open(fixture->registry.server.uri, client_id, NULL, &rival, &fault), ERR_OK);
    record = registry_hear(&fixture->registry, "w1", "will");
    recorder_free(rival);
    struct will will;
    struct violations violations = {0};
    assert_true(decode_will(fixture->registry.decoder, (struct text){record->payload, record->payload_len}, &will,
                            &violations));
    assert_true(text_is(will.boot_id, boot));
    assert_int_equal(will.connection.value, connection);
}

static void every_start_is_another_boot(void **state)
{
    struct fixture *fixture = *state;
    char first[64];
    start(fixture);
    const struct record *record = registry_accept(&fixture->registry, "w1", 7, BEAT_MS);
    (void)snprintf(first, sizeof first, "%.*s", TEXT_ARG(registration_of(fixture, record).boot_id));
    assert_int_equal(muster_agent_start(fixture->agent), MUSTER_INVALID);
    assert_int_equal(muster_agent_stop(fixture->agent, MUSTER_STOP_LEAVE, 0), MUSTER_OK);
    recorder_mark(fixture->registry.recorder);
    assert_int_equal(muster_agent_start(fixture->agent), MUSTER_OK);
    record = registry_hear(&fixture->registry, "w1", "register");
    struct registration registration = registration_of(fixture, record);
    assert_false(text_is(registration.boot_id, first));
    assert_int_equal(registration.connection.value, 1);
}

/* ---------------------------------------------------------------------------------------- what it makes of answers */

static void unanswered_registration_is_repeated(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    (void)registry_hear(&fixture->registry, "w1", "register");
    (void)registry_accept(&fixture->registry, "w1", 7, BEAT_MS);
    wait_for_state(fixture, MUSTER_REGISTERED);
}

static void refused_registration_ends_with_the_registrys_words(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    registry_answer(&fixture->registry, registry_hear(&fixture->registry, "w1", "register"),
                    "{\"success\":false,\"code\":\"validation_failed\",\"message\":\"Worker name is required\"}");
    assert_ended(fixture, MUSTER_REFUSED, "registration refused (validation_failed): Worker name is required");
}

static void rate_limited_registration_is_repeated_when_allowed(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    const struct record *refused = registry_hear(&fixture->registry, "w1", "register");
    registry_answer(&fixture->registry, refused, "{\"code\":\"rate_limited\",\"retryAfterMs\":200}");
    const struct record *again = registry_accept(&fixture->registry, "w1", 7, BEAT_MS);
    assert_true(again->at_ms - refused->at_ms >= 200);
    wait_for_state(fixture, MUSTER_REGISTERED);
}

static void reply_to_another_boot_is_passed_over(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    const struct record *record = registry_hear(&fixture->registry, "w1", "register");
    struct record other = *record;
    other.correlation = "r:00000000000000000000000000000000";
    other.correlation_len = 34;
    other.response_topic = "muster/v1/reply/worker/w1";
    registry_answer(&fixture->registry, &other, "{\"code\":\"validation_failed\",\"message\":\"not yours\"}");
    registry_answer(&fixture->registry, record, "{\"code\":\"ok\",\"epoch\":7,\"heartbeatIntervalMs\":50}");
    wait_for_state(fixture, MUSTER_REGISTERED);
}

static const struct record *hear_question(struct fixture *fixture)
{
    const struct record *record = NULL;
    do {
        record = registry_hear(&fixture->registry, "w1", "heartbeat");
    } while (record->response_topic == NULL);
    return record;
}

static void superseded_is_asked_about_and_ends(void **state)
{
    struct fixture *fixture = *state;
    start_registered(fixture);
    registry_answer(&fixture->registry, hear_question(fixture), "{\"code\":\"ok\",\"epoch\":7}");
    registry_tell(&fixture->registry, "muster/v1/reply/worker/w1", "{\"code\":\"superseded\"}");
    const struct record *question = hear_question(fixture);
    assert_int_equal(muster_agent_state(fixture->agent), MUSTER_REGISTERED);
    registry_answer(&fixture->registry, question, "{\"code\":\"superseded\",\"message\":\"A later start\"}");
    assert_ended(fixture, MUSTER_SUPERSEDED, "A later start");
}

static void deregistered_ends(void **state)
{
    struct fixture *fixture = *state;
    start_registered(fixture);
    registry_answer(&fixture->registry, hear_question(fixture), "{\"code\":\"deregistered\"}");
    assert_ended(fixture, MUSTER_DEREGISTERED, "heartbeat refused (deregistered)");
}

static void unknown_worker_registers_again(void **state)
{
    struct fixture *fixture = *state;
    start_registered(fixture);
    registry_answer(&fixture->registry, hear_question(fixture), "{\"code\":\"unknown_worker\"}");
    (void)registry_accept(&fixture->registry, "w1", 8, BEAT_MS);
    wait_for_state(fixture, MUSTER_REGISTERED);
    struct heartbeat heartbeat;
    do {
        heartbeat = heartbeat_of(fixture, registry_hear(&fixture->registry, "w1", "heartbeat"));
    } while (heartbeat.epoch.value != 8);
    assert_int_equal(muster_agent_epoch(fixture->agent), 8);
}

static bool has_revoked(void *context)
{
    struct told *told = context;
    (void)pthread_mutex_lock(&told->lock);
    bool has = told->revoked[0] != '\0';
    (void)pthread_mutex_unlock(&told->lock);
    return has;
}

static void newer_epoch_tells_revoked_jobs_once(void **state)
{
    struct fixture *fixture = *state;
    static const char reply[] = "{\"code\":\"ok\",\"epoch\":9,\"revokedJobs\":[\"job-1\",\"job-2\"]}";
    start_registered(fixture);
    (void)registry_hear(&fixture->registry, "w1", "heartbeat");
    registry_tell(&fixture->registry, "muster/v1/reply/worker/w1", reply);
    assert_true(wait_until(has_revoked, &fixture->told, PATIENCE_MS));
    assert_string_equal(fixture->told.revoked, "job-1 job-2 ");
    assert_int_equal(fixture->told.revoked_epoch, 9);
    assert_int_equal(muster_agent_epoch(fixture->agent), 9);
    (void)pthread_mutex_lock(&fixture->told.lock);
    fixture->told.revoked[0] = '\0';
    (void)pthread_mutex_unlock(&fixture->told.lock);
    registry_tell(&fixture->registry, "muster/v1/reply/worker/w1", reply);
    muster_agent_heartbeat(fixture->agent);
    for (int i = 0; i < 3; i++) {
        (void)registry_hear(&fixture->registry, "w1", "heartbeat");
    }
    assert_false(has_revoked(&fixture->told));
}

static void unreadable_message_is_a_problem_and_harms_nothing(void **state)
{
    struct fixture *fixture = *state;
    start_registered(fixture);
    registry_tell(&fixture->registry, "muster/v1/reply/worker/w1", "{\"code\":");
    registry_tell(&fixture->registry, "muster/v1/command/w1", "[]");
    registry_tell(&fixture->registry, "muster/v1/command/w1", "{\"command\":7}");
    registry_tell(&fixture->registry, "muster/v1/reply/worker/w1", "{\"code\":7,\"epoch\":\"x\",\"revokedJobs\":{}}");
    for (int i = 0; i < 3; i++) {
        (void)registry_hear(&fixture->registry, "w1", "heartbeat");
    }
    assert_int_equal(muster_agent_state(fixture->agent), MUSTER_REGISTERED);
    (void)pthread_mutex_lock(&fixture->told.lock);
    assert_true(fixture->told.problem[0] != '\0');
    (void)pthread_mutex_unlock(&fixture->told.lock);
}

/* ---------------------------------------------------------------------------------------- commands and goodbyes */

static bool has_command(void *context)
{
    struct told *told = context;
    (void)pthread_mutex_lock(&told->lock);
    bool has = told->commands > 0;
    told->commands = 0;
    (void)pthread_mutex_unlock(&told->lock);
    return has;
}

static void command_reregister_registers_again(void **state)
{
    struct fixture *fixture = *state;
    start_registered(fixture);
    registry_tell(&fixture->registry, "muster/v1/command/w1", "{\"command\":\"reregister\"}");
    (void)registry_accept(&fixture->registry, "w1", 7, BEAT_MS);
    assert_true(wait_until(has_command, &fixture->told, PATIENCE_MS));
    assert_int_equal(fixture->told.command, MUSTER_COMMAND_REREGISTER);
    assert_int_equal(fixture->told.stop_from_callback, MUSTER_INVALID);
}

static void command_ping_brings_a_question_at_once(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    (void)registry_accept(&fixture->registry, "w1", 7, 600000);
    registry_answer(&fixture->registry, hear_question(fixture), "{\"code\":\"ok\",\"epoch\":7}");
    registry_tell(&fixture->registry, "muster/v1/command/w1", "{\"command\":\"ping\"}");
    (void)hear_question(fixture);
}

static void command_drain_drains_until_sent_away(void **state)
{
    struct fixture *fixture = *state;
    start_registered(fixture);
    registry_answer(&fixture->registry, hear_question(fixture), "{\"code\":\"ok\",\"epoch\":7}");
    registry_tell(&fixture->registry, "muster/v1/command/w1", "{\"command\":\"drain\"}");
    const struct record *goodbye = registry_hear(&fixture->registry, "w1", "deregister");
    struct deregistration deregistration = deregistration_of(fixture, goodbye);
    assert_true(deregistration.drain);
    assert_false(deregistration.force);
    wait_for_state(fixture, MUSTER_DRAINING);
    registry_answer(&fixture->registry, goodbye, "{\"code\":\"ok\"}");
    registry_answer(&fixture->registry, hear_question(fixture), "{\"code\":\"deregistered\"}");
    assert_ended(fixture, MUSTER_OK, "deregistered");
}

static void *stop_forced(void *context)
{
    static enum muster_result result;
    result = muster_agent_stop(context, MUSTER_STOP_FORCE, PATIENCE_MS);
    return &result;
}

static enum muster_result stop_and_answer(struct fixture *fixture, void *(*stop)(void *), const char *reply)
{
    pthread_t thread;
    void *result = NULL;
    assert_int_equal(pthread_create(&thread, NULL, stop, fixture->agent), 0);
    registry_answer(&fixture->registry, registry_hear(&fixture->registry, "w1", "deregister"), reply);
    (void)pthread_join(thread, &result);
    return *(const enum muster_result *)result;
}

static void *stop_plainly(void *context)
{
    static enum muster_result result;
    result = muster_agent_stop(context, MUSTER_STOP_DEREGISTER, PATIENCE_MS);
    return &result;
}

static void stop_forced_waits_for_the_answer_and_leaves_no_will(void **state)
{
    struct fixture *fixture = *state;
    start_registered(fixture);
    wait_for_state(fixture, MUSTER_REGISTERED);
    assert_int_equal(stop_and_answer(fixture, stop_forced, "{\"code\":\"ok\"}"), MUSTER_OK);
    assert_int_equal(muster_agent_state(fixture->agent), MUSTER_STOPPED);
    assert_true(recorder_stays_silent(fixture->registry.recorder, "muster/v1/worker/w1/will", NULL, 200));
}

static void stop_with_jobs_is_refused_and_stops_all_the_same(void **state)
{
    struct fixture *fixture = *state;
    start_registered(fixture);
    wait_for_state(fixture, MUSTER_REGISTERED);
    assert_int_equal(stop_and_answer(fixture, stop_plainly, "{\"code\":\"active_jobs\",\"message\":\"2 active jobs\"}"),
                     MUSTER_ACTIVE_JOBS);
    assert_int_equal(muster_agent_state(fixture->agent), MUSTER_STOPPED);
}

static void stop_unanswered_times_out(void **state)
{
    struct fixture *fixture = *state;
    start_registered(fixture);
    wait_for_state(fixture, MUSTER_REGISTERED);
    int64_t before_ms = clock_monotonic_ms();
    assert_int_equal(muster_agent_stop(fixture->agent, MUSTER_STOP_FORCE, 300), MUSTER_TIMEOUT);
    assert_in_range(clock_monotonic_ms() - before_ms, 300, 2000);
}

static void free_while_running_leaves_silently(void **state)
{
    struct fixture *fixture = *state;
    start_registered(fixture);
    wait_for_state(fixture, MUSTER_REGISTERED);
    muster_agent_free(fixture->agent);
    fixture->agent = NULL;
    assert_true(recorder_stays_silent(fixture->registry.recorder, "muster/v1/worker/w1/deregister", NULL, 100));
    assert_int_equal(recorder_count(fixture->registry.recorder, "muster/v1/worker/w1/will", NULL), 0);
}

static void new_bad_uri_is_invalid_and_named(void **state)
{
    struct fixture *fixture = *state;
    char sentence[MUSTER_SENTENCE_MAX] = "";
    fixture->options.broker_uri = "http://127.0.0.1";
    assert_int_equal(muster_agent_new(&fixture->options, &fixture->agent, sentence), MUSTER_INVALID);
    assert_non_null(strstr(sentence, "http://127.0.0.1"));
    assert_null(fixture->agent);
}

#define LIFE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE_TEST(registration_says_all_of_the_options),
        LIFE_TEST(heartbeats_say_the_report_and_count_up),
        LIFE_TEST(heartbeat_asked_for_comes_before_its_time),
        LIFE_TEST(lost_connection_brings_will_and_next_connection_number),
        LIFE_TEST(every_start_is_another_boot),
        LIFE_TEST(unanswered_registration_is_repeated),
        LIFE_TEST(refused_registration_ends_with_the_registrys_words),
        LIFE_TEST(rate_limited_registration_is_repeated_when_allowed),
        LIFE_TEST(reply_to_another_boot_is_passed_over),
        LIFE_TEST(superseded_is_asked_about_and_ends),
        LIFE_TEST(deregistered_ends),
        LIFE_TEST(unknown_worker_registers_again),
        LIFE_TEST(newer_epoch_tells_revoked_jobs_once),
        LIFE_TEST(unreadable_message_is_a_problem_and_harms_nothing),
        LIFE_TEST(command_reregister_registers_again),
        LIFE_TEST(command_ping_brings_a_question_at_once),
        LIFE_TEST(command_drain_drains_until_sent_away),
        LIFE_TEST(stop_forced_waits_for_the_answer_and_leaves_no_will),
        LIFE_TEST(stop_with_jobs_is_refused_and_stops_all_the_same),
        LIFE_TEST(stop_unanswered_times_out),
        LIFE_TEST(free_while_running_leaves_silently),
        LIFE_TEST(new_bad_uri_is_invalid_and_named),
    };
    return cmocka_run_group_tests_name("integration/agent/life", tests, NULL, NULL);
}

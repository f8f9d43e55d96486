/* test_sim.c -- the simulated fleet against a real registry: what it says it did is what Redis and the world have seen.
 */
#include "e2e/run.h"
#include "e2e/terminal.h"
#include "e2e/world.h"

#include "support/wait.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLAGS_MAX = 30 };

/* Without these the broker keeps the registry waiting after 20 publications, and drops what waits. */
static const char broker_limits[] = "max_inflight_messages 1000\nmax_queued_messages 100000\n";

static int web_port; /* of the broker, for WebSockets */

static int begin(void **state)
{
    static struct world world;
    static const char *const settings[] = {"gateways.sim-gateway=g-*", "registration.max_attempts=100", NULL};
    char limits[256];
    web_port = server_free_port();
    (void)snprintf(limits, sizeof limits, "%slistener %d 127.0.0.1\nprotocol websockets\n", broker_limits, web_port);
    world_begin(&world, limits, NULL);
    world_start_daemon(&world, 0, settings);
    world_wait_listening(&world, 0);
    *state = &world;
    return 0;
}

/* Starts a simulation of workers whose ids begin with the prefix; it tells its summary as JSON. */
static void start(struct world *world, struct run *run, const char *prefix, const char *const *flags)
{
    const char *argv[FLAGS_MAX + 8] = {
        MUSTER_BIN_DIR "/muster-sim", "--json", "--uri", world->broker.uri, "--prefix", prefix};
    size_t count = 6;
    for (; *flags != NULL && count < FLAGS_MAX; flags++) {
        argv[count++] = *flags;
    }
    run_begin(run, world->folder, argv, NULL);
}

/* Waits for its end with the status and returns the summary, which the caller frees. */
static json_t *finish(struct run *run, int status)
{
    run_end(run);
    json_t *summary = json_loads(run->out, 0, NULL);
    if (run->status != status || summary == NULL) {
        fail_msg("it ended with %d and wrote: %s%s", run->status, run->out, run->err);
    }
    print_message("%s", run->out);
    run_free(run);
    return summary;
}

static int64_t number(const json_t *summary, const char *group, const char *name)
{
    const json_t *value = json_object_get(json_object_get(summary, group), name);
    if (!json_is_number(value)) {
        fail_msg("the summary has no %s.%s", group, name);
    }
    return (int64_t)json_number_value(value);
}

struct counted {
    struct world *world;
    const char *prefix;
    int64_t workers;
    int64_t wanted;
    int64_t found;
};

static bool has_counted(void *context)
{
    struct counted *counted = context;
    static const char script[] = "local sum = 0\n"
                                 "for i = 0, ARGV[2] - 1 do\n"
                                 "  local key = string.format('muster:{0}:worker:%s-%07d', ARGV[1], i)\n"
                                 "  sum = sum + tonumber(redis.call('HGET', key, 'heartbeats') or 0)\n"
                                 "end\n"
                                 "return sum";
    counted->found =
        redis_integer(counted->world->store, "EVAL %s 0 %s %d", script, counted->prefix, (int)counted->workers);
    return counted->found == counted->wanted;
}

/* Redis has counted as many heartbeats as the summary says, in and before the run. */
static void assert_counted(struct world *world, const char *prefix, int64_t workers, const json_t *summary)
{
    struct counted counted = {.world = world, .prefix = prefix, .workers = workers};
    counted.wanted = number(summary, "heartbeats", "sent") + number(summary, "heartbeats", "beforeRun");
    if (!wait_until(has_counted, &counted, WORLD_PATIENCE_MS)) {
        fail_msg("%lld heartbeats were sent, Redis has counted %lld", (long long)counted.wanted,
                 (long long)counted.found);
    }
}

static void thousand_workers_are_registered_and_all_their_heartbeats_counted(void **state)
{
    struct world *world = *state;
    static const char *const flags[] = {"--workers",
                                        "1000",
                                        "--duration",
                                        "3",
                                        "--heartbeat-interval-ms",
                                        "1000",
                                        "--heartbeat-timeout-ms",
                                        "20000",
                                        "--qos",
                                        "1",
                                        "--ask",
                                        "0.1",
                                        "--jitter",
                                        "uniform",
                                        "--vary",
                                        "--tags",
                                        "a,b,c",
                                        "--capabilities",
                                        "x,y",
                                        "--zone",
                                        "z",
                                        NULL};
    struct run run;
    start(world, &run, "thousand", flags);
    json_t *summary = finish(&run, 0);
    assert_int_equal(number(summary, "registrations", "registered"), 1000);
    assert_int_equal(number(summary, "registrations", "refused"), 0);
    assert_int_equal(redis_integer(world->store, "SCARD muster:{0}:zone:z"), 1000);
    assert_int_equal(redis_integer(world->store, "SCARD muster:{0}:tag:b"), 1000);
    assert_int_equal(redis_integer(world->store, "SCARD muster:{0}:capability:y"), 1000);
    assert_in_range(number(summary, "heartbeats", "sent"), 2500, 3100);
    assert_in_range(number(summary, "heartbeats", "asked"), 150, 450);
    assert_int_equal(number(summary, "heartbeats", "answered"), number(summary, "heartbeats", "asked"));
    assert_int_equal(number(summary, "heartbeats", "missed"), 0);
    assert_counted(world, "thousand", 1000, summary);
    json_decref(summary);
}

static void json_encoding_counts_the_same(void **state)
{
    struct world *world = *state;
    static const char *const flags[] = {
        "--workers",  "50",   "--duration", "1", "--heartbeat-interval-ms", "100", "--heartbeat-timeout-ms", "20000",
        "--encoding", "json", "--vary",     NULL};
    struct run run;
    start(world, &run, "json", flags);
    json_t *summary = finish(&run, 0);
    assert_int_equal(number(summary, "registrations", "registered"), 50);
    assert_counted(world, "json", 50, summary);
    json_decref(summary);
}

/* There the MQTT library sends as well. */
static void over_websockets_all_heartbeats_are_counted_too(void **state)
{
    struct world *world = *state;
    char uri[64];
    (void)snprintf(uri, sizeof uri, "ws://127.0.0.1:%d", web_port);
    const char *const flags[] = {"--uri",
                                 uri,
                                 "--workers",
                                 "50",
                                 "--duration",
                                 "1",
                                 "--heartbeat-interval-ms",
                                 "100",
                                 "--heartbeat-timeout-ms",
                                 "20000",
                                 "--ask",
                                 "0.5",
                                 NULL};
    struct run run;
    start(world, &run, "web", flags);
    json_t *summary = finish(&run, 0);
    assert_int_equal(number(summary, "registrations", "registered"), 50);
    assert_int_equal(number(summary, "heartbeats", "answered"), number(summary, "heartbeats", "asked"));
    assert_counted(world, "web", 50, summary);
    json_decref(summary);
}

static void same_boot_comes_back_with_the_same_epoch_and_counts_on(void **state)
{
    struct world *world = *state;
    static const char *const flags[] = {"--workers",
                                        "20",
                                        "--duration",
                                        "0.5",
                                        "--heartbeat-interval-ms",
                                        "100",
                                        "--heartbeat-timeout-ms",
                                        "20000",
                                        "--boot-id",
                                        "morning-boot",
                                        "--wait",
                                        NULL};
    struct run run;
    char epoch[32];
    start(world, &run, "same", flags);
    json_t *before = finish(&run, 0);
    assert_counted(world, "same", 20, before);
    (void)snprintf(epoch, sizeof epoch, "%s", world_field(world, "same-0000007", "epoch"));
    start(world, &run, "same", flags);
    json_t *after = finish(&run, 0);
    struct counted both = {.world = world, .prefix = "same", .workers = 20};
    both.wanted = number(before, "heartbeats", "sent") + number(before, "heartbeats", "beforeRun") +
                  number(after, "heartbeats", "sent") + number(after, "heartbeats", "beforeRun");
    assert_true(wait_until(has_counted, &both, WORLD_PATIENCE_MS));
    assert_string_equal(world_field(world, "same-0000007", "epoch"), epoch);
    assert_int_equal(number(before, "heartbeats", "beforeRun"), 0);
    assert_int_equal(number(before, "heartbeats", "sent") + number(before, "heartbeats", "unsent"), 100);
    json_decref(before);
    json_decref(after);
}

static void gateway_batches_count_every_item(void **state)
{
    struct world *world = *state;
    static const char *const flags[] = {"gateway", "--workers",
                                        "250",     "--batch",
                                        "100",     "--duration",
                                        "1",       "--heartbeat-interval-ms",
                                        "200",     "--heartbeat-timeout-ms",
                                        "20000",   "--ask",
                                        "1",       NULL};
    struct run run;
    start(world, &run, "g", flags);
    json_t *summary = finish(&run, 0);
    assert_int_equal(number(summary, "registrations", "registered"), 250);
    assert_true(number(summary, "heartbeats", "sent") >= 1000);
    assert_int_equal(number(summary, "heartbeats", "answered"), number(summary, "heartbeats", "asked"));
    assert_counted(world, "g", 250, summary);
    json_decref(summary);
}

struct told {
    struct recorder *observer;
    const char *topic;
    size_t wanted;
};

static bool is_told(void *context)
{
    const struct told *told = context;
    return recorder_count(told->observer, told->topic, NULL) >= told->wanted;
}

/* As many such events came since the mark, or come within the patience of a test. */
static void wait_told(struct world *world, const char *topic, size_t wanted)
{
    struct told told = {world->observer, topic, wanted};
    if (!wait_until(is_told, &told, WORLD_PATIENCE_MS)) {
        fail_msg("%zu on %s instead of %zu", recorder_count(world->observer, topic, NULL), topic, wanted);
    }
}

/* While the others still heartbeat, the dead are told; who is told by then is one of them. */
static void mass_death_is_noticed_for_those_that_died_alone(void **state)
{
    struct world *world = *state;
    static const char *const flags[] = {"mass-death", "--workers",
                                        "200",        "--share",
                                        "0.1",        "--at",
                                        "0.5",        "--duration",
                                        "20",         "--heartbeat-interval-ms",
                                        "200",        "--heartbeat-timeout-ms",
                                        "2000",       NULL};
    struct run run;
    recorder_mark(world->observer);
    start(world, &run, "death", flags);
    wait_told(world, "muster/v1/event/unhealthy/+", 20);
    for (int i = 0; i < 200; i += 10) {
        char id[32];
        (void)snprintf(id, sizeof id, "death-%07d", i);
        world_event(world, "unhealthy", id, "{\"reason\":\"heartbeat_timeout\"}");
    }
    assert_int_equal(recorder_count(world->observer, "muster/v1/event/unhealthy/+", NULL), 20);
    process_signal(&run.process, SIGTERM);
    json_t *summary = finish(&run, 0);
    assert_int_equal(number(summary, "heartbeats", "silenced"), 20);
    json_decref(summary);
}

static void those_that_return_are_told_as_recovered(void **state)
{
    struct world *world = *state;
    static const char *const flags[] = {"mass-return", "--workers",
                                        "50",          "--share",
                                        "0.1",         "--at",
                                        "0",           "--pause",
                                        "1.5",         "--duration",
                                        "3",           "--heartbeat-interval-ms",
                                        "100",         "--heartbeat-timeout-ms",
                                        "1000",        NULL};
    struct run run;
    recorder_mark(world->observer);
    start(world, &run, "return", flags);
    wait_told(world, "muster/v1/event/recovered/+", 5);
    for (int i = 0; i < 50; i += 10) {
        char id[32];
        (void)snprintf(id, sizeof id, "return-%07d", i);
        world_event(world, "unhealthy", id, NULL);
        world_event(world, "recovered", id, NULL);
    }
    json_decref(finish(&run, 0));
}

static void flapping_goes_down_and_up_more_than_once(void **state)
{
    struct world *world = *state;
    static const char *const flags[] = {"flapping", "--workers",
                                        "20",       "--share",
                                        "0.05",     "--pause",
                                        "0.8",      "--duration",
                                        "20",       "--heartbeat-interval-ms",
                                        "100",      "--heartbeat-timeout-ms",
                                        "400",      NULL};
    struct run run;
    recorder_mark(world->observer);
    start(world, &run, "flap", flags);
    wait_told(world, "muster/v1/event/recovered/flap-0000000", 2);
    process_signal(&run.process, SIGTERM);
    json_decref(finish(&run, 0));
}

static void cloned_ids_lead_to_conflicts(void **state)
{
    struct world *world = *state;
    static const char *const flags[] = {"clones", "--workers",
                                        "100",    "--share",
                                        "0.05",   "--duration",
                                        "2",      "--heartbeat-interval-ms",
                                        "200",    "--heartbeat-timeout-ms",
                                        "20000",  NULL};
    struct run run;
    recorder_mark(world->observer);
    start(world, &run, "clone", flags);
    json_t *summary = finish(&run, 0);
    assert_int_equal(number(summary, "registrations", "registered"), 105);
    assert_true(number(summary, "replies", "superseded") >= 5);
    for (int i = 0; i < 100; i += 20) {
        char id[32];
        (void)snprintf(id, sizeof id, "clone-%07d", i);
        world_event(world, "conflict", id, NULL);
    }
    assert_int_equal(recorder_count(world->observer, "muster/v1/event/conflict/clone-0000001", NULL), 0);
    json_decref(summary);
}

static void storm_and_ramp_register_all_within_the_run(void **state)
{
    struct world *world = *state;
    static const char *const storm[] = {
        "storm", "--workers", "300", "--duration", "3", "--heartbeat-interval-ms", "500", "--heartbeat-timeout-ms",
        "20000", NULL};
    static const char *const ramp[] = {
        "ramp",  "--workers", "30", "--duration", "2", "--heartbeat-interval-ms", "500", "--heartbeat-timeout-ms",
        "20000", NULL};
    struct run run;
    start(world, &run, "storm", storm);
    json_t *summary = finish(&run, 0);
    assert_int_equal(number(summary, "registrations", "registered"), 300);
    assert_counted(world, "storm", 300, summary);
    json_decref(summary);
    start(world, &run, "ramp", ramp);
    summary = finish(&run, 0);
    assert_int_equal(number(summary, "registrations", "registered"), 30);
    assert_true(number(summary, "registrations", "tookMs") >= 1900);
    json_decref(summary);
}

/* More than there may be replies on their way to the broker. */
static void storm_is_answered_to_the_last_and_ends_the_run(void **state)
{
    struct world *world = *state;
    static const char *const flags[] = {
        "storm", "--workers", "3000", "--until-registered", "--duration", "3600", "--heartbeat-interval-ms",
        "60000", NULL};
    struct run run;
    start(world, &run, "until", flags);
    json_t *summary = finish(&run, 0);
    assert_int_equal(number(summary, "registrations", "registered"), 3000);
    assert_int_equal(number(summary, "registrations", "unanswered"), 0);
    json_decref(summary);
}

static void worker_that_the_registry_forgot_registers_again(void **state)
{
    struct world *world = *state;
    static const char *const flags[] = {
        "--workers", "10", "--duration", "4", "--heartbeat-interval-ms", "100", "--heartbeat-timeout-ms",
        "20000",     NULL};
    struct run run;
    recorder_mark(world->observer);
    start(world, &run, "again", flags);
    world_event(world, "registered", "again-0000009", NULL);
    (void)redis_reply(world->store, "DEL muster:{0}:worker:again-0000003");
    json_t *summary = finish(&run, 0);
    assert_true(number(summary, "registrations", "again") >= 1);
    assert_int_equal(redis_integer(world->store, "EXISTS muster:{0}:worker:again-0000003"), 1);
    json_decref(summary);
}

static void refused_registrations_are_status_1(void **state)
{
    struct world *world = *state;
    static const char *const flags[] = {"--workers", "10", "--capacity", "1000", "--duration", "0.2", NULL};
    struct run run;
    start(world, &run, "refused", flags);
    json_t *summary = finish(&run, 1);
    assert_int_equal(number(summary, "registrations", "refused"), 10);
    assert_int_equal(number(summary, "replies", "validation_failed"), 10);
    json_decref(summary);
}

static bool is_heard(void *context)
{
    return world_field(context, "signal-0000009", "heartbeats")[0] > '0';
}

static void signal_ends_it_early_with_a_summary(void **state)
{
    struct world *world = *state;
    static const char *const flags[] = {
        "--workers", "10", "--duration", "60", "--heartbeat-interval-ms", "200", "--heartbeat-timeout-ms",
        "20000",     NULL};
    struct run run;
    start(world, &run, "signal", flags);
    assert_true(wait_until(is_heard, world, WORLD_PATIENCE_MS));
    process_signal(&run.process, SIGTERM);
    json_t *summary = finish(&run, 0);
    assert_true(json_is_true(json_object_get(summary, "interrupted")));
    json_decref(summary);
}

static void summary_for_people_names_the_figures(void **state)
{
    struct world *world = *state;
    const char *const argv[] = {
        MUSTER_BIN_DIR "/muster-sim", "--uri", world->broker.uri, "--workers", "10", "--duration", "0.5",
        "--heartbeat-interval-ms",    "100",   "--ask",           "1",         NULL};
    struct run run;
    run_program(&run, world->folder, argv, NULL);
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(run.out, "steady: 10 workers on 4 connections, 0.5 s\n"));
    assert_non_null(strstr(run.out, "  registered      10 ("));
    assert_non_null(strstr(run.out, "answered after"));
    assert_string_equal(run.err, "");
    run_free(&run);
}

static void terminal_shows_how_it_gets_on(void **state)
{
    struct world *world = *state;
    const char *const argv[] = {MUSTER_BIN_DIR "/muster-sim",
                                "--uri",
                                world->broker.uri,
                                "--workers",
                                "10",
                                "--duration",
                                "2",
                                "--heartbeat-interval-ms",
                                "200",
                                NULL};
    struct terminal terminal;
    terminal_open(&terminal, argv, NULL, 24, 120);
    terminal_wait(&terminal, "of 2.0 s, ", WORLD_PATIENCE_MS);
    assert_int_equal(terminal_end(&terminal, WORLD_PATIENCE_MS), 0);
    assert_non_null(strstr(terminal.shown, "steady: 10 workers on 4 connections, 2.0 s"));
    terminal_close(&terminal);
}

/* ---------------------------------------------------------------------------------------- without a registry */

static int begin_alone(void **state)
{
    static struct world world;
    world_begin(&world, broker_limits, NULL);
    *state = &world;
    return 0;
}

static void assert_run(struct world *world, const char *uri, const char *more, int status, const char *sentence)
{
    const char *const argv[] = {MUSTER_BIN_DIR "/muster-sim", "--uri", uri, "--timeout-ms", "300", more, NULL};
    struct run run;
    run_program(&run, world->folder, argv, NULL);
    if (run.status != status || strstr(run.err, sentence) == NULL) {
        fail_msg("it ended with %d and wrote: %s%s", run.status, run.out, run.err);
    }
    run_free(&run);
}

static void no_registry_and_no_broker_are_status_3(void **state)
{
    struct world *world = *state;
    char nowhere[64];
    (void)snprintf(nowhere, sizeof nowhere, "tcp://127.0.0.1:%d", server_free_port());
    assert_run(world, world->broker.uri, NULL, 3, "is musterd running?");
    assert_run(world, nowhere, NULL, 3, "no connection to tcp://127.0.0.1:");
}

static void unregistered_fleet_heartbeats_to_whoever_listens(void **state)
{
    struct world *world = *state;
    static const char *const flags[] = {"--workers", "20", "--duration",     "0.5", "--heartbeat-interval-ms", "100",
                                        "--qos",     "1",  "--unregistered", NULL};
    static const char *const filters[] = {"muster/v1/worker/+/heartbeat", NULL};
    struct fault fault = {0};
    struct run run;
    assert_int_equal(recorder_subscribe(world->observer, filters, &fault), ERR_OK);
    start(world, &run, "mute", flags);
    json_t *summary = finish(&run, 0);
    assert_int_equal(number(summary, "registrations", "sent"), 0);
    int64_t sent = number(summary, "heartbeats", "sent");
    assert_in_range(sent, 50, 100);
    assert_int_equal(sent + number(summary, "heartbeats", "unsent") + number(summary, "heartbeats", "missed"), 100);
    world_heartbeat(world, "last", "{}");
    assert_non_null(recorder_wait(world->observer, "muster/v1/worker/last/heartbeat", NULL, WORLD_PATIENCE_MS));
    assert_int_equal(recorder_count(world->observer, "muster/v1/worker/+/heartbeat", NULL), sent + 1);
    json_decref(summary);
}

static void wrong_usage_is_status_2(void **state)
{
    struct world *world = *state;
    assert_run(world, world->broker.uri, "--nothing", 2, "--nothing: unknown option");
    assert_run(world, "tcp://127.0.0.1:99999", NULL, 2, "the port from 1 to 65535");
}

/* ---------------------------------------------------------------------------------------- a broker that goes away */

static void lost_connections_come_back_and_are_counted(void **state)
{
    struct world *world = *state;
    static const char *const flags[] = {
        "--workers",     "20", "--duration", "6", "--heartbeat-interval-ms", "100", "--heartbeat-timeout-ms", "20000",
        "--connections", "2",  NULL};
    struct run run;
    world_start_daemon(world, 0, NULL);
    world_wait_listening(world, 0);
    start(world, &run, "lost", flags);
    world_event(world, "registered", "lost-0000019", NULL);
    server_stop(&world->broker, SIGKILL);
    world_start_broker(world);
    json_t *summary = finish(&run, 0);
    assert_int_equal(number(summary, "broker", "connectionsLost"), 4);
    assert_int_equal(number(summary, "broker", "downAtEnd"), 0);
    assert_true(number(summary, "heartbeats", "missed") > 0);
    json_decref(summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thousand_workers_are_registered_and_all_their_heartbeats_counted),
        cmocka_unit_test(json_encoding_counts_the_same),
        cmocka_unit_test(over_websockets_all_heartbeats_are_counted_too),
        cmocka_unit_test(same_boot_comes_back_with_the_same_epoch_and_counts_on),
        cmocka_unit_test(gateway_batches_count_every_item),
        cmocka_unit_test(cloned_ids_lead_to_conflicts),
        cmocka_unit_test(storm_and_ramp_register_all_within_the_run),
        cmocka_unit_test(storm_is_answered_to_the_last_and_ends_the_run),
        cmocka_unit_test(worker_that_the_registry_forgot_registers_again),
        cmocka_unit_test(refused_registrations_are_status_1),
        cmocka_unit_test(signal_ends_it_early_with_a_summary),
        cmocka_unit_test(summary_for_people_names_the_figures),
        cmocka_unit_test(terminal_shows_how_it_gets_on),
    };
    const struct CMUnitTest silences[] = {
        cmocka_unit_test(mass_death_is_noticed_for_those_that_died_alone),
        cmocka_unit_test(those_that_return_are_told_as_recovered),
        cmocka_unit_test(flapping_goes_down_and_up_more_than_once),
    };
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(no_registry_and_no_broker_are_status_3),
        cmocka_unit_test(unregistered_fleet_heartbeats_to_whoever_listens),
        cmocka_unit_test(wrong_usage_is_status_2),
        cmocka_unit_test(lost_connections_come_back_and_are_counted),
    };
    int failed = cmocka_run_group_tests_name("e2e/sim", tests, begin, world_teardown);
    failed += cmocka_run_group_tests_name("e2e/sim silences", silences, begin, world_teardown);
    return failed + cmocka_run_group_tests_name("e2e/sim alone", alone, begin_alone, world_teardown);
}

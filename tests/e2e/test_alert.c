/* test_alert.c -- alerts: raised and cleared once each, whoever is active and whatever Redis and the broker forget. */
#include "e2e/world.h"

#include "support/wait.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { QUIET_MS = 800 };

#define RAISED "{\"state\":\"raised\"}"
#define CLEARED "{\"state\":\"cleared\"}"

/* One rule that a second worker breaks, and quick judging. */
static const char *const settings[] = {"publish.system_interval_ms=100",
                                       "daemon.lease_ms=800",
                                       "health.max_consecutive_failures=1",
                                       "alert.crowd.metric=totalWorkers",
                                       "alert.crowd.op=>",
                                       "alert.crowd.value=1",
                                       "alert.crowd.severity=info",
                                       NULL};
static const char *const plain[] = {"publish.system_interval_ms=100", "daemon.lease_ms=800", NULL};
static const char *const own_topics[] = {"muster/v1/alert/+", NULL};

static void observe_alerts(struct world *world)
{
    struct fault fault = {0};
    assert_int_equal(recorder_subscribe(world->observer, own_topics, &fault), ERR_OK);
}

static int begin(void **state)
{
    static struct world world;
    world_begin(&world, NULL, NULL);
    observe_alerts(&world);
    *state = &world;
    return 0;
}

static int begin_with_daemon(void **state)
{
    (void)begin(state);
    world_start_daemon(*state, 0, settings);
    world_wait_listening(*state, 0);
    return 0;
}

static const struct record *wait_alert(struct world *world, const char *rule, const char *like)
{
    char topic[128];
    (void)snprintf(topic, sizeof topic, "muster/v1/alert/%s", rule);
    const struct record *record = recorder_wait(world->observer, topic, like, WORLD_PATIENCE_MS);
    if (record == NULL) {
        recorder_print(world->observer);
        fail_msg("no alert %s like %s", rule, like);
    }
    return record;
}

static size_t count_alerts(struct world *world, const char *rule, const char *like)
{
    char topic[128];
    (void)snprintf(topic, sizeof topic, "muster/v1/alert/%s", rule);
    return recorder_count(world->observer, topic, like);
}

static void register_long(struct world *world, const char *id)
{
    world_register(world, id, "\"heartbeatTimeoutMs\":60000");
}

static void leave(struct world *world, const char *id)
{
    char payload[256];
    (void)snprintf(payload, sizeof payload, "{\"workerId\":\"%s\"}", id);
    assert_like(world_ask(world, "request/op/force-deregister", "client/op", payload), "{\"code\":\"ok\"}");
}

static void let_pass(struct world *world)
{
    (void)recorder_stays_silent(world->observer, "nothing/at/all", NULL, QUIET_MS);
}

static void alert_is_raised_and_cleared_once_each(void **state)
{
    struct world *world = *state;
    register_long(world, "a-1");
    register_long(world, "a-2");
    const struct record *raised =
        wait_alert(world, "crowd",
                   "{\"rule\":\"crowd\",\"state\":\"raised\",\"severity\":\"info\",\"metric\":\"totalWorkers\","
                   "\"op\":\">\",\"value\":1,\"forMs\":0,\"observed\":2,\"message\":\"workers: 2, above 1\"}");
    assert_true(raised->retained);
    assert_int_equal(raised->qos, 1);
    assert_true(world_number(raised, "since") <= world_number(raised, "at"));
    let_pass(world);
    leave(world, "a-2");
    const struct record *cleared = wait_alert(
        world, "crowd", "{\"state\":\"cleared\",\"observed\":1,\"message\":\"workers: 1, no longer above 1\"}");
    assert_int_equal(world_number(cleared, "since"), world_number(raised, "since"));
    assert_true(world_number(cleared, "at") > world_number(raised, "at"));
    let_pass(world);
    assert_int_equal(count_alerts(world, "crowd", RAISED), 1);
    assert_int_equal(count_alerts(world, "crowd", CLEARED), 1);
    leave(world, "a-1");
}

static void failed_worker_raises_default_alert_until_it_is_cleaned_up(void **state)
{
    struct world *world = *state;
    recorder_mark(world->observer);
    world_register(world, "doomed", "\"heartbeatTimeoutMs\":300");
    wait_alert(world, "worker_failed", "{\"state\":\"raised\",\"severity\":\"warning\",\"observed\":1}");
    world_event(world, "cleaned_up", "doomed", NULL);
    wait_alert(world, "worker_failed", CLEARED);
    assert_int_equal(count_alerts(world, "worker_failed", RAISED), 1);
}

static void request_lists_raised_ones_first(void **state)
{
    struct world *world = *state;
    register_long(world, "l-1");
    register_long(world, "l-2");
    recorder_mark(world->observer);
    wait_alert(world, "crowd", RAISED);
    const char *reply = world_ask(world, "request/op/alerts", "client/op", "");
    json_t *document = json_loads(reply, 0, NULL);
    const json_t *alerts = json_object_get(document, "alerts");
    assert_true(json_array_size(alerts) >= 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(alerts, 0), "rule")), "crowd");
    assert_string_equal(json_string_value(json_object_get(json_array_get(alerts, 0), "state")), "raised");
    assert_string_equal(json_string_value(json_object_get(json_array_get(alerts, 1), "state")), "cleared");
    json_decref(document);
}

/* Goes on with the crowd raised above. */
static void takeover_raises_nothing_again_and_clears_what_ended(void **state)
{
    struct world *world = *state;
    world_start_daemon(world, 1, settings);
    assert_non_null(
        recorder_wait(world->observer, "muster/v1/registry/d1", "{\"role\":\"standby\"}", WORLD_PATIENCE_MS));
    recorder_mark(world->observer);
    process_stop(&world->daemons[0], SIGKILL);
    world_wait_listening(world, 1);
    let_pass(world);
    assert_int_equal(count_alerts(world, "crowd", NULL), 0);
    assert_like(world_ask(world, "request/op/alerts", "client/op", ""), "{\"code\":\"ok\"}");
    leave(world, "l-2");
    wait_alert(world, "crowd", CLEARED);
    assert_int_equal(count_alerts(world, "crowd", RAISED), 0);
    leave(world, "l-1");
}

static void alert_lasts_through_flushall(void **state)
{
    static const char *const always[] = {"publish.system_interval_ms=100",
                                         "daemon.lease_ms=800",
                                         "alert.small.metric=totalWorkers",
                                         "alert.small.op=<",
                                         "alert.small.value=5",
                                         NULL};
    struct world *world = *state;
    world_start_daemon(world, 0, always);
    const struct record *raised = wait_alert(world, "small", RAISED);
    (void)redis_reply(world->store, "FLUSHALL");
    world_wait_log(world, 0, "standing by");
    int64_t deadline_ms = clock_monotonic_ms() + WORLD_PATIENCE_MS;
    while (redis_text(world->store, "HGET muster:{0}:alerts small") == NULL) {
        assert_true(clock_monotonic_ms() < deadline_ms);
        wait_a_step();
    }
    let_pass(world);
    assert_int_equal(count_alerts(world, "small", RAISED), 1);
    assert_string_equal(redis_text(world->store, "HGET muster:{0}:alerts small"), raised->payload);
}

static void broker_that_lost_what_it_retained_is_told_again(void **state)
{
    static const char *const always[] = {"publish.system_interval_ms=100", "alert.small.metric=totalWorkers",
                                         "alert.small.op=<", "alert.small.value=5", NULL};
    struct world *world = *state;
    world_start_daemon(world, 0, always);
    const struct record *raised = wait_alert(world, "small", RAISED);
    recorder_mark(world->observer);
    server_stop(&world->broker, SIGKILL);
    world_start_broker(world);
    world_observe_again(world);
    observe_alerts(world);
    assert_string_equal(wait_alert(world, "small", RAISED)->payload, raised->payload);
}

static void tell_retained(struct world *world, const char *topic, const char *payload)
{
    struct fault fault = {0};
    const struct broker_publication publication = {
        .topic = topic, .payload = text_of(payload), .qos = 1, .retained = true};
    assert_int_equal(recorder_publish(world->observer, &publication, &fault), ERR_OK);
}

/* What a broker came back with may be from long ago. */
static void stale_alert_at_broker_is_cleared(void **state)
{
    struct world *world = *state;
    tell_retained(world, "muster/v1/alert/capacity_used",
                  "{\"rule\":\"capacity_used\",\"state\":\"raised\",\"severity\":\"warning\","
                  "\"metric\":\"usedCapacityPercentage\",\"since\":1000,\"at\":1000}");
    recorder_mark(world->observer);
    static const char *const quick[] = {"publish.system_interval_ms=100", "alert.capacity_used.for_ms=0", NULL};
    world_start_daemon(world, 0, quick);
    wait_alert(world, "capacity_used", "{\"state\":\"cleared\",\"since\":1000}");
    assert_int_equal(count_alerts(world, "capacity_used", RAISED), 0);
}

static void wait_forgotten(struct world *world, const char *rule)
{
    wait_alert(world, rule, CLEARED);
    wait_alert(world, rule, "");
    int64_t deadline_ms = clock_monotonic_ms() + WORLD_PATIENCE_MS;
    while (redis_integer(world->store, "HEXISTS muster:{0}:alerts %s", rule) != 0) {
        assert_true(clock_monotonic_ms() < deadline_ms);
        wait_a_step();
    }
    assert_int_equal(count_alerts(world, rule, CLEARED), 1);
}

static void rule_gone_after_restart_is_cleared_and_forgotten(void **state)
{
    struct world *world = *state;
    world_start_daemon(world, 0, settings);
    world_wait_listening(world, 0);
    register_long(world, "g-1");
    register_long(world, "g-2");
    wait_alert(world, "crowd", RAISED);
    process_stop(&world->daemons[0], SIGTERM);
    world_start_daemon(world, 1, plain);
    wait_forgotten(world, "crowd");
}

static void write_rules(struct world *world, const char *rules)
{
    char text[2048];
    struct fault fault = {0};
    (void)snprintf(text, sizeof text,
                   "[mqtt]\nuri = %s\n[redis]\nuri = %s\n[http]\nlisten =\n[publish]\nsystem_interval_ms = 100\n%s",
                   world->broker.uri, world->redis.uri, rules);
    assert_int_equal(folder_write(world->folder, "muster.conf", text, &fault), ERR_OK);
}

static void rule_changed_by_reload_is_judged_anew(void **state)
{
    struct world *world = *state;
    char file[FOLDER_PATH_MAX + 32];
    char log[FOLDER_PATH_MAX + 32];
    struct fault fault = {0};
    (void)snprintf(file, sizeof file, "%s/muster.conf", world->folder);
    (void)snprintf(log, sizeof log, "%s/daemon-0.log", world->folder);
    const char *const argv[] = {MUSTER_BIN_DIR "/musterd", "-c", file, NULL};
    write_rules(world, "[alert.small]\nmetric = totalWorkers\nop = <\nvalue = 5\n");
    assert_int_equal(process_start(&world->daemons[0], argv, NULL, log, &fault), ERR_OK);
    wait_alert(world, "small", "{\"state\":\"raised\",\"value\":5}");
    write_rules(world, "[alert.small]\nmetric = totalWorkers\nop = >\nvalue = 5\n");
    process_signal(&world->daemons[0], SIGHUP);
    wait_alert(world, "small", "{\"state\":\"cleared\",\"op\":\">\"}");
    write_rules(world, "[alert.small]\nmetric = totalWorkers\nop = <\nvalue = 5\n");
    process_signal(&world->daemons[0], SIGHUP);
    recorder_mark(world->observer);
    wait_alert(world, "small", RAISED);
    write_rules(world, "");
    process_signal(&world->daemons[0], SIGHUP);
    wait_forgotten(world, "small");
}

static void deafness_and_drops_are_told_while_store_is_away(void **state)
{
    enum { INBOX = 100 };
    static const char *const quick[] = {"publish.system_interval_ms=100", "alert.deaf.value=500",
                                        "mqtt.inbox_messages=100", NULL};
    struct world *world = *state;
    world_start_daemon(world, 0, quick);
    world_wait_listening(world, 0);
    register_long(world, "beating");
    server_suspend(&world->redis);
    for (int i = 0; i < 5 * INBOX; i++) {
        world_heartbeat(world, "beating", "{\"currentJobCount\":1}");
    }
    wait_alert(world, "deaf", "{\"state\":\"raised\",\"severity\":\"critical\"}");
    wait_alert(world, "messages_dropped", RAISED);
    server_resume(&world->redis);
    wait_alert(world, "deaf", CLEARED);
    assert_int_equal(count_alerts(world, "deaf", RAISED), 1);
}

int main(void)
{
    const struct CMUnitTest ordinary[] = {
        cmocka_unit_test(alert_is_raised_and_cleared_once_each),
        cmocka_unit_test(failed_worker_raises_default_alert_until_it_is_cleaned_up),
        cmocka_unit_test(request_lists_raised_ones_first),
        cmocka_unit_test(takeover_raises_nothing_again_and_clears_what_ended),
    };
    const struct CMUnitTest apart[] = {
        cmocka_unit_test_setup_teardown(alert_lasts_through_flushall, begin, world_teardown),
        cmocka_unit_test_setup_teardown(broker_that_lost_what_it_retained_is_told_again, begin, world_teardown),
        cmocka_unit_test_setup_teardown(stale_alert_at_broker_is_cleared, begin, world_teardown),
        cmocka_unit_test_setup_teardown(rule_gone_after_restart_is_cleared_and_forgotten, begin, world_teardown),
        cmocka_unit_test_setup_teardown(rule_changed_by_reload_is_judged_anew, begin, world_teardown),
        cmocka_unit_test_setup_teardown(deafness_and_drops_are_told_while_store_is_away, begin, world_teardown),
    };
    int failed = cmocka_run_group_tests_name("e2e/alert", ordinary, begin_with_daemon, world_teardown);
    return failed + cmocka_run_group_tests_name("e2e/alert apart", apart, NULL, NULL);
}

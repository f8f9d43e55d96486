/* test_mqtt.c -- the connection to a broker, against a real mosquitto that is killed, suspended and started again. */
#include "listener.h"
#include "support/recorder.h"
#include "support/server.h"
#include "support/wait.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOT_AUTHORIZED = 135, SILENCE_MS = 300 };

struct world {
    struct server server;
    struct broker *broker; /* under test */
    struct recorder *other;
};

static void must(enum err err, const struct fault *fault)
{
    if (err != ERR_OK) {
        fail_msg("%s: %s", err_name(err), fault->text);
    }
}

static int start_world(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct fault fault = {0};
    assert_non_null(world);
    *state = world;
    must(server_start_mosquitto(&world->server, "max_queued_messages 100000", &fault), &fault);
    return 0;
}

static int end_world(void **state)
{
    struct world *world = *state;
    broker_free(world->broker);
    recorder_free(world->other);
    server_free(&world->server);
    free(world);
    return 0;
}

static struct broker *new_broker(struct world *world, struct broker_options options)
{
    struct fault fault = {0};
    options.uri = world->server.uri;
    options.client_id = options.client_id != NULL ? options.client_id : "tested";
    must(broker_new(&options, &world->broker, &fault), &fault);
    return world->broker;
}

static struct broker *connected_broker(struct world *world, struct broker_options options)
{
    struct broker_event event;
    struct broker *broker = new_broker(world, options);
    assert_true(listener_connect(broker, &event));
    return broker;
}

static struct recorder *open_other(struct world *world, const char *filter)
{
    const char *filters[] = {filter, NULL};
    struct fault fault = {0};
    must(recorder_open(world->server.uri, "other", filter != NULL ? filters : NULL, &world->other, &fault), &fault);
    return world->other;
}

static void tell(struct recorder *recorder, const char *topic, const char *payload)
{
    struct fault fault = {0};
    must(recorder_tell(recorder, topic, payload, &fault), &fault);
}

static bool is_readable(struct broker *broker)
{
    struct pollfd readable = {.fd = broker_fd(broker), .events = POLLIN};
    return poll(&readable, 1, 0) == 1;
}

static void connect_to_nobody_tells_one_disconnected_that_names_uri(void **state)
{
    struct world *world = *state;
    struct broker_event event;
    struct fault fault = {0};
    server_stop(&world->server, SIGKILL);
    struct broker *broker = new_broker(world, (struct broker_options){0});
    must(broker_connect(broker, &fault), &fault);
    assert_int_equal(broker_connect(broker, &fault), ERR_INVALID);
    assert_true(listener_expect(broker, BROKER_DISCONNECTED, &event));
    assert_memory_equal(event.reason.data, world->server.uri, strlen(world->server.uri));
    assert_false(listener_next(broker, &event, SILENCE_MS));
    must(broker_connect(broker, &fault), &fault);
    assert_true(listener_expect(broker, BROKER_DISCONNECTED, &event));
}

static void publish_unconnected_is_closed(void **state)
{
    struct world *world = *state;
    struct broker *broker = new_broker(world, (struct broker_options){0});
    struct broker_publication publication = {.topic = "t", .qos = 1, .id = 1};
    struct broker_subscription subscription = {.filter = "t"};
    struct fault fault = {0};
    assert_int_equal(broker_publish(broker, &publication), ERR_CLOSED);
    assert_int_equal(broker_subscribe(broker, &subscription, 1, &fault), ERR_CLOSED);
}

static void publish_is_acknowledged_and_arrives_with_properties(void **state)
{
    struct world *world = *state;
    struct broker_event event;
    struct broker *broker = connected_broker(world, (struct broker_options){0});
    struct recorder *other = open_other(world, "out/+");
    struct broker_publication publication = {.topic = "out/1",
                                             .payload = text_of("hello"),
                                             .qos = 1,
                                             .content_type = "text/plain",
                                             .expiry_s = 60,
                                             .response_topic = "back/1",
                                             .correlation = {"\0\1", 2},
                                             .id = 77};
    assert_int_equal(broker_publish(broker, &publication), ERR_OK);
    assert_true(listener_expect(broker, BROKER_ACKED, &event));
    assert_int_equal(event.id, 77);
    const struct record *record = recorder_wait_text(other, "out/1", "hello", EVENT_MS);
    assert_non_null(record);
    assert_string_equal(record->response_topic, "back/1");
    assert_int_equal(record->correlation_len, 2);
    assert_memory_equal(record->correlation, "\0\1", 2);
    assert_int_equal(record->qos, 1);
    assert_false(record->retained);
}

static void message_arrives_with_response_topic_and_empty_payload(void **state)
{
    struct world *world = *state;
    struct broker_event event;
    struct broker *broker = connected_broker(world, (struct broker_options){0});
    assert_true(listener_subscribe(broker, "in/#"));
    struct recorder *other = open_other(world, NULL);
    struct fault fault = {0};
    const struct broker_publication publication = {.topic = "in/a/b", .response_topic = "back", .qos = 0};
    must(recorder_publish(other, &publication, &fault), &fault);
    assert_true(listener_expect(broker, BROKER_MESSAGE, &event));
    assert_true(text_is(event.message.topic, "in/a/b"));
    assert_int_equal(event.message.payload.len, 0);
    assert_int_equal(event.message.qos, 0);
    assert_true(text_is(event.message.response_topic, "back"));
    assert_null(event.message.correlation.data);
}

static void retained_flag_is_as_published_and_old_ones_stay_away(void **state)
{
    struct world *world = *state;
    struct broker_event event;
    struct recorder *other = open_other(world, NULL);
    struct fault fault = {0};
    struct broker_publication publication = {.topic = "in/kept", .payload = text_of("old"), .qos = 1, .retained = true};
    must(recorder_publish(other, &publication, &fault), &fault);
    struct broker *broker = connected_broker(world, (struct broker_options){0});
    assert_true(listener_subscribe(broker, "in/kept"));
    publication.payload = text_of("new");
    must(recorder_publish(other, &publication, &fault), &fault);
    tell(other, "in/kept", "plain");
    assert_true(listener_expect(broker, BROKER_MESSAGE, &event));
    assert_true(text_is(event.message.payload, "new"));
    assert_true(event.message.retained);
    assert_true(listener_expect(broker, BROKER_MESSAGE, &event));
    assert_false(event.message.retained);
}

static void retained_messages_come_at_subscribing_where_wanted(void **state)
{
    struct world *world = *state;
    struct broker_event event;
    struct recorder *other = open_other(world, NULL);
    struct fault fault = {0};
    const struct broker_publication publication = {
        .topic = "in/kept", .payload = text_of("old"), .qos = 1, .retained = true};
    must(recorder_publish(other, &publication, &fault), &fault);
    struct broker *broker = connected_broker(world, (struct broker_options){0});
    const struct broker_subscription subscriptions[] = {{.filter = "none", .qos = 1},
                                                        {.filter = "in/+", .qos = 1, .retained_too = true}};
    must(broker_subscribe(broker, subscriptions, 2, &fault), &fault);
    bool came = false;
    for (int i = 0; i < 2; i++) {
        assert_true(listener_next(broker, &event, EVENT_MS));
        came = came || (event.kind == BROKER_MESSAGE && event.message.retained);
    }
    assert_true(came);
}

static void long_payload_is_cut_with_its_size_told(void **state)
{
    struct world *world = *state;
    struct broker_event event;
    struct broker *broker = connected_broker(world, (struct broker_options){.message_bytes_max = 4});
    assert_true(listener_subscribe(broker, "in"));
    struct recorder *other = open_other(world, NULL);
    tell(other, "in", "0123456789");
    tell(other, "in", "0123");
    assert_true(listener_expect(broker, BROKER_MESSAGE, &event));
    assert_true(text_is(event.message.payload, "0123"));
    assert_int_equal(event.message.payload_bytes, 10);
    assert_true(listener_expect(broker, BROKER_MESSAGE, &event));
    assert_int_equal(event.message.payload_bytes, 4);
}

struct received {
    struct broker *broker;
    uint64_t count;
};

static bool has_received(void *context)
{
    const struct received *wanted = context;
    struct broker_counters counters = {0};
    broker_read_counters(wanted->broker, &counters);
    return counters.received == wanted->count;
}

static void overflowing_inbox_drops_messages_and_keeps_the_rest(void **state)
{
    enum { ROOM = 5, SENT = 20 };
    struct world *world = *state;
    struct broker_event event;
    struct broker_counters counters = {0};
    struct broker *broker = connected_broker(world, (struct broker_options){.inbox_messages_max = ROOM});
    assert_true(listener_subscribe(broker, "in/+"));
    assert_false(broker_next(broker, &event));
    assert_false(is_readable(broker));
    struct recorder *other = open_other(world, NULL);
    for (int i = 0; i < SENT; i++) {
        tell(other, "in/1", "x");
    }
    struct received wanted = {broker, SENT};
    assert_true(wait_until(has_received, &wanted, EVENT_MS));
    broker_read_counters(broker, &counters);
    assert_int_equal(counters.dropped, SENT - ROOM);
    assert_int_equal(counters.inbox_messages, ROOM);
    assert_int_equal(broker_publish(broker, &(struct broker_publication){.topic = "t", .qos = 1, .id = 5}), ERR_OK);
    server_stop(&world->server, SIGTERM);
    for (int i = 0; i < ROOM; i++) {
        assert_true(is_readable(broker));
        assert_true(listener_expect(broker, BROKER_MESSAGE, &event));
    }
    assert_true(listener_next(broker, &event, EVENT_MS));
    assert_true(event.kind == BROKER_ACKED || event.kind == BROKER_REFUSED);
    assert_int_equal(event.id, 5);
    assert_true(listener_expect(broker, BROKER_DISCONNECTED, &event));
    assert_false(listener_next(broker, &event, SILENCE_MS));
    assert_false(is_readable(broker));
}

static void killed_broker_tells_one_disconnected_and_can_be_reached_again(void **state)
{
    struct world *world = *state;
    struct broker_event event;
    struct fault fault = {0};
    struct broker *broker = connected_broker(world, (struct broker_options){0});
    server_stop(&world->server, SIGKILL);
    assert_true(listener_expect(broker, BROKER_DISCONNECTED, &event));
    assert_true(event.reason.len > 0);
    assert_false(listener_next(broker, &event, SILENCE_MS));
    must(server_start_again(&world->server, &fault), &fault);
    assert_true(listener_connect(broker, &event));
    assert_false(event.session_present);
    assert_true(listener_subscribe(broker, "in"));
}

static void unacknowledged_publications_are_refused_and_never_sent_again(void **state)
{
    enum { COUNT = 3 };
    struct world *world = *state;
    struct broker_event event;
    struct fault fault = {0};
    struct broker *broker =
        connected_broker(world, (struct broker_options){.persistent_session = true, .session_expiry_s = 300});
    server_suspend(&world->server);
    for (uint64_t id = 1; id <= COUNT; id++) {
        struct broker_publication publication = {.topic = "out/lost", .payload = text_of("x"), .qos = 1, .id = id};
        assert_int_equal(broker_publish(broker, &publication), ERR_OK);
    }
    server_stop(&world->server, SIGKILL);
    unsigned seen = 0;
    for (int i = 0; i < COUNT; i++) {
        assert_true(listener_expect(broker, BROKER_REFUSED, &event));
        seen |= 1U << event.id;
    }
    assert_int_equal(seen, 0xe);
    assert_true(listener_expect(broker, BROKER_DISCONNECTED, &event));
    must(server_start_again(&world->server, &fault), &fault);
    struct recorder *other = open_other(world, "out/+");
    assert_true(listener_connect(broker, &event));
    assert_int_equal(broker_publish(broker, &(struct broker_publication){.topic = "out/new", .qos = 1, .id = 9}),
                     ERR_OK);
    assert_true(listener_expect(broker, BROKER_ACKED, &event));
    assert_int_equal(event.id, 9);
    assert_non_null(recorder_wait(other, "out/new", NULL, EVENT_MS));
    assert_int_equal(recorder_count(other, "out/lost", NULL), 0);
}

static void kept_session_gets_what_was_queued_while_away(void **state)
{
    struct world *world = *state;
    struct broker_event event;
    struct fault fault = {0};
    struct broker *broker =
        connected_broker(world, (struct broker_options){.persistent_session = true, .session_expiry_s = 300});
    assert_true(listener_subscribe(broker, "in/+"));
    server_stop(&world->server, SIGTERM);
    assert_true(listener_expect(broker, BROKER_DISCONNECTED, &event));
    must(server_start_again(&world->server, &fault), &fault);
    struct recorder *other = open_other(world, NULL);
    tell(other, "in/1", "first");
    tell(other, "in/2", "second");
    assert_true(listener_connect(broker, &event));
    assert_true(event.session_present);
    assert_true(listener_expect(broker, BROKER_MESSAGE, &event));
    assert_true(text_is(event.message.payload, "first"));
    assert_true(listener_expect(broker, BROKER_MESSAGE, &event));
    assert_true(text_is(event.message.payload, "second"));
}

/* What mosquitto 2.0.11 does: it closes the older connection without a word. */
static void second_client_of_the_same_id_ends_the_first_once(void **state)
{
    struct world *world = *state;
    struct broker_event event;
    struct fault fault = {0};
    struct broker *broker = connected_broker(world, (struct broker_options){0});
    must(recorder_open(world->server.uri, "tested", NULL, &world->other, &fault), &fault);
    assert_true(listener_expect(broker, BROKER_DISCONNECTED, &event));
    assert_false(listener_next(broker, &event, SILENCE_MS));
    assert_true(recorder_is_connected(world->other));
}

static void killed_client_leaves_its_will_and_a_farewell_leaves_none(void **state)
{
    struct world *world = *state;
    struct fault fault = {0};
    struct process client = {0};
    char log[FOLDER_PATH_MAX + 16];
    struct recorder *watcher = open_other(world, "will/#");
    (void)snprintf(log, sizeof log, "%s/client.log", world->server.folder);
    const char *argv[] = {"/proc/self/exe", world->server.uri, NULL};
    must(process_start(&client, argv, NULL, log, &fault), &fault);
    const struct record *ready = recorder_wait(watcher, "will/ready", NULL, EVENT_MS);
    process_stop(&client, SIGKILL);
    assert_non_null(ready);
    const struct record *will = recorder_wait_text(watcher, "will/client", "gone", EVENT_MS);
    assert_non_null(will);
    assert_true(will->retained);
    struct broker *broker =
        connected_broker(world, (struct broker_options){.will_topic = "will/tested", .will_payload = text_of("gone")});
    broker_disconnect(broker, EVENT_MS);
    assert_true(recorder_stays_silent(watcher, "will/tested", NULL, SILENCE_MS));
}

static void disconnect_sends_what_was_published_and_tells_nothing(void **state)
{
    enum { COUNT = 50 };
    struct world *world = *state;
    struct broker_event event;
    struct broker *broker = connected_broker(world, (struct broker_options){0});
    struct recorder *other = open_other(world, "out/+");
    for (uint64_t id = 1; id <= COUNT; id++) {
        struct broker_publication publication = {.topic = "out/1", .qos = id % 2 == 0 ? 1 : 0, .id = id};
        assert_int_equal(broker_publish(broker, &publication), ERR_OK);
    }
    broker_disconnect(broker, EVENT_MS);
    assert_false(listener_next(broker, &event, SILENCE_MS));
    assert_int_equal(broker_publish(broker, &(struct broker_publication){.topic = "out/1"}), ERR_CLOSED);
    tell(other, "out/2", "last");
    assert_non_null(recorder_wait(other, "out/2", NULL, EVENT_MS));
    assert_int_equal(recorder_count(other, "out/1", NULL), COUNT);
    assert_true(listener_connect(broker, &event));
}

/* Whom mosquitto_dynamic_security.so lets do what; the ACL file cannot refuse a subscription. */
static const char access_rules[] =
    "{\"defaultACLAccess\":{\"publishClientSend\":false,\"publishClientReceive\":true,\"subscribe\":false,"
    "\"unsubscribe\":true},\"anonymousGroup\":\"all\",\"clients\":[],"
    "\"groups\":[{\"groupname\":\"all\",\"roles\":[{\"rolename\":\"all\"}]}],"
    "\"roles\":[{\"rolename\":\"all\",\"acls\":["
    "{\"acltype\":\"subscribePattern\",\"topic\":\"open/#\",\"allow\":true},"
    "{\"acltype\":\"publishClientSend\",\"topic\":\"open/#\",\"allow\":true}]}]}";

static void restrict_access(struct world *world)
{
    static const char *const folders[] = {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib",
                                          "/usr/local/lib"};
    char plugin[128] = "";
    char extra[512];
    char folder[FOLDER_PATH_MAX];
    struct fault fault = {0};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0] && (i == 0 || access(plugin, R_OK) != 0); i++) {
        (void)snprintf(plugin, sizeof plugin, "%s/mosquitto_dynamic_security.so", folders[i]);
    }
    must(folder_new(folder, &fault), &fault);
    must(folder_write(folder, "access.json", access_rules, &fault), &fault);
    (void)snprintf(extra, sizeof extra, "plugin %s\nplugin_opt_config_file %s/access.json", plugin, folder);
    server_free(&world->server);
    enum err err = server_start_mosquitto(&world->server, extra, &fault);
    folder_remove(folder);
    must(err, &fault);
}

static void forbidden_filter_refuses_the_subscription(void **state)
{
    struct world *world = *state;
    struct broker_event event;
    struct fault fault = {0};
    restrict_access(world);
    struct broker *broker = connected_broker(world, (struct broker_options){0});
    const struct broker_subscription both[] = {{.filter = "open/1", .qos = 1}, {.filter = "closed/1", .qos = 1}};
    must(broker_subscribe(broker, both, 2, &fault), &fault);
    assert_true(listener_expect(broker, BROKER_REFUSED, &event));
    assert_int_equal(event.id, 0);
    assert_int_equal(event.reason_code, NOT_AUTHORIZED);
    assert_true(text_is(event.reason, "filter 2 of 2: Not authorized"));
    must(broker_subscribe(broker, both + 1, 1, &fault), &fault);
    assert_true(listener_expect(broker, BROKER_REFUSED, &event));
    assert_int_equal(event.reason_code, NOT_AUTHORIZED);
    assert_true(listener_subscribe(broker, "open/1"));
}

static void forbidden_topic_refuses_the_publication(void **state)
{
    struct world *world = *state;
    struct broker_event event;
    restrict_access(world);
    struct broker *broker = connected_broker(world, (struct broker_options){0});
    assert_int_equal(broker_publish(broker, &(struct broker_publication){.topic = "closed/1", .qos = 1, .id = 4}),
                     ERR_OK);
    assert_true(listener_expect(broker, BROKER_REFUSED, &event));
    assert_int_equal(event.id, 4);
    assert_int_equal(event.reason_code, NOT_AUTHORIZED);
    assert_int_equal(broker_publish(broker, &(struct broker_publication){.topic = "open/1", .qos = 1, .id = 5}),
                     ERR_OK);
    assert_true(listener_expect(broker, BROKER_ACKED, &event));
}

/* The client that is killed: a process of its own, connected with a will. */
static int be_client(const char *uri)
{
    const struct broker_options options = {.uri = uri,
                                           .client_id = "client",
                                           .will_topic = "will/client",
                                           .will_payload = text_of("gone"),
                                           .will_retained = true};
    struct broker *broker = NULL;
    struct broker_event event;
    struct fault fault = {0};
    if (broker_new(&options, &broker, &fault) != ERR_OK || !listener_connect(broker, &event) ||
        broker_publish(broker, &(struct broker_publication){.topic = "will/ready"}) != ERR_OK) {
        (void)fprintf(stderr, "%s\n", fault.text);
        return 1;
    }
    (void)listener_next(broker, &event, -1);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc == 2) {
        return be_client(argv[1]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(connect_to_nobody_tells_one_disconnected_that_names_uri, start_world,
                                        end_world),
        cmocka_unit_test_setup_teardown(publish_unconnected_is_closed, start_world, end_world),
        cmocka_unit_test_setup_teardown(publish_is_acknowledged_and_arrives_with_properties, start_world, end_world),
        cmocka_unit_test_setup_teardown(message_arrives_with_response_topic_and_empty_payload, start_world, end_world),
        cmocka_unit_test_setup_teardown(retained_flag_is_as_published_and_old_ones_stay_away, start_world, end_world),
        cmocka_unit_test_setup_teardown(retained_messages_come_at_subscribing_where_wanted, start_world, end_world),
        cmocka_unit_test_setup_teardown(long_payload_is_cut_with_its_size_told, start_world, end_world),
        cmocka_unit_test_setup_teardown(overflowing_inbox_drops_messages_and_keeps_the_rest, start_world, end_world),
        cmocka_unit_test_setup_teardown(killed_broker_tells_one_disconnected_and_can_be_reached_again, start_world,
                                        end_world),
        cmocka_unit_test_setup_teardown(unacknowledged_publications_are_refused_and_never_sent_again, start_world,
                                        end_world),
        cmocka_unit_test_setup_teardown(kept_session_gets_what_was_queued_while_away, start_world, end_world),
        cmocka_unit_test_setup_teardown(second_client_of_the_same_id_ends_the_first_once, start_world, end_world),
        cmocka_unit_test_setup_teardown(killed_client_leaves_its_will_and_a_farewell_leaves_none, start_world,
                                        end_world),
        cmocka_unit_test_setup_teardown(disconnect_sends_what_was_published_and_tells_nothing, start_world, end_world),
        cmocka_unit_test_setup_teardown(forbidden_filter_refuses_the_subscription, start_world, end_world),
        cmocka_unit_test_setup_teardown(forbidden_topic_refuses_the_publication, start_world, end_world),
    };
    return cmocka_run_group_tests_name("broker/mqtt", tests, NULL, NULL);
}

/*
 * test_network.c -- a bad network between daemon and broker: dead connections that nobody closes, slow ones, and a
 * broker that stands still.
 */
#include "e2e/world.h"

#include "support/proxy.h"
#include "support/wait.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { AGENTS = 3, SILENT_MS = 4500, SLOW_MS = 700, WATCHED_MS = 4000 };

struct network {
    struct world world;
    struct proxy *proxy;
    struct process agents[AGENTS];
};

static int setup(void **state)
{
    static struct network network;
    struct fault fault = {0};
    char uri[64];
    memset(&network, 0, sizeof network);
    world_begin(&network.world, NULL, NULL);
    assert_int_equal(proxy_new(network.world.broker.port, &network.proxy, &fault), ERR_OK);
    (void)snprintf(uri, sizeof uri, "mqtt.uri=tcp://127.0.0.1:%d", proxy_port(network.proxy));
    const char *const settings[] = {uri, NULL};
    world_start_daemon(&network.world, 0, settings);
    world_wait_listening(&network.world, 0);
    for (int i = 0; i < AGENTS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "steady-%d", i);
        world_start_agent(&network.world, &network.agents[i], id, NULL);
        world_status(&network.world, id, "{\"status\":\"ACTIVE\",\"health\":\"HEALTHY\"}");
    }
    *state = &network;
    return 0;
}

static int teardown(void **state)
{
    struct network *network = *state;
    for (int i = 0; i < AGENTS; i++) {
        process_stop(&network->agents[i], SIGKILL);
    }
    world_close(&network->world);
    proxy_free(network->proxy);
    return 0;
}

static void let_pass(int64_t duration_ms)
{
    int64_t end_ms = clock_monotonic_ms() + duration_ms;
    while (clock_monotonic_ms() < end_ms) {
        wait_a_step();
    }
}

static void assert_nobody_was_called_missing(struct network *network)
{
    for (int i = 0; i < AGENTS; i++) {
        char topic[64];
        (void)snprintf(topic, sizeof topic, "muster/v1/event/unhealthy/steady-%d", i);
        assert_int_equal(recorder_count(network->world.observer, topic, NULL), 0);
    }
}

/* A new worker registers and dies, and both is noticed: long before the protocol's own pings would find anything. */
static void assert_service(struct network *network, const char *id)
{
    struct process agent = {0};
    world_start_agent(&network->world, &agent, id, NULL);
    world_status(&network->world, id, "{\"status\":\"ACTIVE\"}");
    process_stop(&agent, SIGKILL);
    world_event(&network->world, "failed", id, NULL);
}

static void dead_connections_that_nobody_closed_are_replaced(void **state)
{
    struct network *network = *state;
    recorder_mark(network->world.observer);
    proxy_fall_silent(network->proxy);
    let_pass(SILENT_MS);
    proxy_speak_again(network->proxy);
    assert_service(network, "new-1");
    let_pass(WATCHED_MS);
    assert_nobody_was_called_missing(network);
}

static void connections_that_die_within_a_moment_are_replaced(void **state)
{
    struct network *network = *state;
    recorder_mark(network->world.observer);
    proxy_fall_silent(network->proxy);
    let_pass(100);
    proxy_speak_again(network->proxy);
    assert_service(network, "new-2");
    assert_nobody_was_called_missing(network);
}

static void slow_broker_is_no_dead_one(void **state)
{
    struct network *network = *state;
    recorder_mark(network->world.observer);
    proxy_slow_down(network->proxy, SLOW_MS);
    let_pass(WATCHED_MS);
    assert_service(network, "new-3");
    proxy_slow_down(network->proxy, 0);
    assert_nobody_was_called_missing(network);
    assert_service(network, "new-4");
    assert_false(world_log_has(&network->world, 0, "it is being asked"));
}

/* Such as one that writes down what many workers' statuses it retains: nothing is lost on its old connections. */
static void broker_that_stands_still_for_long_is_waited_for(void **state)
{
    struct network *network = *state;
    recorder_mark(network->world.observer);
    server_suspend(&network->world.broker);
    world_wait_log(&network->world, 0, "it is being asked");
    let_pass(SILENT_MS);
    server_resume(&network->world.broker);
    assert_service(network, "new-5");
    assert_nobody_was_called_missing(network);
    assert_false(world_log_has(&network->world, 0, "connection to the broker lost"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_broker_is_no_dead_one),
        cmocka_unit_test(broker_that_stands_still_for_long_is_waited_for),
        cmocka_unit_test(dead_connections_that_nobody_closed_are_replaced),
        cmocka_unit_test(connections_that_die_within_a_moment_are_replaced),
    };
    return cmocka_run_group_tests_name("e2e/network", tests, setup, teardown);
}

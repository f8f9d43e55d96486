/* test_pace.c -- a fleet that wants to heartbeat more often than the registry is set up to hear. */
#include "e2e/world.h"

#include "support/wait.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define WISH "\"heartbeatIntervalMs\":1000,\"heartbeatTimeoutMs\":60000"

/* They ask for 100 heartbeats a second and need 5; there are to be fewer than 10. */
enum { FLEET = 100, TARGET_PER_S = 10, ASKED_MS = 1000, LONGEST_MS = 20000 };

static int setup(void **state)
{
    static struct world world;
    static const char *const settings[] = {"worker.target_heartbeats_per_s=10", "publish.system_interval_ms=100", NULL};
    world_open(&world, settings);
    *state = &world;
    return 0;
}

static void name_of(int index, char out_id[32])
{
    (void)snprintf(out_id, 32, "p-%d", index);
}

static int64_t told_interval_ms(struct world *world, const char *id)
{
    char topic[96];
    char reply[96];
    (void)snprintf(topic, sizeof topic, "worker/%s/heartbeat", id);
    (void)snprintf(reply, sizeof reply, "worker/%s", id);
    (void)world_ask(world, topic, reply, "");
    (void)snprintf(topic, sizeof topic, "muster/v1/reply/worker/%s/#", id);
    return world_number(recorder_last(world->observer, topic, NULL), "heartbeatIntervalMs");
}

static void fleet_that_asks_for_too_much_is_kept_under_the_target(void **state)
{
    struct world *world = *state;
    char id[32];
    for (int i = 0; i < FLEET; i++) {
        name_of(i, id);
        world_register(world, id, WISH);
    }
    double together_per_s = 0;
    for (int i = 0; i < FLEET; i++) {
        name_of(i, id);
        int64_t interval_ms = told_interval_ms(world, id);
        assert_in_range(interval_ms, ASKED_MS, LONGEST_MS);
        together_per_s += 1000.0 / (double)interval_ms;
    }
    assert_true(together_per_s < TARGET_PER_S);
    assert_true(together_per_s > 0.7 * TARGET_PER_S);
    assert_string_equal(world_field(world, "p-0", "heartbeatIntervalMs"), "1000");
}

static void newcomer_is_told_a_longer_interval_and_agent_keeps_to_it(void **state)
{
    struct world *world = *state;
    static const char *const flags[] = {"--heartbeat-interval-ms", "1000", "--heartbeat-timeout-ms", "6000", NULL};
    struct process agent = {0};
    world_start_agent(world, &agent, "newcomer", flags);
    world_wait_written(&agent, "a heartbeat every");
    world_status(world, "newcomer", "{\"status\":\"ACTIVE\"}");
    int64_t first = strtoll(world_field(world, "newcomer", "heartbeats"), NULL, 10);
    int64_t begin_ms = clock_monotonic_ms();
    while (clock_monotonic_ms() - begin_ms < 5000) {
        wait_a_step();
    }
    int64_t heard = strtoll(world_field(world, "newcomer", "heartbeats"), NULL, 10) - first;
    assert_in_range(heard, 2, 4);
    process_stop(&agent, SIGTERM);
}

static void interval_shrinks_again_when_the_fleet_does(void **state)
{
    struct world *world = *state;
    char id[32];
    for (int i = 1; i < FLEET; i++) {
        char topic[64];
        name_of(i, id);
        (void)snprintf(topic, sizeof topic, "worker/%s/deregister", id);
        world_tell(world, topic, "");
    }
    int64_t deadline_ms = clock_monotonic_ms() + WORLD_PATIENCE_MS;
    while (told_interval_ms(world, "p-0") != ASKED_MS) {
        assert_true(clock_monotonic_ms() < deadline_ms);
        wait_a_step();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fleet_that_asks_for_too_much_is_kept_under_the_target),
        cmocka_unit_test(newcomer_is_told_a_longer_interval_and_agent_keeps_to_it),
        cmocka_unit_test(interval_shrinks_again_when_the_fleet_does),
    };
    return cmocka_run_group_tests_name("e2e/pace", tests, setup, world_teardown);
}

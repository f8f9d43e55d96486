/* test_command.c -- what the registry tells a worker to do, and that a real worker does it. */
#include "e2e/world.h"

#include "support/wait.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* Its own heartbeats are too rare to be mistaken for one that was asked for. */
static const char *const quiet[] = {"--heartbeat-interval-ms", "60000", "--heartbeat-timeout-ms", "180000", NULL};
static const char *const busy[] = {"--heartbeat-timeout-ms", "60000", "--capacity", "10", "--jobs", "2", NULL};
static const char *const own_topics[] = {"muster/v1/worker/+/+", NULL};

static int begin(void **state)
{
    struct fault fault = {0};
    (void)world_setup(state);
    struct world *world = *state;
    assert_int_equal(recorder_subscribe(world->observer, own_topics, &fault), ERR_OK);
    return 0;
}

static const struct record *wait_on(struct world *world, const char *topic, const char *like)
{
    const struct record *record = recorder_wait(world->observer, topic, like, WORLD_PATIENCE_MS);
    if (record == NULL) {
        recorder_print(world->observer);
        fail_msg("nothing like %s on %s", like != NULL ? like : "anything", topic);
    }
    return record;
}

/* The first heartbeat follows the registration by itself. */
static void start_beating(struct world *world, struct process *agent, const char *id, const char *const *flags)
{
    char topic[128];
    world_start_agent(world, agent, id, flags);
    world_wait_written(agent, "registered, epoch");
    (void)snprintf(topic, sizeof topic, "muster/v1/worker/%s/heartbeat", id);
    (void)wait_on(world, topic, NULL);
    recorder_mark(world->observer);
}

static void ping_brings_heartbeat_at_once(void **state)
{
    struct world *world = *state;
    struct process agent = {0};
    start_beating(world, &agent, "pinged", quiet);
    assert_like(world_ask(world, "request/op/ping", "client/op", "{\"workerId\":\"pinged\",\"requestId\":\"p1\"}"),
                "{\"success\":true,\"code\":\"ok\",\"workerId\":\"pinged\",\"requestId\":\"p1\"}");
    const struct record *command =
        wait_on(world, "muster/v1/command/pinged", "{\"command\":\"ping\",\"by\":\"op\",\"requestId\":\"p1\"}");
    assert_false(command->retained);
    assert_int_equal(command->qos, 1);
    int64_t age_ms = command->wall_ms - world_number(command, "at");
    assert_true(age_ms > -1000 && age_ms < WORLD_PATIENCE_MS);
    (void)wait_on(world, "muster/v1/worker/pinged/heartbeat", NULL);
    process_stop(&agent, SIGTERM);
}

static void reregister_brings_registration_without_new_epoch(void **state)
{
    struct world *world = *state;
    struct process agent = {0};
    start_beating(world, &agent, "again", quiet);
    char epoch[32];
    (void)snprintf(epoch, sizeof epoch, "%s", world_field(world, "again", "epoch"));
    assert_like(world_ask(world, "request/op/reregister", "client/op", "{\"workerId\":\"again\"}"),
                "{\"code\":\"ok\",\"workerId\":\"again\"}");
    (void)wait_on(world, "muster/v1/command/again", "{\"command\":\"reregister\"}");
    (void)wait_on(world, "muster/v1/worker/again/register", NULL);
    assert_non_null(recorder_wait_text(world->observer, "muster/v1/reply/worker/again/#",
                                       "Worker registered successfully", WORLD_PATIENCE_MS));
    assert_string_equal(world_field(world, "again", "epoch"), epoch);
    process_stop(&agent, SIGTERM);
}

static void drained_agent_leaves_once_its_jobs_are_done(void **state)
{
    struct world *world = *state;
    struct process agent = {0};
    start_beating(world, &agent, "drained", busy);
    world_wait_field(world, "drained", "currentJobCount", "2");
    assert_like(world_ask(world, "request/op/drain", "client/op", "{\"workerId\":\"drained\"}"), "{\"code\":\"ok\"}");
    (void)wait_on(world, "muster/v1/command/drained", "{\"command\":\"drain\",\"by\":\"op\"}");
    const struct record *left = world_event(world, "deregistered", "drained", "{\"to\":{\"status\":\"INACTIVE\"}}");
    assert_null(strstr(left->payload, "orphanedJobs"));
    assert_true(process_wait(&agent, WORLD_PATIENCE_MS));
    assert_int_equal(process_exit_status(&agent), 0);
}

static void worker_that_is_unknown_or_has_left_is_not_found(void **state)
{
    struct world *world = *state;
    assert_like(world_ask(world, "request/op/ping", "client/op", "{\"workerId\":\"nobody\"}"),
                "{\"success\":false,\"code\":\"not_found\",\"workerId\":\"nobody\"}");
    world_register(world, "gone", "");
    assert_like(world_ask(world, "worker/gone/deregister", "worker/gone", ""), "{\"code\":\"ok\"}");
    assert_like(world_ask(world, "request/op/reregister", "client/op", "{\"workerId\":\"gone\"}"),
                "{\"success\":false,\"code\":\"not_found\"}");
    assert_int_equal(recorder_count(world->observer, "muster/v1/command/gone", NULL), 0);
}

static void command_without_worker_is_refused(void **state)
{
    struct world *world = *state;
    assert_like(world_ask(world, "request/op/ping", "client/op", "{}"),
                "{\"success\":false,\"code\":\"validation_failed\",\"message\":\"Worker ID is required\"}");
    assert_like(world_ask(world, "request/op/ping", "client/op", "{\"workerId\":\"a/#\"}"),
                "{\"success\":false,\"code\":\"validation_failed\"}");
}

static void commands_reach_nobody_after_store_is_away(void **state)
{
    struct world *world = *state;
    world_register(world, "waiting", "\"heartbeatTimeoutMs\":60000");
    recorder_mark(world->observer);
    server_suspend(&world->redis);
    assert_like(world_ask(world, "request/op/ping", "client/op", "{\"workerId\":\"waiting\"}"),
                "{\"success\":false,\"code\":\"unavailable\"}");
    server_resume(&world->redis);
    assert_int_equal(recorder_count(world->observer, "muster/v1/command/waiting", NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ping_brings_heartbeat_at_once),
        cmocka_unit_test(reregister_brings_registration_without_new_epoch),
        cmocka_unit_test(drained_agent_leaves_once_its_jobs_are_done),
        cmocka_unit_test(worker_that_is_unknown_or_has_left_is_not_found),
        cmocka_unit_test(command_without_worker_is_refused),
        cmocka_unit_test(commands_reach_nobody_after_store_is_away),
    };
    return cmocka_run_group_tests_name("e2e/command", tests, begin, world_teardown);
}

/* test_restart.c -- daemon, broker and Redis away for longer than every timeout: nobody who keeps heartbeating fails.
 */
#include "e2e/world.h"

#include "support/wait.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* Away for longer than timeout, checks and cleanup together; and then watched for as long again. */
enum { AGENTS = 3, AWAY_MS = 3000, WATCHED_MS = 3000, SLEEP_MS = 5000 };

struct restart {
    struct world world;
    struct process agents[AGENTS];
};

static void wait_all_healthy(struct restart *restart)
{
    for (int i = 0; i < AGENTS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "steady-%d", i);
        world_status(&restart->world, id, "{\"status\":\"ACTIVE\",\"health\":\"HEALTHY\"}");
    }
}

static int setup(void **state)
{
    static struct restart restart;
    memset(&restart, 0, sizeof restart);
    world_begin(&restart.world, NULL, "appendonly yes\nappendfsync always\nenable-debug-command local\n");
    world_start_daemon(&restart.world, 0, NULL);
    world_wait_listening(&restart.world, 0);
    for (int i = 0; i < AGENTS; i++) {
        /* Long enough for an agent that a busy machine keeps waiting, and still shorter than anything is away. */
        static const char *const flags[] = {"--heartbeat-timeout-ms", "1000", NULL};
        char id[32];
        (void)snprintf(id, sizeof id, "steady-%d", i);
        world_start_agent(&restart.world, &restart.agents[i], id, flags);
    }
    wait_all_healthy(&restart);
    *state = &restart;
    return 0;
}

static int teardown(void **state)
{
    struct restart *restart = *state;
    for (int i = 0; i < AGENTS; i++) {
        process_stop(&restart->agents[i], SIGKILL);
    }
    world_close(&restart->world);
    return 0;
}

static void let_pass(int64_t duration_ms)
{
    int64_t end_ms = clock_monotonic_ms() + duration_ms;
    while (clock_monotonic_ms() < end_ms) {
        wait_a_step();
    }
}

static size_t count_steps(struct restart *restart, const char *type)
{
    size_t count = 0;
    for (int i = 0; i < AGENTS; i++) {
        char topic[64];
        (void)snprintf(topic, sizeof topic, "muster/v1/event/%s/steady-%d", type, i);
        count += recorder_count(restart->world.observer, topic, NULL);
    }
    return count;
}

static void assert_nobody_fails(struct restart *restart)
{
    let_pass(WATCHED_MS);
    if (count_steps(restart, "unhealthy") + count_steps(restart, "failed") + count_steps(restart, "cleaned_up") > 0) {
        recorder_print(restart->world.observer);
        fail_msg("a worker that kept heartbeating was called unhealthy");
    }
    for (int i = 0; i < AGENTS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "steady-%d", i);
        assert_string_equal(world_field(&restart->world, id, "health"), "HEALTHY");
        assert_true(process_is_running(&restart->agents[i]));
    }
}

/* After all of it the registry still does its work. */
static void assert_death_is_noticed(struct restart *restart, const char *id)
{
    struct process agent = {0};
    world_start_agent(&restart->world, &agent, id, NULL);
    world_status(&restart->world, id, "{\"status\":\"ACTIVE\"}");
    process_stop(&agent, SIGKILL);
    world_event(&restart->world, "unhealthy", id, NULL);
    world_event(&restart->world, "failed", id, NULL);
    world_event(&restart->world, "cleaned_up", id, NULL);
}

static void daemon_away_fails_nobody(void **state)
{
    struct restart *restart = *state;
    recorder_mark(restart->world.observer);
    process_stop(&restart->world.daemons[0], SIGKILL);
    let_pass(AWAY_MS);
    world_start_daemon(&restart->world, 0, NULL);
    assert_nobody_fails(restart);
    assert_death_is_noticed(restart, "dead-1");
}

static void worker_that_died_while_daemon_was_away_is_noticed_later(void **state)
{
    struct restart *restart = *state;
    struct process agent = {0};
    world_start_agent(&restart->world, &agent, "dead-2", NULL);
    world_status(&restart->world, "dead-2", "{\"status\":\"ACTIVE\"}");
    process_stop(&restart->world.daemons[0], SIGTERM);
    process_stop(&agent, SIGKILL);
    let_pass(AWAY_MS);
    world_start_daemon(&restart->world, 0, NULL);
    world_event(&restart->world, "unhealthy", "dead-2", NULL);
    world_event(&restart->world, "cleaned_up", "dead-2", NULL);
}

/* Both wills wait at the broker; one of the two workers is back before its heartbeat interval is over. */
static void late_will_gives_worker_one_interval_to_show_itself(void **state)
{
    struct restart *restart = *state;
    struct world *world = &restart->world;
    const char *more = "\"bootId\":\"b\",\"connection\":1,\"heartbeatTimeoutMs\":60000,\"heartbeatIntervalMs\":1500";
    world_register(world, "late-1", more);
    world_register(world, "late-2", more);
    process_stop(&world->daemons[0], SIGTERM);
    world_tell(world, "worker/late-1/will", "{\"bootId\":\"b\",\"connection\":1}");
    world_tell(world, "worker/late-2/will", "{\"bootId\":\"b\",\"connection\":1}");
    world_start_daemon(world, 0, NULL);
    int64_t started_ms = clock_wall_ms();
    world_wait_field(world, "late-2", "lost", "1");
    world_heartbeat(world, "late-2", "{\"bootId\":\"b\",\"connection\":2}");
    const struct record *event = world_event(world, "unhealthy", "late-1", "{\"reason\":\"connection_lost\"}");
    assert_true(event->wall_ms - started_ms >= 1500);
    assert_string_equal(world_field(world, "late-2", "health"), "HEALTHY");
    assert_string_equal(world_field(world, "late-2", "lost"), "");
    assert_int_equal(recorder_count(world->observer, "muster/v1/event/unhealthy/late-2", NULL), 0);
}

static void redis_killed_and_back_fails_nobody(void **state)
{
    struct restart *restart = *state;
    recorder_mark(restart->world.observer);
    world_kill_redis(&restart->world);
    let_pass(AWAY_MS);
    assert_like(
        world_ask(&restart->world, "worker/new/register", "worker/new", "{\"name\":\"n\",\"maxConcurrentJobs\":1}"),
        "{\"success\":false,\"code\":\"unavailable\"}");
    world_start_redis(&restart->world);
    assert_nobody_fails(restart);
    assert_death_is_noticed(restart, "dead-3");
}

static void stalled_redis_fails_nobody(void **state)
{
    struct restart *restart = *state;
    recorder_mark(restart->world.observer);
    server_suspend(&restart->world.redis);
    let_pass(AWAY_MS + 2000);
    server_resume(&restart->world.redis);
    assert_nobody_fails(restart);
    assert_death_is_noticed(restart, "dead-4");
}

/* Unlike one that is stopped it still takes connections in, and what came meanwhile is answered all at once. */
static void sleeping_redis_fails_nobody(void **state)
{
    struct restart *restart = *state;
    struct process sleep = {0};
    struct fault fault = {0};
    char log[FOLDER_PATH_MAX + 16];
    const char *const argv[] = {"redis-cli", "-s", restart->world.redis.socket_path, "DEBUG", "SLEEP", "5", NULL};
    (void)snprintf(log, sizeof log, "%s/sleep.log", restart->world.folder);
    recorder_mark(restart->world.observer);
    int64_t since_ms = clock_monotonic_ms();
    assert_int_equal(process_start(&sleep, argv, NULL, log, &fault), ERR_OK);
    assert_true(process_wait(&sleep, SLEEP_MS + WORLD_PATIENCE_MS));
    assert_int_equal(process_exit_status(&sleep), 0);
    assert_true(clock_monotonic_ms() - since_ms >= SLEEP_MS);
    assert_nobody_fails(restart);
    assert_death_is_noticed(restart, "dead-8");
}

static void stalled_daemon_fails_nobody(void **state)
{
    struct restart *restart = *state;
    recorder_mark(restart->world.observer);
    process_signal(&restart->world.daemons[0], SIGSTOP);
    let_pass(AWAY_MS);
    process_signal(&restart->world.daemons[0], SIGCONT);
    assert_nobody_fails(restart);
    assert_death_is_noticed(restart, "dead-5");
}

static void stalled_broker_fails_nobody(void **state)
{
    struct restart *restart = *state;
    recorder_mark(restart->world.observer);
    server_suspend(&restart->world.broker);
    let_pass(AWAY_MS);
    server_resume(&restart->world.broker);
    assert_nobody_fails(restart);
    assert_death_is_noticed(restart, "dead-6");
}

/* The last one: the observer's connection goes with the broker. */
static void broker_killed_and_back_fails_nobody(void **state)
{
    struct restart *restart = *state;
    int reason_code = 0;
    recorder_mark(restart->world.observer);
    server_stop(&restart->world.broker, SIGTERM);
    assert_true(recorder_wait_disconnected(restart->world.observer, WORLD_PATIENCE_MS, &reason_code));
    let_pass(AWAY_MS);
    world_start_broker(&restart->world);
    world_observe_again(&restart->world);
    assert_nobody_fails(restart);
    assert_death_is_noticed(restart, "dead-7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(daemon_away_fails_nobody),
        cmocka_unit_test(worker_that_died_while_daemon_was_away_is_noticed_later),
        cmocka_unit_test(late_will_gives_worker_one_interval_to_show_itself),
        cmocka_unit_test(redis_killed_and_back_fails_nobody),
        cmocka_unit_test(stalled_redis_fails_nobody),
        cmocka_unit_test(sleeping_redis_fails_nobody),
        cmocka_unit_test(stalled_daemon_fails_nobody),
        cmocka_unit_test(stalled_broker_fails_nobody),
        cmocka_unit_test(broker_killed_and_back_fails_nobody),
    };
    return cmocka_run_group_tests_name("e2e/restart", tests, setup, teardown);
}

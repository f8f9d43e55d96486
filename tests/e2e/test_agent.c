/* test_agent.c -- muster-agent as a process: how it lives, is killed, is sent away, and comes back by itself. */
#include "e2e/world.h"

#include "support/wait.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENDED_BADLY = 1 };

/* So long that a busy machine cannot bring it about; who goes by it is not noticed within a test's patience. */
#define LONG_TIMEOUT_MS "30000"
static const char *const steady[] = {"--heartbeat-timeout-ms", LONG_TIMEOUT_MS, "--capacity", "10", NULL};
static const char *const with_jobs[] = {
    "--heartbeat-timeout-ms", LONG_TIMEOUT_MS, "--capacity", "10", "--jobs", "2", NULL};

static void start_registered(struct world *world, struct process *agent, const char *id, const char *const *flags)
{
    world_start_agent(world, agent, id, flags);
    world_wait_written(agent, "registered, epoch");
    world_event(world, "registered", id, NULL);
}

static void assert_ends(struct process *agent, int status)
{
    assert_true(process_wait(agent, WORLD_PATIENCE_MS));
    assert_int_equal(process_exit_status(agent), status);
}

static int64_t number_of(struct world *world, const char *id, const char *field)
{
    return strtoll(world_field(world, id, field), NULL, 10);
}

/* Something of a worker that is to grow. */
struct growth {
    struct world *world;
    const char *id;
    const char *field;
    int64_t beyond;
};

static bool has_grown(void *context)
{
    struct growth *growth = context;
    return number_of(growth->world, growth->id, growth->field) > growth->beyond;
}

static void wait_for_growth(struct world *world, const char *id, const char *field, int64_t beyond)
{
    struct growth growth = {world, id, field, beyond};
    if (!wait_until(has_grown, &growth, WORLD_PATIENCE_MS)) {
        fail_msg("%s of %s is %s, not more than %lld", field, id, world_field(world, id, field), (long long)beyond);
    }
}

static void assert_heartbeats_go_on(struct world *world, const char *id)
{
    wait_for_growth(world, id, "heartbeats", number_of(world, id, "heartbeats") + 3);
}

/* In the registry's own record, which has what an observer may have missed. */
static void assert_never(struct world *world, const char *id, const char *type)
{
    char request[256];
    (void)snprintf(request, sizeof request, "{\"workerId\":\"%s\",\"type\":\"%s\"}", id, type);
    assert_like(world_ask(world, "request/op/events", "client/op", request), "{\"code\":\"ok\",\"events\":[]}");
}

/* The first of the group: there is no daemon before it. */
static void agent_before_daemon_registers_once_daemon_is_there(void **state)
{
    struct world *world = *state;
    struct process agent = {0};
    world_start_agent(world, &agent, "early", steady);
    world_wait_written(&agent, "registering");
    world_start_daemon(world, 0, NULL);
    world_wait_listening(world, 0);
    world_event(world, "registered", "early", NULL);
    world_wait_written(&agent, "registered, epoch");
    assert_heartbeats_go_on(world, "early");
    process_stop(&agent, SIGTERM);
}

static double memory_in_use(void)
{
    char line[256];
    double total = 0;
    double available = 0;
    FILE *stream = fopen("/proc/meminfo", "re");
    assert_non_null(stream);
    while (fgets(line, sizeof line, stream) != NULL) {
        if (strncmp(line, "MemTotal:", 9) == 0) {
            total = strtod(line + 9, NULL);
        } else if (strncmp(line, "MemAvailable:", 13) == 0) {
            available = strtod(line + 13, NULL);
        }
    }
    (void)fclose(stream);
    assert_true(total > 0);
    return 100 * (1 - available / total);
}

/* Keeps one processor busy while it waits. */
static bool sees_load_while_busy(struct world *world, const char *id)
{
    int64_t deadline_ms = clock_monotonic_ms() + WORLD_PATIENCE_MS;
    while (clock_monotonic_ms() < deadline_ms) {
        double percent = strtod(world_field(world, id, "cpuUsage"), NULL);
        assert_true(percent >= 0 && percent <= 100);
        if (percent > 0) {
            return true;
        }
    }
    return false;
}

static void agent_registers_and_tells_load_of_this_host(void **state)
{
    struct world *world = *state;
    struct process agent = {0};
    start_registered(world, &agent, "load", steady);
    world_status(world, "load",
                 "{\"status\":\"ACTIVE\",\"health\":\"HEALTHY\",\"name\":\"load\",\"maxConcurrentJobs\":10}");
    assert_heartbeats_go_on(world, "load");
    assert_true(sees_load_while_busy(world, "load"));
    double memory = strtod(world_field(world, "load", "memoryUsage"), NULL);
    double expected = memory_in_use();
    assert_true(memory > 0 && memory <= 100);
    assert_true(memory > expected - 25 && memory < expected + 25);
    process_stop(&agent, SIGTERM);
}

struct absence {
    struct world *world;
    const char *id;
};

static bool has_no_record(void *context)
{
    const struct absence *absence = context;
    return redis_integer(absence->world->store, "EXISTS muster:{0}:worker:%s", absence->id) == 0;
}

static void assert_leaves_nothing(struct world *world, const char *id)
{
    struct absence absence = {world, id};
    assert_true(wait_until(has_no_record, &absence, WORLD_PATIENCE_MS));
    assert_nothing_left(world, id);
}

static void killed_agent_is_unhealthy_by_will_at_once_then_failed_and_gone(void **state)
{
    struct world *world = *state;
    struct process agent = {0};
    start_registered(world, &agent, "killed", with_jobs);
    assert_heartbeats_go_on(world, "killed");
    process_stop(&agent, SIGKILL);
    const struct record *event = world_event(world, "unhealthy", "killed",
                                             "{\"reason\":\"connection_lost\",\"evidence\":{\"foundBy\":\"will\"}}");
    assert_true(world_number(event, "at") - world_number(event, "evidence.lastHeartbeatAt") <
                strtoll(LONG_TIMEOUT_MS, NULL, 10) / 2);
    world_event(world, "failed", "killed",
                "{\"reason\":\"connection_lost\",\"orphanedJobs\":[\"killed-job-1\",\"killed-job-2\"],"
                "\"to\":{\"status\":\"ERROR\",\"health\":\"FAILED\"}}");
    world_event(world, "cleaned_up", "killed", "{\"to\":{\"status\":\"INACTIVE\"}}");
    world_status(world, "killed", "");
    assert_leaves_nothing(world, "killed");
}

static void terminated_agent_deregisters_and_exits_0(void **state)
{
    struct world *world = *state;
    struct process agent = {0};
    start_registered(world, &agent, "leaves", steady);
    process_signal(&agent, SIGTERM);
    assert_ends(&agent, EXIT_SUCCESS);
    world_event(world, "deregistered", "leaves", "{\"reason\":\"worker\",\"to\":{\"status\":\"INACTIVE\"}}");
    world_status(world, "leaves", "");
    assert_leaves_nothing(world, "leaves");
    assert_never(world, "leaves", "unhealthy");
}

static void interrupted_agent_with_jobs_leaves_them_orphaned_and_exits_0(void **state)
{
    struct world *world = *state;
    struct process agent = {0};
    start_registered(world, &agent, "leaves-jobs", with_jobs);
    assert_heartbeats_go_on(world, "leaves-jobs");
    process_signal(&agent, SIGINT);
    assert_ends(&agent, EXIT_SUCCESS);
    world_event(world, "deregistered", "leaves-jobs",
                "{\"orphanedJobs\":[\"leaves-jobs-job-1\",\"leaves-jobs-job-2\"],\"orphanedJobCount\":2}");
}

static void agent_registers_again_with_greater_epoch_when_redis_has_forgotten(void **state)
{
    struct world *world = *state;
    struct process agent = {0};
    start_registered(world, &agent, "forgotten", steady);
    int64_t epoch = number_of(world, "forgotten", "epoch");
    assert_true(epoch > 0);
    assert_string_equal(redis_text(world->store, "FLUSHALL"), "OK");
    wait_for_growth(world, "forgotten", "epoch", epoch);
    assert_string_equal(world_field(world, "forgotten", "health"), "HEALTHY");
    world_wait_written(&agent, "unknown_worker");
    assert_heartbeats_go_on(world, "forgotten");
    assert_true(process_is_running(&agent));
    process_stop(&agent, SIGTERM);
}

static void second_process_supersedes_first_which_exits_1_and_says_why(void **state)
{
    struct world *world = *state;
    struct process first = {0};
    struct process second = {0};
    start_registered(world, &first, "twice", steady);
    start_registered(world, &second, "twice", steady);
    world_event(world, "registered", "twice", "{\"reason\":\"takeover\"}");
    assert_ends(&first, ENDED_BADLY);
    world_wait_written(&first, "superseded");
    assert_heartbeats_go_on(world, "twice");
    assert_string_equal(world_field(world, "twice", "health"), "HEALTHY");
    assert_true(process_is_running(&second));
    assert_never(world, "twice", "unhealthy");
    assert_never(world, "twice", "deregistered");
    process_stop(&second, SIGTERM);
}

static void late_will_of_superseded_process_is_nothing(void **state)
{
    struct world *world = *state;
    struct process first = {0};
    struct process second = {0};
    start_registered(world, &first, "late-will", steady);
    process_signal(&first, SIGSTOP);
    start_registered(world, &second, "late-will", steady);
    world_event(world, "registered", "late-will", "{\"reason\":\"takeover\"}");
    process_stop(&first, SIGKILL);
    assert_true(recorder_stays_silent(world->observer, "muster/v1/event/unhealthy/late-will", NULL, WORLD_TIMEOUT_MS));
    assert_heartbeats_go_on(world, "late-will");
    assert_never(world, "late-will", "unhealthy");
    assert_true(process_is_running(&second));
    process_stop(&second, SIGKILL);
    world_event(world, "unhealthy", "late-will", "{\"reason\":\"connection_lost\"}");
}

static void agent_sent_away_by_operator_exits_1_and_says_why(void **state)
{
    struct world *world = *state;
    struct process agent = {0};
    start_registered(world, &agent, "sent-away", with_jobs);
    assert_heartbeats_go_on(world, "sent-away");
    assert_like(world_ask(world, "request/op/force-deregister", "client/op", "{\"workerId\":\"sent-away\"}"),
                "{\"success\":true,\"code\":\"ok\"}");
    assert_ends(&agent, ENDED_BADLY);
    world_wait_written(&agent, "deregistered");
    world_event(world, "deregistered", "sent-away",
                "{\"reason\":\"operator\",\"orphanedJobCount\":2,\"to\":{\"status\":\"INACTIVE\"}}");
    assert_leaves_nothing(world, "sent-away");
}

static void draining_agent_goes_on_until_jobs_are_done_and_exits_0(void **state)
{
    struct world *world = *state;
    struct process agent = {0};
    start_registered(world, &agent, "drained", with_jobs);
    assert_heartbeats_go_on(world, "drained");
    assert_like(world_ask(world, "request/op/deregister", "client/op", "{\"workerId\":\"drained\",\"drain\":true}"),
                "{\"success\":true,\"code\":\"ok\"}");
    world_event(world, "draining", "drained", "{\"reason\":\"operator\",\"to\":{\"status\":\"DRAINING\"}}");
    assert_heartbeats_go_on(world, "drained");
    assert_string_equal(world_field(world, "drained", "status"), "DRAINING");
    world_tell(world, "command/drained", "{\"command\":\"drain\"}");
    world_event(world, "deregistered", "drained", "{\"to\":{\"status\":\"INACTIVE\"}}");
    assert_ends(&agent, EXIT_SUCCESS);
}

static void invalid_agent_exits_1_with_the_registrys_sentence(void **state)
{
    struct world *world = *state;
    static const char *const flags[] = {"--capacity", "101", NULL};
    struct process agent = {0};
    world_start_agent(world, &agent, "too-much", flags);
    assert_ends(&agent, ENDED_BADLY);
    world_wait_written(&agent, "Max concurrent jobs cannot exceed 100");
    world_wait_written(&agent, "validation_failed");
    assert_int_equal(redis_integer(world->store, "EXISTS muster:{0}:worker:too-much muster:{0}:alive:too-much"), 0);
    assert_never(world, "too-much", "registered");
}

static void agent_registers_once_store_answers_again(void **state)
{
    struct world *world = *state;
    struct process agent = {0};
    server_suspend(&world->redis);
    world_start_agent(world, &agent, "patient", steady);
    world_wait_written(&agent, "unavailable");
    assert_true(process_is_running(&agent));
    server_resume(&world->redis);
    world_wait_written(&agent, "registered, epoch");
    world_event(world, "registered", "patient", NULL);
    assert_heartbeats_go_on(world, "patient");
    process_stop(&agent, SIGTERM);
}

static void restart_broker(struct world *world, int signal)
{
    server_stop(&world->broker, signal);
    world_start_broker(world);
    world_observe_again(world);
}

static void agent_comes_back_by_itself(struct world *world, const char *id, int signal)
{
    struct process agent = {0};
    start_registered(world, &agent, id, steady);
    assert_heartbeats_go_on(world, id);
    recorder_mark(world->observer);
    restart_broker(world, signal);
    assert_heartbeats_go_on(world, id);
    assert_true(process_is_running(&agent));
    assert_true(recorder_stays_silent(world->observer, "muster/v1/event/failed/+", NULL, WORLD_TIMEOUT_MS));
    assert_never(world, id, "failed");
    assert_string_not_equal(world_field(world, id, "health"), "FAILED");
    process_signal(&agent, SIGTERM);
    assert_ends(&agent, EXIT_SUCCESS);
    world_event(world, "deregistered", id, NULL);
}

static void agent_comes_back_by_itself_after_broker_has_restarted(void **state)
{
    agent_comes_back_by_itself(*state, "returns-1", SIGTERM);
}

static void agent_comes_back_by_itself_after_broker_was_killed(void **state)
{
    agent_comes_back_by_itself(*state, "returns-2", SIGKILL);
}

static int begin(void **state)
{
    static struct world world;
    world_begin(&world, NULL, NULL);
    *state = &world;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agent_before_daemon_registers_once_daemon_is_there),
        cmocka_unit_test(agent_registers_and_tells_load_of_this_host),
        cmocka_unit_test(killed_agent_is_unhealthy_by_will_at_once_then_failed_and_gone),
        cmocka_unit_test(terminated_agent_deregisters_and_exits_0),
        cmocka_unit_test(interrupted_agent_with_jobs_leaves_them_orphaned_and_exits_0),
        cmocka_unit_test(agent_registers_again_with_greater_epoch_when_redis_has_forgotten),
        cmocka_unit_test(second_process_supersedes_first_which_exits_1_and_says_why),
        cmocka_unit_test(late_will_of_superseded_process_is_nothing),
        cmocka_unit_test(agent_sent_away_by_operator_exits_1_and_says_why),
        cmocka_unit_test(draining_agent_goes_on_until_jobs_are_done_and_exits_0),
        cmocka_unit_test(invalid_agent_exits_1_with_the_registrys_sentence),
        cmocka_unit_test(agent_registers_once_store_answers_again),
        cmocka_unit_test(agent_comes_back_by_itself_after_broker_has_restarted),
        cmocka_unit_test(agent_comes_back_by_itself_after_broker_was_killed),
    };
    return cmocka_run_group_tests_name("e2e/agent", tests, begin, world_teardown);
}

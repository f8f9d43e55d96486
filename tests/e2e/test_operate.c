/* test_operate.c -- what operators do to workers, jobs that two workers hold, and what the audit trail says of it all.
 */
#include "e2e/world.h"

#include "support/match.h"
#include "support/wait.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 45 };

static const char *request(struct world *world, const char *verb, const char *payload)
{
    char topic[128];
    (void)snprintf(topic, sizeof topic, "request/ann/%s", verb);
    return world_ask(world, topic, "client/ann", payload);
}

static void beat(struct world *world, const char *id, const char *payload)
{
    char topic[128];
    char reply_of[128];
    (void)snprintf(topic, sizeof topic, "worker/%s/heartbeat", id);
    (void)snprintf(reply_of, sizeof reply_of, "worker/%s", id);
    assert_like(world_ask(world, topic, reply_of, payload), "{\"code\":\"ok\"}");
}

static size_t events_of(struct world *world, const char *type, const char *id)
{
    char topic[160];
    (void)snprintf(topic, sizeof topic, "muster/v1/event/%s/%s", type, id);
    return recorder_count(world->observer, topic, NULL);
}

/* Everything that happens to time happens late, or not at all. */
static int set_up_patient(void **state)
{
    static struct world world;
    static const char *const settings[] = {"health.check_interval_ms=600000", "worker.heartbeat_timeout_ms=60000",
                                           "worker.archive_seconds=3600", "brake.min_workers=100000", NULL};
    world_open(&world, settings);
    *state = &world;
    return 0;
}

/* Who is silent has failed soon, and stays so; good heartbeats alone are not enough to recover. */
static int set_up_failing(void **state)
{
    static struct world world;
    static const char *const settings[] = {"health.check_interval_ms=200",
                                           "health.max_consecutive_failures=2",
                                           "health.auto_recovery=false",
                                           "health.cleanup_threshold_ms=600000",
                                           "worker.heartbeat_timeout_ms=60000",
                                           "brake.min_workers=100000",
                                           NULL};
    world_open(&world, settings);
    *state = &world;
    return 0;
}

/* ---------------------------------------------------------------------------------------- recover */

static void recover_makes_silent_worker_recovered_and_gives_it_a_whole_timeout(void **state)
{
    struct world *world = *state;
    world_register(world, "rec-1", "\"heartbeatTimeoutMs\":400");
    world_event(world, "unhealthy", "rec-1", "{\"reason\":\"heartbeat_timeout\"}");
    assert_like(request(world, "recover", "{\"workerId\":\"rec-1\",\"reason\":\"cable mended\"}"),
                "{\"success\":true,\"code\":\"ok\",\"workerId\":\"rec-1\",\"message\":\"Worker recovered\","
                "\"worker\":{\"health\":\"RECOVERED\",\"consecutiveFailures\":0}}");
    const struct record *recovered =
        world_event(world, "recovered", "rec-1",
                    "{\"reason\":\"operator\",\"by\":\"ann\",\"message\":\"cable mended\","
                    "\"from\":{\"health\":\"UNHEALTHY\"},\"to\":{\"health\":\"RECOVERED\"}}");
    recorder_mark(world->observer);
    const struct record *again = world_event(world, "unhealthy", "rec-1", "{\"reason\":\"heartbeat_timeout\"}");
    assert_true(world_number(again, "at") - world_number(recovered, "at") >= 400);
}

static void recover_where_nothing_is_to_recover_is_refused(void **state)
{
    struct world *world = *state;
    world_register(world, "rec-2", "");
    assert_like(request(world, "recover", "{\"workerId\":\"rec-2\"}"),
                "{\"success\":false,\"code\":\"forbidden\","
                "\"message\":\"Worker is HEALTHY with status ACTIVE: there is nothing to recover\"}");
    assert_string_equal(world_field(world, "rec-2", "revision"), "1");
}

static void operations_on_unknown_worker_are_not_found(void **state)
{
    struct world *world = *state;
    static const char *const verbs[] = {"recover", "drain", "maintain", "resume", "forget", "cleanup"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        assert_like(request(world, verbs[i], "{\"workerId\":\"nobody\"}"),
                    "{\"success\":false,\"code\":\"not_found\",\"message\":\"Worker not registered\"}");
    }
}

static void operations_without_worker_id_name_it(void **state)
{
    struct world *world = *state;
    static const char *const verbs[] = {"recover", "drain", "maintain", "resume", "forget"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        assert_like(request(world, verbs[i], "{}"),
                    "{\"code\":\"validation_failed\",\"message\":\"Worker ID is required\"}");
    }
}

static void operations_on_worker_that_has_left_are_refused(void **state)
{
    struct world *world = *state;
    static const char *const verbs[] = {"recover", "maintain", "resume", "cleanup"};
    world_register(world, "left-1", "");
    (void)world_ask(world, "worker/left-1/deregister", "worker/left-1", "{}");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        assert_like(request(world, verbs[i], "{\"workerId\":\"left-1\"}"),
                    "{\"success\":false,\"code\":\"deregistered\",\"message\":\"Worker has left\"}");
    }
}

/* ---------------------------------------------------------------------------------------- maintain and resume */

static void maintain_holds_status_whatever_heartbeats_say_until_resume(void **state)
{
    struct world *world = *state;
    world_register(world, "main-1", "\"bootId\":\"b1\"");
    assert_like(request(world, "maintain", "{\"workerId\":\"main-1\",\"reason\":\"new disk\"}"),
                "{\"code\":\"ok\",\"worker\":{\"status\":\"MAINTENANCE\"}}");
    world_event(world, "status", "main-1",
                "{\"reason\":\"operator\",\"by\":\"ann\",\"message\":\"new disk\","
                "\"from\":{\"status\":\"ACTIVE\"},\"to\":{\"status\":\"MAINTENANCE\"}}");
    assert_like(request(world, "maintain", "{\"workerId\":\"main-1\"}"), "{\"code\":\"ok\"}");
    beat(world, "main-1", "{\"bootId\":\"b1\",\"status\":\"BUSY\",\"currentJobCount\":1}");
    assert_string_equal(world_field(world, "main-1", "status"), "MAINTENANCE");
    world_register(world, "main-1", "\"bootId\":\"b2\"");
    assert_string_equal(world_field(world, "main-1", "status"), "MAINTENANCE");
    beat(world, "main-1", "{\"bootId\":\"b2\",\"status\":\"IDLE\"}");
    assert_int_equal(redis_integer(world->store, "SISMEMBER muster:{0}:status:MAINTENANCE main-1"), 1);
    assert_like(request(world, "resume", "{\"workerId\":\"main-1\"}"), "{\"code\":\"ok\"}");
    world_event(
        world, "status", "main-1",
        "{\"reason\":\"operator\",\"by\":\"ann\",\"from\":{\"status\":\"MAINTENANCE\"},\"to\":{\"status\":\"IDLE\"}}");
    assert_like(request(world, "resume", "{\"workerId\":\"main-1\"}"), "{\"code\":\"ok\"}");
    world_status(world, "main-1", "{\"status\":\"IDLE\"}");
    assert_int_equal(events_of(world, "status", "main-1"), 2);
}

static void maintained_worker_that_drains_shows_maintenance_and_leaves(void **state)
{
    struct world *world = *state;
    world_register(world, "main-2", "");
    beat(world, "main-2", "{\"status\":\"BUSY\",\"currentJobCount\":1}");
    (void)request(world, "maintain", "{\"workerId\":\"main-2\"}");
    assert_like(request(world, "drain", "{\"workerId\":\"main-2\"}"), "{\"code\":\"ok\"}");
    assert_string_equal(world_field(world, "main-2", "status"), "MAINTENANCE");
    (void)request(world, "resume", "{\"workerId\":\"main-2\"}");
    assert_string_equal(world_field(world, "main-2", "status"), "DRAINING");
    world_heartbeat(world, "main-2", "{\"currentJobCount\":0}");
    world_event(world, "deregistered", "main-2", "{\"reason\":\"operator\"}");
}

/* ---------------------------------------------------------------------------------------- drain and forget */

static void drain_of_busy_worker_commands_it_and_waits_for_its_jobs(void **state)
{
    struct world *world = *state;
    world_register(world, "drain-1", "");
    beat(world, "drain-1", "{\"status\":\"BUSY\",\"currentJobCount\":2}");
    assert_like(request(world, "drain", "{\"workerId\":\"drain-1\",\"reason\":\"too old\"}"),
                "{\"code\":\"ok\",\"message\":\"Worker is draining: 2 active jobs\"}");
    world_event(world, "draining", "drain-1",
                "{\"reason\":\"operator\",\"by\":\"ann\",\"message\":\"too old\",\"to\":{\"status\":\"DRAINING\"}}");
    assert_non_null(recorder_wait(world->observer, "muster/v1/command/drain-1",
                                  "{\"command\":\"drain\",\"by\":\"ann\"}", WORLD_PATIENCE_MS));
    world_heartbeat(world, "drain-1", "{\"currentJobCount\":0}");
    world_event(world, "deregistered", "drain-1", "{\"reason\":\"operator\"}");
}

static void drain_of_idle_worker_lets_it_go_at_once(void **state)
{
    struct world *world = *state;
    world_register(world, "drain-2", "");
    assert_like(request(world, "drain", "{\"workerId\":\"drain-2\"}"), "{\"code\":\"ok\"}");
    world_event(world, "deregistered", "drain-2", "{\"reason\":\"operator\",\"by\":\"ann\"}");
    assert_like(world_ask(world, "worker/drain-2/heartbeat", "worker/drain-2", ""), "{\"code\":\"deregistered\"}");
}

static void forget_removes_archived_record_and_refuses_live_worker(void **state)
{
    struct world *world = *state;
    world_register(world, "forget-1", "\"tags\":[\"t\"]");
    assert_like(request(world, "forget", "{\"workerId\":\"forget-1\"}"),
                "{\"code\":\"forbidden\","
                "\"message\":\"Worker is HEALTHY with status ACTIVE: only a worker that has left can be forgotten\"}");
    (void)world_ask(world, "worker/forget-1/deregister", "worker/forget-1", "{}");
    world_status(world, "forget-1", "");
    recorder_mark(world->observer);
    assert_like(request(world, "forget", "{\"workerId\":\"forget-1\",\"reason\":\"sold\"}"),
                "{\"code\":\"ok\",\"message\":\"Worker forgotten\"}");
    assert_nothing_left(world, "forget-1");
    world_status(world, "forget-1", "");
    assert_like(request(world, "status", "{\"workerId\":\"forget-1\"}"), "{\"code\":\"not_found\"}");
    assert_like(request(world, "forget", "{\"workerId\":\"forget-1\"}"), "{\"code\":\"not_found\"}");
    const char *events = request(world, "events", "{\"type\":\"forgotten\",\"workerId\":\"forget-1\"}");
    assert_non_null(strstr(events, "\"by\":\"ann\""));
    assert_non_null(strstr(events, "\"message\":\"sold\""));
    assert_int_equal(events_of(world, "forgotten", "forget-1"), 0);
}

/* ---------------------------------------------------------------------------------------- jobs that two hold */

static void handed_over_job_is_no_contradiction(void **state)
{
    struct world *world = *state;
    world_register(world, "job-1", "");
    world_register(world, "job-2", "");
    beat(world, "job-1", "{\"jobs\":[\"handed\"]}");
    beat(world, "job-2", "{\"jobs\":[\"handed\"]}");
    beat(world, "job-1", "{\"jobs\":[\"handed\"]}");
    beat(world, "job-1", "{\"jobs\":[]}");
    beat(world, "job-2", "{\"jobs\":[\"handed\"]}");
    beat(world, "job-2", "{\"jobs\":[\"handed\"]}");
    assert_string_equal(world_field(world, "job-1", "health"), "HEALTHY");
    assert_string_equal(world_field(world, "job-2", "health"), "HEALTHY");
    assert_string_equal(redis_text(world->store, "HGET muster:{0}:jobs handed"), "job-2");
}

static void job_that_two_keep_naming_makes_both_unhealthy_until_one_lets_go(void **state)
{
    struct world *world = *state;
    world_register(world, "job-3", "");
    world_register(world, "job-4", "");
    beat(world, "job-3", "{\"jobs\":[\"twice \\\"x\\\"\",\"own-3\"]}");
    beat(world, "job-4", "{\"jobs\":[\"twice \\\"x\\\"\"]}");
    beat(world, "job-3", "{\"jobs\":[\"twice \\\"x\\\"\",\"own-3\"]}");
    assert_string_equal(world_field(world, "job-3", "health"), "HEALTHY");
    beat(world, "job-4", "{\"jobs\":[\"twice \\\"x\\\"\"]}");
    world_event(world, "unhealthy", "job-4",
                "{\"reason\":\"jobs_inconsistent\",\"evidence\":{\"foundBy\":\"heartbeat\",\"heldBy\":\"job-3\"}}");
    beat(world, "job-3", "{\"jobs\":[\"twice \\\"x\\\"\",\"own-3\"]}");
    world_event(world, "unhealthy", "job-3",
                "{\"reason\":\"jobs_inconsistent\",\"evidence\":{\"job\":\"twice \\\"x\\\"\",\"heldBy\":\"job-4\"}}");
    beat(world, "job-4", "");
    assert_string_equal(world_field(world, "job-4", "health"), "UNHEALTHY");
    beat(world, "job-3", "{\"jobs\":[\"own-3\"]}");
    world_event(world, "recovered", "job-3", NULL);
    beat(world, "job-4", "");
    world_event(world, "recovered", "job-4", NULL);
    assert_string_equal(world_field(world, "job-4", "disputed"), "");
}

static void jobs_of_worker_that_leaves_are_free_for_others(void **state)
{
    struct world *world = *state;
    world_register(world, "job-5", "\"bootId\":\"b1\"");
    beat(world, "job-5", "{\"bootId\":\"b1\",\"jobs\":[\"free-1\",\"free-2\"]}");
    world_register(world, "job-5", "\"bootId\":\"b2\"");
    assert_int_equal(redis_integer(world->store, "HEXISTS muster:{0}:jobs free-1"), 0);
    beat(world, "job-5", "{\"bootId\":\"b2\",\"jobs\":[\"free-2\"]}");
    assert_string_equal(redis_text(world->store, "HGET muster:{0}:jobs free-2"), "job-5");
    (void)world_ask(world, "worker/job-5/deregister", "worker/job-5", "{\"bootId\":\"b2\",\"forceDeregister\":true}");
    assert_int_equal(redis_integer(world->store, "HEXISTS muster:{0}:jobs free-2"), 0);
}

/* ---------------------------------------------------------------------------------------- audit */

static size_t refused_of(struct world *world, const char *id, const char *fragment)
{
    char payload[160];
    (void)snprintf(payload, sizeof payload, "{\"type\":\"refused\",\"workerId\":\"%s\",\"limit\":100}", id);
    json_t *reply = json_loads(request(world, "events", payload), 0, NULL);
    size_t found = 0;
    const json_t *events = json_object_get(reply, "events");
    for (size_t i = 0; i < json_array_size(events); i++) {
        char *event = json_dumps(json_array_get(events, i), JSON_COMPACT);
        found += strstr(event, fragment) != NULL;
        free(event);
    }
    json_decref(reply);
    return found;
}

static void refused_registrations_are_in_the_audit_trail_and_are_no_events(void **state)
{
    struct world *world = *state;
    world_register(world, "audit-1", "\"bootId\":\"b1\"");
    for (int i = 0; i < 5; i++) {
        (void)world_ask(world, "worker/audit-1/register", "worker/audit-1", "{\"name\":\"\",\"maxConcurrentJobs\":0}");
    }
    assert_int_equal(refused_of(world, "audit-1",
                                "\"code\":\"validation_failed\",\"message\":\"Worker name is required; Max concurrent "
                                "jobs must be positive\""),
                     3);
    assert_int_equal(refused_of(world, "audit-1", "rate_limited"), 0);
    assert_string_equal(world_field(world, "audit-1", "revision"), "1");
    assert_int_equal(events_of(world, "refused", "audit-1"), 0);
    (void)request(world, "force-deregister", "{\"workerId\":\"audit-1\"}");
    world_event(world, "deregistered", "audit-1", "{\"revision\":2,\"by\":\"ann\"}");
}

static void undecodable_registrations_are_noted_once_a_minute(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 4; i++) {
        assert_like(world_ask(world, "worker/audit-2/register", "worker/audit-2", "{\"name\":1}"),
                    "{\"code\":\"invalid_payload\"}");
    }
    assert_int_equal(refused_of(world, "audit-2", "\"code\":\"invalid_payload\""), 1);
    (void)world_ask(world, "worker/audit-3/register", "worker/audit-3",
                    "{\"workerId\":\"audit-4\",\"name\":\"n\",\"maxConcurrentJobs\":1}");
    assert_int_equal(refused_of(world, "audit-3", "\"code\":\"identity_mismatch\""), 1);
    assert_int_equal(refused_of(world, "audit-4", "refused"), 0);
}

static void registration_by_operator_says_who(void **state)
{
    struct world *world = *state;
    assert_like(request(world, "register", "{\"workerId\":\"audit-5\",\"name\":\"n\",\"maxConcurrentJobs\":1}"),
                "{\"code\":\"ok\"}");
    world_event(world, "registered", "audit-5", "{\"by\":\"ann\"}");
    (void)request(world, "register", "{\"workerId\":\"audit-6\",\"name\":\"n\",\"maxConcurrentJobs\":-1}");
    assert_int_equal(refused_of(world, "audit-6", "\"by\":\"ann\""), 1);
}

/* ---------------------------------------------------------------------------------------- a world of failures */

static void good_heartbeats_do_not_recover_without_auto_recovery_but_recover_does(void **state)
{
    struct world *world = *state;
    world_register(world, "auto-1", "");
    beat(world, "auto-1", "{\"status\":\"IDLE\",\"currentJobCount\":1}");
    world_event(world, "unhealthy", "auto-1", "{\"reason\":\"status_inconsistent\"}");
    beat(world, "auto-1", "{\"status\":\"BUSY\",\"currentJobCount\":1}");
    beat(world, "auto-1", "");
    assert_string_equal(world_field(world, "auto-1", "health"), "UNHEALTHY");
    assert_like(request(world, "recover", "{\"workerId\":\"auto-1\"}"),
                "{\"code\":\"ok\",\"worker\":{\"health\":\"RECOVERED\",\"status\":\"BUSY\"}}");
    beat(world, "auto-1", "");
    world_event(world, "healthy", "auto-1", NULL);
}

static void failed_worker_waits_for_recover_without_auto_recovery(void **state)
{
    struct world *world = *state;
    world_register(world, "auto-2", "\"heartbeatTimeoutMs\":200");
    const struct record *failed = world_event(world, "failed", "auto-2", NULL);
    char epoch[64];
    (void)snprintf(epoch, sizeof epoch, "{\"epoch\":%lld}", (long long)world_number(failed, "epoch"));
    beat(world, "auto-2", epoch);
    beat(world, "auto-2", epoch);
    assert_string_equal(world_field(world, "auto-2", "health"), "FAILED");
    assert_string_equal(world_field(world, "auto-2", "status"), "ERROR");
    assert_like(request(world, "recover", "{\"workerId\":\"auto-2\"}"),
                "{\"code\":\"ok\",\"worker\":{\"health\":\"RECOVERED\",\"status\":\"ACTIVE\"}}");
    world_event(world, "recovered", "auto-2",
                "{\"reason\":\"operator\",\"from\":{\"status\":\"ERROR\",\"health\":\"FAILED\"}}");
    (void)request(world, "force-deregister", "{\"workerId\":\"auto-2\"}");
}

static bool all_have_failed(void *context)
{
    struct world *world = context;
    return redis_integer(world->store, "SCARD muster:{0}:health:FAILED") >= MANY;
}

static void cleanup_of_one_worker_asks_for_its_failure(void **state)
{
    struct world *world = *state;
    world_register(world, "clean-1", "");
    assert_like(request(world, "cleanup", "{\"workerId\":\"clean-1\"}"),
                "{\"code\":\"forbidden\","
                "\"message\":\"Worker is HEALTHY with status ACTIVE: only a FAILED worker can be cleaned up\"}");
    world_register(world, "clean-2", "\"heartbeatTimeoutMs\":200");
    world_event(world, "failed", "clean-2", NULL);
    assert_like(request(world, "cleanup", "{\"workerId\":\"clean-2\",\"reason\":\"burnt\"}"),
                "{\"code\":\"ok\",\"cleanedUp\":1,\"worker\":{\"status\":\"INACTIVE\"}}");
    world_event(world, "cleaned_up", "clean-2", "{\"reason\":\"operator\",\"by\":\"ann\",\"message\":\"burnt\"}");
    assert_like(world_ask(world, "worker/clean-2/heartbeat", "worker/clean-2", ""), "{\"code\":\"unknown_worker\"}");
}

static void cleanup_of_all_takes_every_failed_worker_in_one_request(void **state)
{
    struct world *world = *state;
    char id[32];
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(id, sizeof id, "many-%d", i);
        world_register(world, id, "\"heartbeatTimeoutMs\":200");
    }
    assert_true(wait_until(all_have_failed, world, WORLD_PATIENCE_MS));
    (void)redis_reply(world->store, "SADD muster:{0}:health:FAILED nobody-at-all");
    assert_like(request(world, "cleanup", "{\"reason\":\"spring\"}"),
                "{\"code\":\"ok\",\"cleanedUp\":45,\"message\":\"Cleanup completed: 45 workers cleaned up\"}");
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(id, sizeof id, "many-%d", i);
        world_event(world, "cleaned_up", id, "{\"reason\":\"operator\",\"by\":\"ann\",\"message\":\"spring\"}");
    }
    assert_int_equal(redis_integer(world->store, "SCARD muster:{0}:health:FAILED"), 0);
    assert_like(request(world, "cleanup", "{}"), "{\"code\":\"ok\",\"cleanedUp\":0}");
}

int main(void)
{
    const struct CMUnitTest patient[] = {
        cmocka_unit_test(recover_makes_silent_worker_recovered_and_gives_it_a_whole_timeout),
        cmocka_unit_test(recover_where_nothing_is_to_recover_is_refused),
        cmocka_unit_test(operations_on_unknown_worker_are_not_found),
        cmocka_unit_test(operations_without_worker_id_name_it),
        cmocka_unit_test(operations_on_worker_that_has_left_are_refused),
        cmocka_unit_test(maintain_holds_status_whatever_heartbeats_say_until_resume),
        cmocka_unit_test(maintained_worker_that_drains_shows_maintenance_and_leaves),
        cmocka_unit_test(drain_of_busy_worker_commands_it_and_waits_for_its_jobs),
        cmocka_unit_test(drain_of_idle_worker_lets_it_go_at_once),
        cmocka_unit_test(forget_removes_archived_record_and_refuses_live_worker),
        cmocka_unit_test(handed_over_job_is_no_contradiction),
        cmocka_unit_test(job_that_two_keep_naming_makes_both_unhealthy_until_one_lets_go),
        cmocka_unit_test(jobs_of_worker_that_leaves_are_free_for_others),
        cmocka_unit_test(refused_registrations_are_in_the_audit_trail_and_are_no_events),
        cmocka_unit_test(undecodable_registrations_are_noted_once_a_minute),
        cmocka_unit_test(registration_by_operator_says_who),
    };
    const struct CMUnitTest failing[] = {
        cmocka_unit_test(good_heartbeats_do_not_recover_without_auto_recovery_but_recover_does),
        cmocka_unit_test(failed_worker_waits_for_recover_without_auto_recovery),
        cmocka_unit_test(cleanup_of_one_worker_asks_for_its_failure),
        cmocka_unit_test(cleanup_of_all_takes_every_failed_worker_in_one_request),
    };
    int failed = cmocka_run_group_tests_name("e2e/operate", patient, set_up_patient, world_teardown);
    return failed + cmocka_run_group_tests_name("e2e/operate failing", failing, set_up_failing, world_teardown);
}

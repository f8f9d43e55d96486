/* test_admission.c -- many workers at once: let in at a bounded rate, the others told when to come again. */
#include "e2e/world.h"

#include "support/wait.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { CROWD = 300, AGENTS = 4, PER_S = 100, WITHIN_MS = 10000, REFUSALS_MAX = 3 };

static int setup(void **state)
{
    static struct world world;
    static const char *const settings[] = {"registration.max_per_s=100", "registration.max_attempts=3",
                                           "worker.heartbeat_timeout_ms=60000", NULL};
    world_open(&world, settings);
    *state = &world;
    return 0;
}

/* Does what the SDK does: asks again when it was told to, with the same words. */
struct applicant {
    char id[32];
    int64_t ask_at_ms; /* 0: asked, and not answered yet */
    size_t answers;
    bool is_in;
};

static void ask(struct world *world, struct applicant *applicant)
{
    char topic[64];
    (void)snprintf(topic, sizeof topic, "worker/%.31s/register", applicant->id);
    world_tell(world, topic, "{\"name\":\"n\",\"maxConcurrentJobs\":1}");
    applicant->ask_at_ms = 0;
}

static void look(struct world *world, struct applicant *applicant)
{
    char topic[96];
    (void)snprintf(topic, sizeof topic, "muster/v1/reply/worker/%.31s", applicant->id);
    if (recorder_count(world->observer, topic, NULL) == applicant->answers) {
        return;
    }
    const struct record *reply = recorder_last(world->observer, topic, NULL);
    applicant->answers++;
    applicant->is_in = strstr(reply->payload, "\"code\":\"ok\"") != NULL;
    if (!applicant->is_in) {
        assert_like(reply->payload, "{\"success\":false,\"code\":\"rate_limited\"}");
        applicant->ask_at_ms = reply->at_ms + world_number(reply, "retryAfterMs");
    }
}

static void crowd_is_let_in_within_the_time_that_the_rate_needs(void **state)
{
    struct world *world = *state;
    static struct applicant crowd[CROWD];
    struct process agents[AGENTS] = {0};
    int64_t begin_ms = clock_monotonic_ms();
    size_t left = CROWD;
    for (int i = 0; i < CROWD; i++) {
        (void)snprintf(crowd[i].id, sizeof crowd[i].id, "c-%d", i);
        ask(world, &crowd[i]);
    }
    for (int i = 0; i < AGENTS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "agent-%d", i);
        world_start_agent(world, &agents[i], id, NULL);
    }
    while (left > 0 && clock_monotonic_ms() - begin_ms < WITHIN_MS) {
        left = 0;
        for (int i = 0; i < CROWD; i++) {
            if (!crowd[i].is_in && crowd[i].ask_at_ms == 0) {
                look(world, &crowd[i]);
            }
            if (crowd[i].ask_at_ms > 0 && clock_monotonic_ms() >= crowd[i].ask_at_ms) {
                ask(world, &crowd[i]);
            }
            left += crowd[i].is_in ? 0 : 1;
        }
        wait_a_step();
    }
    assert_int_equal(left, 0);
    assert_true(clock_monotonic_ms() - begin_ms >= INT64_C(1000) * (CROWD - PER_S) / PER_S);
    for (int i = 0; i < AGENTS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "agent-%d", i);
        world_status(world, id, "{\"status\":\"ACTIVE\"}");
        process_stop(&agents[i], SIGTERM);
    }
    assert_false(redis_has_keys(world->store, "muster:{0}:attempts:*"));
}

/* More refusals for the rate than attempts are allowed, and the worker may still register. */
static void refusal_for_the_rate_is_no_failed_attempt(void **state)
{
    struct world *world = *state;
    size_t refused = 0;
    for (int i = 0; refused <= REFUSALS_MAX && i < 50 * PER_S; i++) {
        world_tell(world, "worker/eager/register", "{\"name\":\"n\",\"maxConcurrentJobs\":1}");
        refused = recorder_count(world->observer, "muster/v1/reply/worker/eager", "{\"code\":\"rate_limited\"}");
    }
    assert_true(refused > REFUSALS_MAX);
    assert_int_equal(redis_integer(world->store, "EXISTS muster:{0}:attempts:eager"), 0);
    int64_t end_ms = clock_monotonic_ms() + WITHIN_MS;
    const char *reply = NULL;
    do {
        assert_true(clock_monotonic_ms() < end_ms);
        reply = world_ask(world, "worker/eager/register", "worker/eager", "{\"name\":\"n\",\"maxConcurrentJobs\":1}");
    } while (strstr(reply, "\"code\":\"ok\"") == NULL);
}

static void heartbeats_are_taken_while_registrations_are_refused(void **state)
{
    struct world *world = *state;
    world_register(world, "steady", "");
    for (int i = 0; i < 4 * PER_S; i++) {
        world_tell(world, "worker/eager/register", "{\"name\":\"n\",\"maxConcurrentJobs\":1}");
        if (i % PER_S == 0) {
            assert_like(world_ask(world, "worker/steady/heartbeat", "worker/steady", ""), "{\"code\":\"ok\"}");
        }
    }
    assert_true(recorder_count(world->observer, "muster/v1/reply/worker/eager", "{\"code\":\"rate_limited\"}") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crowd_is_let_in_within_the_time_that_the_rate_needs),
        cmocka_unit_test(heartbeats_are_taken_while_registrations_are_refused),
        cmocka_unit_test(refusal_for_the_rate_is_no_failed_attempt),
    };
    return cmocka_run_group_tests_name("e2e/admission", tests, setup, world_teardown);
}

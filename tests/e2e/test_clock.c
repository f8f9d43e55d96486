/* test_clock.c -- clocks are set forward and back by an hour: nobody is called missing, and deaths are still noticed.
 */
#include "e2e/world.h"

#include "support/clock_shift.h"
#include "support/wait.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGENTS = 3, HOUR_MS = 3600000, WATCHED_MS = 2500 };

struct clocks {
    struct world world;
    struct clock_shift of_daemons;
    struct clock_shift of_redis;
    struct process agents[AGENTS];
};

static const char *const no_brake[] = {"brake.min_workers=1000", NULL};

static void must(enum err err, const struct fault *fault)
{
    if (err != ERR_OK) {
        fail_msg("%s", fault->text);
    }
}

static int setup(void **state)
{
    static struct clocks clocks;
    struct fault fault = {0};
    memset(&clocks, 0, sizeof clocks);
    must(clock_shift_new(&clocks.of_daemons, &fault), &fault);
    must(clock_shift_new(&clocks.of_redis, &fault), &fault);
    world_begin_with(&clocks.world, NULL, NULL, clocks.of_redis.environment);
    clocks.world.environment = clocks.of_daemons.environment;
    world_start_daemon(&clocks.world, 0, no_brake);
    world_wait_listening(&clocks.world, 0);
    for (int i = 0; i < AGENTS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "steady-%d", i);
        world_start_agent(&clocks.world, &clocks.agents[i], id, NULL);
        world_status(&clocks.world, id, "{\"status\":\"ACTIVE\",\"health\":\"HEALTHY\"}");
    }
    *state = &clocks;
    return 0;
}

static int teardown(void **state)
{
    struct clocks *clocks = *state;
    for (int i = 0; i < AGENTS; i++) {
        process_stop(&clocks->agents[i], SIGKILL);
    }
    world_close(&clocks->world);
    clock_shift_free(&clocks->of_daemons);
    clock_shift_free(&clocks->of_redis);
    return 0;
}

static size_t count_steps_of_steady(struct clocks *clocks)
{
    static const char *const types[] = {"unhealthy", "failed", "cleaned_up"};
    size_t count = 0;
    for (int i = 0; i < AGENTS; i++) {
        for (size_t j = 0; j < sizeof types / sizeof types[0]; j++) {
            char topic[64];
            (void)snprintf(topic, sizeof topic, "muster/v1/event/%s/steady-%d", types[j], i);
            count += recorder_count(clocks->world.observer, topic, NULL);
        }
    }
    return count;
}

static void assert_nobody_is_missing(struct clocks *clocks)
{
    int64_t end_ms = clock_monotonic_ms() + WATCHED_MS;
    while (clock_monotonic_ms() < end_ms) {
        wait_a_step();
    }
    if (count_steps_of_steady(clocks) > 0) {
        recorder_print(clocks->world.observer);
        fail_msg("a worker that kept heartbeating was called unhealthy");
    }
    for (int i = 0; i < AGENTS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "steady-%d", i);
        assert_string_equal(world_field(&clocks->world, id, "health"), "HEALTHY");
    }
}

/* Who dies after the clock was set. */
static void assert_death_is_noticed(struct clocks *clocks, const char *name)
{
    struct process agent = {0};
    char id[64];
    (void)snprintf(id, sizeof id, "after-%s", name);
    world_start_agent(&clocks->world, &agent, id, NULL);
    world_status(&clocks->world, id, "{\"status\":\"ACTIVE\"}");
    process_stop(&agent, SIGKILL);
    world_event(&clocks->world, "unhealthy", id, NULL);
    world_event(&clocks->world, "failed", id, NULL);
    world_event(&clocks->world, "cleaned_up", id, NULL);
}

/* Workers that have fallen silent before: one not noticed yet, one unhealthy, one failed. */
static void begin_dying(struct clocks *clocks, const char *name)
{
    char id[64];
    (void)snprintf(id, sizeof id, "failed-%s", name);
    world_register(&clocks->world, id, "\"heartbeatTimeoutMs\":100");
    world_event(&clocks->world, "failed", id, NULL);
    (void)snprintf(id, sizeof id, "unhealthy-%s", name);
    world_register(&clocks->world, id, "\"heartbeatTimeoutMs\":100");
    world_event(&clocks->world, "unhealthy", id, NULL);
    (void)snprintf(id, sizeof id, "silent-%s", name);
    world_register(&clocks->world, id, "\"heartbeatTimeoutMs\":1000");
}

static void assert_they_die(struct clocks *clocks, const char *name)
{
    static const char *const before[] = {"failed", "unhealthy", "silent"};
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        char id[64];
        (void)snprintf(id, sizeof id, "%s-%s", before[i], name);
        world_event(&clocks->world, "cleaned_up", id, NULL);
    }
}

static void set_clocks(struct clocks *clocks, struct clock_shift *one, struct clock_shift *other, int64_t ahead_ms,
                       const char *name)
{
    begin_dying(clocks, name);
    int64_t epoch = strtoll(world_field(&clocks->world, "steady-0", "epoch"), NULL, 10);
    recorder_mark(clocks->world.observer);
    clock_shift_set(one, ahead_ms);
    if (other != NULL) {
        clock_shift_set(other, ahead_ms);
    }
    assert_nobody_is_missing(clocks);
    assert_they_die(clocks, name);
    assert_death_is_noticed(clocks, name);
    char id[64];
    (void)snprintf(id, sizeof id, "new-%s", name);
    world_register(&clocks->world, id, "");
    assert_true(strtoll(world_field(&clocks->world, id, "epoch"), NULL, 10) > epoch);
}

static void daemon_clock_forward_calls_nobody_missing(void **state)
{
    struct clocks *clocks = *state;
    set_clocks(clocks, &clocks->of_daemons, NULL, HOUR_MS, "1");
}

static void daemon_clock_back_calls_nobody_missing(void **state)
{
    struct clocks *clocks = *state;
    set_clocks(clocks, &clocks->of_daemons, NULL, 0, "2");
}

static void redis_clock_forward_calls_nobody_missing(void **state)
{
    struct clocks *clocks = *state;
    set_clocks(clocks, &clocks->of_redis, NULL, HOUR_MS, "3");
    world_wait_log(&clocks->world, 0, "clock, or this machine's, has been set");
}

static void redis_clock_back_calls_nobody_missing(void **state)
{
    struct clocks *clocks = *state;
    set_clocks(clocks, &clocks->of_redis, NULL, 0, "4");
}

static void clock_of_both_forward_calls_nobody_missing(void **state)
{
    struct clocks *clocks = *state;
    set_clocks(clocks, &clocks->of_redis, &clocks->of_daemons, HOUR_MS, "5");
}

static void clock_of_both_back_calls_nobody_missing(void **state)
{
    struct clocks *clocks = *state;
    set_clocks(clocks, &clocks->of_redis, &clocks->of_daemons, 0, "6");
}

/* Nobody saw the clock go back; the lease that was left behind would last an hour. */
static void redis_clock_back_while_daemon_is_dead_does_not_hold_its_successor_up(void **state)
{
    struct clocks *clocks = *state;
    begin_dying(clocks, "7");
    recorder_mark(clocks->world.observer);
    process_stop(&clocks->world.daemons[0], SIGKILL);
    clock_shift_set(&clocks->of_redis, -HOUR_MS);
    world_start_daemon(&clocks->world, 1, no_brake);
    world_wait_listening(&clocks->world, 1);
    assert_nobody_is_missing(clocks);
    assert_they_die(clocks, "7");
    assert_death_is_noticed(clocks, "7");
}

static void event_ids_and_revisions_grow_all_the_time(void **state)
{
    struct clocks *clocks = *state;
    const redisReply *events = redis_reply(clocks->world.store, "XRANGE muster:{0}:events - +");
    int64_t revision = 0;
    for (size_t i = 0; i < events->elements; i++) {
        const redisReply *fields = events->element[i]->element[1];
        const char *id = "";
        int64_t value = 0;
        for (size_t j = 0; j + 1 < fields->elements; j += 2) {
            id = strcmp(fields->element[j]->str, "workerId") == 0 ? fields->element[j + 1]->str : id;
            value = strcmp(fields->element[j]->str, "revision") == 0 ? strtoll(fields->element[j + 1]->str, NULL, 10)
                                                                     : value;
        }
        if (strcmp(id, "silent-4") == 0) {
            assert_int_equal(value, ++revision);
        }
    }
    assert_true(revision >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(daemon_clock_forward_calls_nobody_missing),
        cmocka_unit_test(daemon_clock_back_calls_nobody_missing),
        cmocka_unit_test(redis_clock_forward_calls_nobody_missing),
        cmocka_unit_test(redis_clock_back_calls_nobody_missing),
        cmocka_unit_test(clock_of_both_forward_calls_nobody_missing),
        cmocka_unit_test(clock_of_both_back_calls_nobody_missing),
        cmocka_unit_test(redis_clock_back_while_daemon_is_dead_does_not_hold_its_successor_up),
        cmocka_unit_test(event_ids_and_revisions_grow_all_the_time),
    };
    return cmocka_run_group_tests_name("e2e/clock", tests, setup, teardown);
}

/*
 * test_sweep.c -- what a sweep sees of those who are due: in one call many who live, and few whose step is to be taken.
 * The index and the keys are made here; there are no workers behind them.
 */
#include "store/expiry.h"
#include "support/store_client.h"
#include "support/store_stand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PART = 100, GRACE_MS = 10000, CALL_MAX = 1000 };

struct rig {
    struct store_stand stand;
    struct store_client sweeper;
    int open; /* calls without their answer */
    size_t seen;
    size_t staying;
    size_t listed;
    bool more;
};

static int start_rig(void **state)
{
    static const struct store_policy policy = {.check_interval_ms = 60000};
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    *state = rig;
    store_stand_open(&rig->stand);
    store_client_open(&rig->sweeper, rig->stand.base, rig->stand.redis.socket_uri, "test");
    store_client_lead(&rig->sweeper, &policy);
    return 0;
}

static int end_rig(void **state)
{
    struct rig *rig = *state;
    store_client_close(&rig->sweeper);
    store_stand_close(&rig->stand);
    free(rig);
    return 0;
}

/* All of them are due since so long; those who live have their key. */
static void make_due(struct rig *rig, const char *name, int count, bool live, int since_ms)
{
    static const char script[] =
        "local time = redis.call('TIME') local now = time[1] * 1000 + math.floor(time[2] / 1000) "
        "for i = 1, tonumber(ARGV[2]) do local member = 'alive:' .. ARGV[1] .. i "
        "redis.call('ZADD', KEYS[1] .. 'deadlines', now - ARGV[4], member) "
        "if ARGV[3] == '1' then redis.call('SET', KEYS[1] .. member, 1, 'PX', 60000) end end";
    (void)redis_reply(rig->stand.client, "EVAL %s 1 test:{0}: %s %d %d %d", script, name, count, live, since_ms);
}

static void forget_all(struct rig *rig)
{
    (void)redis_reply(rig->stand.client, "DEL test:{0}:deadlines");
}

static void on_dues(void *context, const struct store_dues *dues)
{
    struct rig *rig = context;
    assert_int_equal(dues->outcome, STORE_DONE);
    rig->open--;
    rig->seen = dues->seen;
    rig->staying = dues->staying;
    rig->listed = dues->count;
    rig->more = dues->more;
}

static void sweep(struct rig *rig, size_t skip)
{
    static const struct hearing heard_nothing = {.since_ms = INT64_MAX, .until_ms = 0};
    rig->open++;
    store_sweep(rig->sweeper.store, &heard_nothing, skip, PART, GRACE_MS, on_dues, rig);
    store_client_wait(&rig->sweeper, &rig->open, 0);
}

static void sweep_sees_several_parts_of_those_who_live(void **state)
{
    struct rig *rig = *state;
    make_due(rig, "live-", 350, true, 20000);
    sweep(rig, 0);
    assert_int_equal(rig->seen, 350);
    assert_int_equal(rig->staying, 0);
    assert_int_equal(rig->listed, 0);
    assert_false(rig->more);
    sweep(rig, 0);
    assert_int_equal(rig->seen, 0);
    assert_int_equal(redis_integer(rig->stand.client, "ZCARD test:{0}:deadlines"), 350);
    forget_all(rig);
}

static void sweep_sees_a_bounded_number_in_one_call(void **state)
{
    struct rig *rig = *state;
    make_due(rig, "live-", 3 * CALL_MAX, true, 20000);
    sweep(rig, 0);
    assert_in_range(rig->seen, PART, CALL_MAX);
    assert_true(rig->more);
    size_t first = rig->seen;
    sweep(rig, 0);
    assert_int_equal(rig->seen, first);
    forget_all(rig);
}

static void sweep_ends_with_the_part_that_has_somebody_whose_step_is_due(void **state)
{
    struct rig *rig = *state;
    make_due(rig, "live-", 150, true, 20000);
    make_due(rig, "gone-", 200, false, 15000);
    sweep(rig, 0);
    assert_int_equal(rig->seen, 2 * PART);
    assert_int_equal(rig->listed, 50);
    assert_true(rig->more);
    sweep(rig, rig->listed);
    assert_int_equal(rig->seen, PART);
    assert_int_equal(rig->listed, PART);
    forget_all(rig);
}

static void sweep_skips_those_whose_event_has_yet_to_come(void **state)
{
    struct rig *rig = *state;
    make_due(rig, "late-", 250, false, 0);
    make_due(rig, "live-", 30, true, 0);
    sweep(rig, 0);
    assert_int_equal(rig->seen, 280);
    assert_int_equal(rig->staying, 250);
    assert_int_equal(rig->listed, 0);
    assert_false(rig->more);
    forget_all(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sweep_sees_several_parts_of_those_who_live),
        cmocka_unit_test(sweep_sees_a_bounded_number_in_one_call),
        cmocka_unit_test(sweep_ends_with_the_part_that_has_somebody_whose_step_is_due),
        cmocka_unit_test(sweep_skips_those_whose_event_has_yet_to_come),
    };
    return cmocka_run_group_tests_name("integration/store/sweep", tests, start_rig, end_rig);
}

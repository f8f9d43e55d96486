/* test_timebase.c -- another clock told by its answers: never later than it was, drift followed, jumps told. */
#include "domain/timebase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void note_first_answer_sets_the_offset_and_is_no_jump(void **state)
{
    (void)state;
    struct timebase timebase = {0};
    assert_false(timebase_note(&timebase, 1000, 1010, 500005));
    assert_true(timebase.known);
    assert_int_equal(timebase_remote_ms(&timebase, 1010), 500005);
}

static void note_quicker_answer_raises_the_offset(void **state)
{
    (void)state;
    struct timebase timebase = {0};
    (void)timebase_note(&timebase, 1000, 1100, 501000);
    assert_int_equal(timebase.offset_ms, 499900);
    assert_false(timebase_note(&timebase, 2000, 2002, 501951));
    assert_int_equal(timebase.offset_ms, 499949);
}

static void note_slower_answer_that_agrees_changes_nothing(void **state)
{
    (void)state;
    struct timebase timebase = {0};
    (void)timebase_note(&timebase, 1000, 1001, 500001);
    assert_false(timebase_note(&timebase, 2000, 2500, 501000));
    assert_int_equal(timebase.offset_ms, 499000);
}

static void remote_is_never_later_than_it_was(void **state)
{
    (void)state;
    struct timebase timebase = {0};
    const int64_t true_offset_ms = 700000;
    for (int64_t i = 0; i < 200; i++) {
        int64_t asked_ms = 1000 + i * 50;
        int64_t answered_ms = asked_ms + (i * 7) % 13;
        int64_t received_ms = answered_ms + (i * 11) % 17;
        assert_false(timebase_note(&timebase, asked_ms, received_ms, answered_ms + true_offset_ms));
        assert_true(timebase_remote_ms(&timebase, asked_ms) <= asked_ms + true_offset_ms);
    }
    assert_int_equal(timebase.offset_ms, true_offset_ms);
}

static void note_slow_drift_is_followed_without_a_jump(void **state)
{
    (void)state;
    struct timebase timebase = {0};
    (void)timebase_note(&timebase, 0, 1, 1000);
    for (int64_t i = 1; i < 100; i++) {
        assert_false(timebase_note(&timebase, i * 1000, i * 1000 + 1, 1000 + i * 1000 - i * 2));
    }
    assert_in_range(timebase.offset_ms, 1000 - 99 * 2 - 1, 1000 - 99 * 2);
}

static void note_jump_either_way_is_told_once(void **state)
{
    (void)state;
    struct timebase timebase = {0};
    (void)timebase_note(&timebase, 0, 1, 1000000);
    assert_true(timebase_note(&timebase, 100, 101, 1000100 + 5000));
    assert_false(timebase_note(&timebase, 200, 201, 1000200 + 5000));
    assert_true(timebase_note(&timebase, 300, 301, 1000300 - 60000));
    assert_false(timebase_note(&timebase, 400, 401, 1000400 - 60000));
}

static void note_correction_at_the_limit_is_no_jump(void **state)
{
    (void)state;
    struct timebase timebase = {.known = true, .offset_ms = 1000};
    assert_false(timebase_note(&timebase, 100, 100, 1100 + TIMEBASE_JUMP_MS));
    assert_int_equal(timebase.offset_ms, 1000 + TIMEBASE_JUMP_MS);
    assert_true(timebase_note(&timebase, 200, 200, 1200 + TIMEBASE_JUMP_MS + TIMEBASE_JUMP_MS + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(note_first_answer_sets_the_offset_and_is_no_jump),
        cmocka_unit_test(note_quicker_answer_raises_the_offset),
        cmocka_unit_test(note_slower_answer_that_agrees_changes_nothing),
        cmocka_unit_test(remote_is_never_later_than_it_was),
        cmocka_unit_test(note_slow_drift_is_followed_without_a_jump),
        cmocka_unit_test(note_jump_either_way_is_told_once),
        cmocka_unit_test(note_correction_at_the_limit_is_no_jump),
    };
    return cmocka_run_group_tests_name("domain/timebase", tests, NULL, NULL);
}

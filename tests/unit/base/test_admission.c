/* test_admission.c -- so many a second and no more; the others are spread over the time that they need. */
#include "base/admission.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SECOND_US = 1000000 };

static const int64_t begin_us = INT64_C(5000) * SECOND_US;

static int64_t let_in(struct admission *admission, int64_t per_s, int64_t tries, int64_t now_us)
{
    int64_t count = 0;
    for (int64_t i = 0; i < tries; i++) {
        int64_t retry_ms = 0;
        count += admission_allows(admission, per_s, now_us, &retry_ms) ? 1 : 0;
    }
    return count;
}

static void seconds_worth_is_let_in_at_once_and_no_more(void **state)
{
    (void)state;
    static const int64_t rates[] = {1, 3, 100, 1000, 50000};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct admission admission;
        admission_init(&admission, 1);
        assert_int_equal(let_in(&admission, rates[i], 2 * rates[i] + 10, begin_us), rates[i]);
    }
}

static void quiet_time_is_saved_up_for_one_second_only(void **state)
{
    (void)state;
    struct admission admission;
    admission_init(&admission, 1);
    assert_int_equal(let_in(&admission, 100, 1000, begin_us), 100);
    assert_int_equal(let_in(&admission, 100, 1000, begin_us + SECOND_US / 2), 50);
    assert_int_equal(let_in(&admission, 100, 1000, begin_us + (int64_t)60 * SECOND_US), 100);
}

static void rate_holds_over_time(void **state)
{
    (void)state;
    struct admission admission;
    admission_init(&admission, 1);
    int64_t count = 0;
    for (int64_t ms = 0; ms < 10000; ms++) {
        count += let_in(&admission, 100, 5, begin_us + ms * 1000);
    }
    assert_in_range((uintmax_t)count, 1090, 1100);
}

/* The waits of those refused at one moment, in their order, without jitter: 10 ms, 20 ms, …; with it, a quarter more.
 */
static void refused_are_sent_one_after_the_other(void **state)
{
    (void)state;
    struct admission admission;
    admission_init(&admission, 7);
    (void)let_in(&admission, 100, 100, begin_us);
    for (int64_t i = 1; i <= 1000; i++) {
        int64_t retry_ms = 0;
        int64_t jitter_ms = i * 10 / 4 > ADMISSION_JITTER_MS ? i * 10 / 4 : ADMISSION_JITTER_MS;
        assert_false(admission_allows(&admission, 100, begin_us, &retry_ms));
        assert_in_range((uintmax_t)retry_ms, (uintmax_t)(i * 10), (uintmax_t)(i * 10 + jitter_ms));
    }
}

static void waits_differ_between_seeds(void **state)
{
    (void)state;
    int64_t waits[2] = {0};
    for (uint64_t seed = 1; seed <= 2; seed++) {
        struct admission admission;
        admission_init(&admission, seed * 7919);
        (void)let_in(&admission, 1, 1, begin_us);
        for (int i = 0; i < 8; i++) {
            int64_t retry_ms = 0;
            assert_false(admission_allows(&admission, 1, begin_us, &retry_ms));
            waits[seed - 1] = waits[seed - 1] * 31 + retry_ms;
        }
    }
    assert_true(waits[0] != waits[1]);
}

static void no_wait_is_longer_than_the_longest(void **state)
{
    (void)state;
    struct admission admission;
    admission_init(&admission, 7);
    int64_t longest_ms = (int64_t)ADMISSION_WAIT_MAX_MS + ADMISSION_WAIT_MAX_MS / 4;
    int64_t retry_ms = 0;
    (void)let_in(&admission, 1, 1, begin_us);
    for (int i = 0; i < 5000; i++) {
        assert_false(admission_allows(&admission, 1, begin_us, &retry_ms));
        assert_in_range((uintmax_t)retry_ms, 1, (uintmax_t)longest_ms);
    }
    assert_true(retry_ms >= ADMISSION_WAIT_MAX_MS);
}

/* A thousand come at once and each again when it was told to: all are in soon after the time that the rate needs. */
static void crowd_that_comes_as_it_was_told_is_let_in(void **state)
{
    (void)state;
    enum { CROWD = 1000, PER_S = 100, NEEDED_MS = 9000, AT_MOST_MS = 16000 };
    static int64_t due_ms[CROWD];
    struct admission admission;
    admission_init(&admission, 3);
    int left = CROWD;
    int64_t now_ms = 0;
    for (; left > 0 && now_ms <= AT_MOST_MS; now_ms++) {
        for (int i = 0; i < CROWD; i++) {
            int64_t retry_ms = 0;
            if (due_ms[i] != now_ms) {
                continue;
            }
            if (admission_allows(&admission, PER_S, begin_us + now_ms * 1000, &retry_ms)) {
                left--;
            } else {
                due_ms[i] = now_ms + retry_ms;
            }
        }
    }
    assert_int_equal(left, 0);
    assert_true(now_ms >= NEEDED_MS - 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seconds_worth_is_let_in_at_once_and_no_more),
        cmocka_unit_test(quiet_time_is_saved_up_for_one_second_only),
        cmocka_unit_test(rate_holds_over_time),
        cmocka_unit_test(refused_are_sent_one_after_the_other),
        cmocka_unit_test(waits_differ_between_seeds),
        cmocka_unit_test(no_wait_is_longer_than_the_longest),
        cmocka_unit_test(crowd_that_comes_as_it_was_told_is_let_in),
    };
    return cmocka_run_group_tests_name("base/admission", tests, NULL, NULL);
}

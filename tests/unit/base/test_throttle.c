/* test_throttle.c -- once an interval for each name, never less often. */
#include "base/throttle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct throttle throttle;

static int set_up(void **state)
{
    (void)state;
    throttle = (struct throttle){0};
    return 0;
}

static void allows_first_and_then_once_an_interval(void **state)
{
    (void)state;
    struct text name = text_of("worker-1");
    assert_true(throttle_allows(&throttle, name, 1000, 5000));
    assert_false(throttle_allows(&throttle, name, 1000, 5000));
    assert_false(throttle_allows(&throttle, name, 1000, 5999));
    assert_true(throttle_allows(&throttle, name, 1000, 6000));
    assert_false(throttle_allows(&throttle, name, 1000, 6001));
}

static void refused_try_does_not_prolong(void **state)
{
    (void)state;
    struct text name = text_of("worker-1");
    assert_true(throttle_allows(&throttle, name, 1000, 0));
    for (int64_t now_ms = 100; now_ms < 1000; now_ms += 100) {
        assert_false(throttle_allows(&throttle, name, 1000, now_ms));
    }
    assert_true(throttle_allows(&throttle, name, 1000, 1000));
}

static void allows_every_name_its_first_time(void **state)
{
    (void)state;
    char name[32];
    for (int i = 0; i < 3 * THROTTLE_SLOTS; i++) {
        (void)snprintf(name, sizeof name, "worker-%d", i);
        assert_true(throttle_allows(&throttle, text_of(name), 1000, 5000));
    }
}

static void few_names_do_not_disturb_each_other_much(void **state)
{
    (void)state;
    char name[32];
    int allowed = 0;
    for (int i = 0; i < 200; i++) {
        (void)snprintf(name, sizeof name, "worker-%d", i % 100);
        allowed += throttle_allows(&throttle, text_of(name), 1000, 5000);
    }
    assert_in_range(allowed, 100, 110);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(allows_first_and_then_once_an_interval, set_up),
        cmocka_unit_test_setup(refused_try_does_not_prolong, set_up),
        cmocka_unit_test_setup(allows_every_name_its_first_time, set_up),
        cmocka_unit_test_setup(few_names_do_not_disturb_each_other_much, set_up),
    };
    return cmocka_run_group_tests_name("base/throttle", tests, NULL, NULL);
}

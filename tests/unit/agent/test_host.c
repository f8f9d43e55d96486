/* test_host.c -- figures out of /proc/stat and /proc/meminfo as kernels write them. */
#include "agent/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void parse_ticks_of_current_kernel_sums_without_guests(void **state)
{
    (void)state;
    struct host_ticks ticks = {0};
    assert_true(host_parse_ticks("cpu  100 20 30 1000 50 6 7 8 90 10\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 5\n", &ticks));
    assert_int_equal(ticks.busy, 100 + 20 + 30 + 6 + 7 + 8);
    assert_int_equal(ticks.total, 100 + 20 + 30 + 6 + 7 + 8 + 1000 + 50);
}

static void parse_ticks_of_old_kernel_has_four_fields(void **state)
{
    (void)state;
    struct host_ticks ticks = {0};
    assert_true(host_parse_ticks("cpu 1 2 3 4\n", &ticks));
    assert_int_equal(ticks.busy, 6);
    assert_int_equal(ticks.total, 10);
}

static void parse_ticks_of_something_else_fails(void **state)
{
    (void)state;
    struct host_ticks ticks = {.busy = 1, .total = 2};
    assert_false(host_parse_ticks("", &ticks));
    assert_false(host_parse_ticks("cpu  1 2 3\n", &ticks));
    assert_false(host_parse_ticks("intr 1 2 3 4 5\n", &ticks));
    assert_int_equal(ticks.total, 2);
}

static void cpu_percent_is_the_busy_share_in_between(void **state)
{
    (void)state;
    struct host_ticks before = {.busy = 1000, .total = 10000};
    struct host_ticks after = {.busy = 1050, .total = 10200};
    assert_true(host_cpu_percent(&before, &after) > 24.999 && host_cpu_percent(&before, &after) < 25.001);
}

static void cpu_percent_without_time_or_backwards_is_not_known(void **state)
{
    (void)state;
    struct host_ticks one = {.busy = 1000, .total = 10000};
    struct host_ticks less_busy = {.busy = 999, .total = 10100};
    struct host_ticks earlier = {.busy = 1000, .total = 9999};
    assert_true(host_cpu_percent(&one, &one) < 0);
    assert_true(host_cpu_percent(&one, &less_busy) < 0);
    assert_true(host_cpu_percent(&one, &earlier) < 0);
}

static void parse_memory_is_what_is_not_available(void **state)
{
    (void)state;
    double percent = -1;
    assert_true(
        host_parse_memory("MemTotal:       2000 kB\nMemFree:         100 kB\nMemAvailable:    500 kB\n", &percent));
    assert_true(percent > 74.999 && percent < 75.001);
}

static void parse_memory_of_something_else_fails(void **state)
{
    (void)state;
    double percent = 12;
    assert_false(host_parse_memory("", &percent));
    assert_false(host_parse_memory("MemTotal: 2000 kB\n", &percent));
    assert_false(host_parse_memory("MemTotal: 0 kB\nMemAvailable: 0 kB\n", &percent));
    assert_false(host_parse_memory("MemTotal: 10 kB\nMemAvailable: 11 kB\n", &percent));
    assert_false(host_parse_memory("XMemTotal: 10 kB\nMemAvailable: 5 kB\n", &percent));
    assert_true(percent > 11.999 && percent < 12.001);
}

static void measure_of_this_host_is_a_percentage(void **state)
{
    (void)state;
    struct host host = {0};
    host_measure(&host);
    assert_true(host.cpu_percent >= 0 && host.cpu_percent <= 100);
    assert_true(host.memory_percent > 0 && host.memory_percent <= 100);
    assert_true(host.ticks.total > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_ticks_of_current_kernel_sums_without_guests),
        cmocka_unit_test(parse_ticks_of_old_kernel_has_four_fields),
        cmocka_unit_test(parse_ticks_of_something_else_fails),
        cmocka_unit_test(cpu_percent_is_the_busy_share_in_between),
        cmocka_unit_test(cpu_percent_without_time_or_backwards_is_not_known),
        cmocka_unit_test(parse_memory_is_what_is_not_available),
        cmocka_unit_test(parse_memory_of_something_else_fails),
        cmocka_unit_test(measure_of_this_host_is_a_percentage),
    };
    return cmocka_run_group_tests_name("agent/host", tests, NULL, NULL);
}

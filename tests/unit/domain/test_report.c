/* test_report.c -- a worker's health in words: uptime, the four checks, the description. */
#include "domain/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct report_facts well(void)
{
    return (struct report_facts){.status = WORKER_BUSY,
                                 .declared = WORKER_BUSY,
                                 .health = HEALTH_HEALTHY,
                                 .alive = true,
                                 .now_ms = 101000,
                                 .last_heartbeat_at_ms = 100000,
                                 .heartbeat_timeout_ms = 5000,
                                 .registered_at_ms = 1000,
                                 .jobs = 4,
                                 .max_jobs = 10,
                                 .available = 6};
}

static void assert_uptime(const struct report_facts *facts, double percent)
{
    double uptime = report_uptime_percent(facts);
    if (uptime < percent - 1e-9 || uptime > percent + 1e-9) {
        fail_msg("%g %% instead of %g %%", uptime, percent);
    }
}

static void uptime_counts_what_is_over_and_what_goes_on(void **state)
{
    (void)state;
    struct report_facts facts = well();
    assert_uptime(&facts, 100);
    facts.unhealthy_ms = 25000;
    assert_uptime(&facts, 75);
    facts.unhealthy_since_ms = (struct opt_int){.set = true, .value = 51000};
    assert_uptime(&facts, 25);
    facts.unhealthy_ms = 0;
    assert_uptime(&facts, 50);
}

static void uptime_is_never_beyond_its_limits(void **state)
{
    (void)state;
    struct report_facts facts = well();
    facts.unhealthy_ms = 1000000;
    assert_uptime(&facts, 0);
    facts.unhealthy_ms = 0;
    facts.unhealthy_since_ms = (struct opt_int){.set = true, .value = 200000};
    assert_uptime(&facts, 100);
    facts.registered_at_ms = facts.now_ms;
    facts.unhealthy_since_ms.set = false;
    assert_uptime(&facts, 100);
    facts.unhealthy_ms = 1;
    assert_uptime(&facts, 0);
}

static void good_worker_passes_every_check(void **state)
{
    (void)state;
    const struct report_facts facts = well();
    struct report report;
    report_make(&facts, &report);
    assert_true(report.healthy);
    assert_true(report.load_percent == 40);
    for (size_t i = 0; i < REPORT_CHECK_COUNT; i++) {
        assert_true(report.checks[i].passed);
    }
    assert_string_equal(report.description, "Worker is healthy");
    assert_string_equal(report.checks[REPORT_HEARTBEAT].words, "last heartbeat 1000 ms ago, timeout 5000 ms");
    assert_string_equal(report.checks[REPORT_CAPACITY].words, "4 of 10 jobs, 6 free");
}

static void each_contradiction_fails_its_check_only(void **state)
{
    (void)state;
    struct report_facts facts[5];
    static const enum report_check_kind kinds[5] = {REPORT_STATUS, REPORT_STATUS, REPORT_CAPACITY, REPORT_CAPACITY,
                                                    REPORT_JOBS};
    for (size_t i = 0; i < 5; i++) {
        facts[i] = well();
    }
    facts[0].declared = WORKER_ERROR;
    facts[1].declared = WORKER_IDLE;
    facts[2].jobs = 11;
    facts[3].available = 7;
    facts[4].contradiction = text_of("jobs_inconsistent");
    for (size_t i = 0; i < 5; i++) {
        struct report report;
        report_make(&facts[i], &report);
        for (size_t kind = 0; kind < REPORT_CHECK_COUNT; kind++) {
            assert_int_equal(report.checks[kind].passed, kind != kinds[i]);
        }
    }
}

static void unhealthy_worker_is_described_with_reason_and_checks(void **state)
{
    (void)state;
    struct report_facts facts = well();
    struct report report;
    facts.health = HEALTH_UNHEALTHY;
    facts.reason = text_of("heartbeat_timeout");
    facts.alive = false;
    facts.consecutive_failures = 2;
    facts.declared = WORKER_ERROR;
    report_make(&facts, &report);
    assert_false(report.healthy);
    assert_string_equal(report.description,
                        "Worker is unhealthy (heartbeat_timeout, 2 failures): no heartbeat for 1000 "
                        "ms, timeout 5000 ms; the worker declares ERROR");
    facts.health = HEALTH_FAILED;
    facts.reason = text_of("connection_lost");
    facts.consecutive_failures = 1;
    facts.declared = WORKER_STATUS_NONE;
    report_make(&facts, &report);
    assert_string_equal(report.description,
                        "Worker has failed (connection_lost, 1 failure): connection lost, last heartbeat 1000 ms ago");
}

static void worker_that_has_left_is_not_healthy(void **state)
{
    (void)state;
    struct report_facts facts = well();
    struct report report;
    facts.status = WORKER_INACTIVE;
    facts.left = text_of("drained");
    facts.alive = false;
    report_make(&facts, &report);
    assert_false(report.healthy);
    assert_string_equal(report.description, "Worker has left (drained)");
}

static void worker_without_room_has_no_load(void **state)
{
    (void)state;
    struct report_facts facts = well();
    struct report report;
    facts.max_jobs = 0;
    report_make(&facts, &report);
    assert_true(report.load_percent == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uptime_counts_what_is_over_and_what_goes_on),
        cmocka_unit_test(uptime_is_never_beyond_its_limits),
        cmocka_unit_test(good_worker_passes_every_check),
        cmocka_unit_test(each_contradiction_fails_its_check_only),
        cmocka_unit_test(unhealthy_worker_is_described_with_reason_and_checks),
        cmocka_unit_test(worker_that_has_left_is_not_healthy),
        cmocka_unit_test(worker_without_room_has_no_load),
    };
    return cmocka_run_group_tests_name("domain/report", tests, NULL, NULL);
}

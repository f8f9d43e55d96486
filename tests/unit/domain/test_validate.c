/* test_validate.c -- the seed's sentences in the seed's order, and what the registry assigns. */
#include "domain/validate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct validate_limits limits = {
    .max_concurrent_jobs = 100,
    .min_load_factor = 0.1,
    .max_load_factor = 2.0,
    .default_heartbeat_timeout_ms = 300000,
    .min_heartbeat_timeout_ms = 1000,
    .max_heartbeat_timeout_ms = 86400000,
};

static struct opt_int integer(int64_t value)
{
    return (struct opt_int){.set = true, .value = value};
}

static struct opt_real real(double value)
{
    return (struct opt_real){.set = true, .value = value};
}

static struct registration good_registration(void)
{
    return (struct registration){
        .worker_id = text_of("worker-001"), .name = text_of("Worker 1"), .max_concurrent_jobs = integer(10)};
}

static struct violations found;

static void validate(const struct registration *registration)
{
    violations_clear(&found);
    validate_registration(registration, &limits, &found);
}

static void assert_only(const char *sentence)
{
    assert_int_equal(found.count, 1);
    assert_int_equal(found.code, CODE_VALIDATION_FAILED);
    assert_string_equal(found.texts[0], sentence);
}

static void registration_least_required_is_good(void **state)
{
    (void)state;
    struct registration registration = good_registration();
    validate(&registration);
    assert_int_equal(found.count, 0);
    assert_int_equal(found.code, CODE_OK);
}

static void registration_all_wrong_tells_all_in_seed_order(void **state)
{
    (void)state;
    struct registration registration = {.max_concurrent_jobs = integer(0),
                                        .port = integer(0),
                                        .worker_load_factor = real(0.05),
                                        .heartbeat_timeout_ms = integer(999),
                                        .heartbeat_interval_ms = integer(0)};
    static const char *const sentences[] = {
        "Worker ID is required",
        "Worker name is required",
        "Max concurrent jobs must be positive",
        "Port must be between 1 and 65535",
        "Worker load factor must be between 0.1 and 2.0",
        "Heartbeat timeout must be between 1000 and 86400000 ms (heartbeatTimeoutMs is 999)",
        "Heartbeat interval must be between 1 and 86400000 ms (heartbeatIntervalMs is 0)",
    };
    validate(&registration);
    assert_int_equal(found.count, sizeof sentences / sizeof sentences[0]);
    for (size_t i = 0; i < found.count; i++) {
        assert_string_equal(found.texts[i], sentences[i]);
    }
}

static void registration_blank_name_is_required(void **state)
{
    (void)state;
    struct registration registration = good_registration();
    registration.name = text_of(" \t ");
    validate(&registration);
    assert_only("Worker name is required");
}

static void registration_blank_id_is_required(void **state)
{
    (void)state;
    struct registration registration = good_registration();
    registration.worker_id = text_of("  ");
    validate(&registration);
    assert_only("Worker ID is required");
}

static void registration_jobs_at_limits(void **state)
{
    (void)state;
    struct registration registration = good_registration();
    registration.max_concurrent_jobs = integer(100);
    validate(&registration);
    assert_int_equal(found.count, 0);
    registration.max_concurrent_jobs = integer(101);
    validate(&registration);
    assert_only("Max concurrent jobs cannot exceed 100");
    registration.max_concurrent_jobs = integer(-1);
    validate(&registration);
    assert_only("Max concurrent jobs must be positive");
    registration.max_concurrent_jobs = (struct opt_int){0};
    validate(&registration);
    assert_only("Max concurrent jobs must be positive");
}

static void registration_port_at_limits(void **state)
{
    (void)state;
    struct registration registration = good_registration();
    static const int64_t good[] = {1, 65535};
    static const int64_t bad[] = {0, -1, 65536, INT64_MAX};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        registration.port = integer(good[i]);
        validate(&registration);
        assert_int_equal(found.count, 0);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        registration.port = integer(bad[i]);
        validate(&registration);
        assert_only("Port must be between 1 and 65535");
    }
}

static void registration_load_factor_at_limits(void **state)
{
    (void)state;
    struct registration registration = good_registration();
    const double good[] = {0.1, 1.2, 2.0};
    const double bad[] = {0.0999, 2.001, -1, NAN, INFINITY};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        registration.worker_load_factor = real(good[i]);
        validate(&registration);
        assert_int_equal(found.count, 0);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        registration.worker_load_factor = real(bad[i]);
        validate(&registration);
        assert_only("Worker load factor must be between 0.1 and 2.0");
    }
}

static void registration_finer_load_factor_limit_is_told_as_it_is(void **state)
{
    (void)state;
    struct registration registration = good_registration();
    struct validate_limits finer = limits;
    finer.min_load_factor = 0.25;
    finer.max_load_factor = 10;
    registration.worker_load_factor = real(0.2);
    violations_clear(&found);
    validate_registration(&registration, &finer, &found);
    assert_only("Worker load factor must be between 0.25 and 10.0");
}

static void registration_interval_alone_must_give_a_good_timeout(void **state)
{
    (void)state;
    struct registration registration = good_registration();
    registration.heartbeat_interval_ms = integer(334);
    validate(&registration);
    assert_int_equal(found.count, 0);
    registration.heartbeat_interval_ms = integer(333);
    validate(&registration);
    assert_only("Heartbeat interval must be between 334 and 28800000 ms (heartbeatIntervalMs is 333)");
    registration.heartbeat_interval_ms = integer(28800001);
    validate(&registration);
    assert_only("Heartbeat interval must be between 334 and 28800000 ms (heartbeatIntervalMs is 28800001)");
}

static void registration_interval_must_not_exceed_its_timeout(void **state)
{
    (void)state;
    struct registration registration = good_registration();
    registration.heartbeat_timeout_ms = integer(2000);
    registration.heartbeat_interval_ms = integer(2000);
    validate(&registration);
    assert_int_equal(found.count, 0);
    registration.heartbeat_interval_ms = integer(2001);
    validate(&registration);
    assert_only("Heartbeat interval must be between 1 and 2000 ms (heartbeatIntervalMs is 2001)");
}

static void registration_bad_timeout_is_no_limit_of_the_interval(void **state)
{
    (void)state;
    struct registration registration = good_registration();
    registration.heartbeat_timeout_ms = integer(-5);
    registration.heartbeat_interval_ms = integer(500);
    validate(&registration);
    assert_only("Heartbeat timeout must be between 1000 and 86400000 ms (heartbeatTimeoutMs is -5)");
}

static void heartbeat_empty_is_good(void **state)
{
    (void)state;
    struct heartbeat heartbeat = {0};
    violations_clear(&found);
    validate_heartbeat(&heartbeat, &found);
    assert_int_equal(found.count, 0);
}

static void heartbeat_at_limits_is_good(void **state)
{
    (void)state;
    struct heartbeat heartbeat = {.current_job_count = integer(0),
                                  .available_capacity = integer(INT32_MAX),
                                  .cpu_usage = real(0),
                                  .memory_usage = real(100),
                                  .error_count = integer(0)};
    violations_clear(&found);
    validate_heartbeat(&heartbeat, &found);
    assert_int_equal(found.count, 0);
}

static void heartbeat_all_wrong_tells_each_field_and_value(void **state)
{
    (void)state;
    struct heartbeat heartbeat = {.current_job_count = integer(-1),
                                  .available_capacity = integer(2147483648),
                                  .cpu_usage = real(100.5),
                                  .memory_usage = real(NAN),
                                  .error_count = integer(-7)};
    violations_clear(&found);
    validate_heartbeat(&heartbeat, &found);
    assert_int_equal(found.count, 5);
    assert_string_equal(found.texts[0], "currentJobCount must be between 0 and 2147483647 (is -1)");
    assert_string_equal(found.texts[1], "availableCapacity must be between 0 and 2147483647 (is 2147483648)");
    assert_string_equal(found.texts[2], "cpuUsage must be between 0 and 100 (is 100.5)");
    assert_string_equal(found.texts[3], "memoryUsage must be between 0 and 100 (is nan)");
    assert_string_equal(found.texts[4], "errorCount must be between 0 and 2147483647 (is -7)");
}

static void timing_of_nothing_given_is_the_default(void **state)
{
    (void)state;
    struct registration registration = good_registration();
    struct validate_timing timing = validate_timing_of(&registration, &limits);
    assert_int_equal(timing.heartbeat_timeout_ms, 300000);
    assert_int_equal(timing.heartbeat_interval_ms, 100000);
}

static void timing_of_interval_is_three_of_them(void **state)
{
    (void)state;
    struct registration registration = good_registration();
    registration.heartbeat_interval_ms = integer(700);
    struct validate_timing timing = validate_timing_of(&registration, &limits);
    assert_int_equal(timing.heartbeat_timeout_ms, 2100);
    assert_int_equal(timing.heartbeat_interval_ms, 700);
}

static void timing_of_both_is_both(void **state)
{
    (void)state;
    struct registration registration = good_registration();
    registration.heartbeat_interval_ms = integer(700);
    registration.heartbeat_timeout_ms = integer(5000);
    struct validate_timing timing = validate_timing_of(&registration, &limits);
    assert_int_equal(timing.heartbeat_timeout_ms, 5000);
    assert_int_equal(timing.heartbeat_interval_ms, 700);
}

static void timing_of_any_refused_interval_stays_in_range(void **state)
{
    (void)state;
    static const int64_t intervals_ms[] = {INT64_MAX, INT64_MIN, 0, -1, 28800001};
    struct registration registration = good_registration();
    for (size_t i = 0; i < sizeof intervals_ms / sizeof intervals_ms[0]; i++) {
        registration.heartbeat_interval_ms = integer(intervals_ms[i]);
        struct validate_timing timing = validate_timing_of(&registration, &limits);
        assert_int_equal(timing.heartbeat_timeout_ms, limits.max_heartbeat_timeout_ms);
    }
}

static void state_empty_is_good(void **state)
{
    (void)state;
    const struct worker_state empty = {0};
    struct violations violations = {0};
    validate_state(&empty, &violations);
    assert_int_equal(violations.count, 0);
}

static void state_known_words_and_least_numbers_are_good(void **state)
{
    (void)state;
    const struct worker_state good = {.epoch = integer(1),
                                      .revision = integer(0),
                                      .registered_at_ms = integer(0),
                                      .consecutive_failures = integer(0),
                                      .reason = text_of("takeover"),
                                      .contradiction = text_of("status_inconsistent"),
                                      .draining = text_of("operator"),
                                      .maintained = text_of("1"),
                                      .left = text_of("cleaned_up")};
    struct violations violations = {0};
    validate_state(&good, &violations);
    assert_int_equal(violations.count, 0);
}

static void state_all_wrong_tells_each_field_and_value(void **state)
{
    (void)state;
    const struct worker_state wrong = {.current_job_count = integer(-1),
                                       .available_capacity = integer(-2),
                                       .cpu_usage = {.set = true, .value = 101},
                                       .memory_usage = {.set = true, .value = -1},
                                       .error_count = integer(-3),
                                       .consecutive_failures = integer(-4),
                                       .epoch = integer(0),
                                       .revision = integer(-5),
                                       .registered_at_ms = integer(-6),
                                       .last_heartbeat_at_ms = integer(-7),
                                       .heartbeats = integer(-8),
                                       .unhealthy_since_ms = integer(-9),
                                       .unhealthy_ms = integer(-10),
                                       .last_error_at_ms = integer(-11),
                                       .reason = text_of("heartbeat"),
                                       .contradiction = text_of("operator"),
                                       .draining = text_of(""),
                                       .maintained = text_of("yes"),
                                       .left = text_of("worker operator")};
    struct violations violations = {0};
    validate_state(&wrong, &violations);
    assert_int_equal(violations.count, 19);
    assert_string_equal(violations.texts[6], "epoch must be at least 1 (is 0)");
    assert_string_equal(violations.texts[16], "draining must be one of worker operator (is \"\")");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registration_least_required_is_good),
        cmocka_unit_test(registration_all_wrong_tells_all_in_seed_order),
        cmocka_unit_test(registration_blank_name_is_required),
        cmocka_unit_test(registration_blank_id_is_required),
        cmocka_unit_test(registration_jobs_at_limits),
        cmocka_unit_test(registration_port_at_limits),
        cmocka_unit_test(registration_load_factor_at_limits),
        cmocka_unit_test(registration_finer_load_factor_limit_is_told_as_it_is),
        cmocka_unit_test(registration_interval_alone_must_give_a_good_timeout),
        cmocka_unit_test(registration_interval_must_not_exceed_its_timeout),
        cmocka_unit_test(registration_bad_timeout_is_no_limit_of_the_interval),
        cmocka_unit_test(heartbeat_empty_is_good),
        cmocka_unit_test(heartbeat_at_limits_is_good),
        cmocka_unit_test(heartbeat_all_wrong_tells_each_field_and_value),
        cmocka_unit_test(state_empty_is_good),
        cmocka_unit_test(state_known_words_and_least_numbers_are_good),
        cmocka_unit_test(state_all_wrong_tells_each_field_and_value),
        cmocka_unit_test(timing_of_nothing_given_is_the_default),
        cmocka_unit_test(timing_of_interval_is_three_of_them),
        cmocka_unit_test(timing_of_both_is_both),
        cmocka_unit_test(timing_of_any_refused_interval_stays_in_range),
    };
    return cmocka_run_group_tests_name("domain/validate", tests, NULL, NULL);
}

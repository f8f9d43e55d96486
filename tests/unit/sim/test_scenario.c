/* test_scenario.c -- who speaks when. */
#include "sim/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SPEAKERS = 1000, AFFECTED = 70 };

static const struct scenario base = {
    .speakers = SPEAKERS, .affected = AFFECTED, .at_us = 1000, .pause_us = 500, .duration_us = 4000};

static struct scenario of(enum scenario_kind kind)
{
    struct scenario scenario = base;
    scenario.kind = kind;
    return scenario;
}

static void every_name_is_found_and_others_are_not(void **state)
{
    (void)state;
    for (int kind = 0; kind < SCENARIO_COUNT; kind++) {
        assert_int_equal(scenario_find(text_of(scenario_row((enum scenario_kind)kind)->name)), kind);
    }
    assert_int_equal(scenario_find(text_of("stead")), SCENARIO_COUNT);
}

static void exactly_the_share_is_affected_and_spread_over_the_fleet(void **state)
{
    (void)state;
    struct scenario scenario = of(SCENARIO_MASS_DEATH);
    size_t nth = 0;
    for (size_t i = 0; i < SPEAKERS; i++) {
        if (scenario_affects(&scenario, i)) {
            assert_int_equal(scenario_affected_at(&scenario, nth), i);
            assert_true(i * AFFECTED / SPEAKERS == nth);
            nth++;
        }
    }
    assert_int_equal(nth, AFFECTED);
    assert_false(scenario_affects(&scenario, SPEAKERS));
}

static void no_share_affects_nobody(void **state)
{
    (void)state;
    struct scenario scenario = of(SCENARIO_MASS_DEATH);
    scenario.affected = 0;
    assert_false(scenario_affects(&scenario, 0));
}

static void mass_death_is_for_good_and_only_for_its_share(void **state)
{
    (void)state;
    struct scenario scenario = of(SCENARIO_MASS_DEATH);
    assert_int_equal(scenario_speaks_us(&scenario, 0, 999), 999);
    assert_true(scenario_speaks_us(&scenario, 0, 1000) == SCENARIO_NEVER);
    assert_int_equal(scenario_speaks_us(&scenario, 1, 1000), 1000);
}

static void mass_return_is_at_the_same_instant(void **state)
{
    (void)state;
    struct scenario scenario = of(SCENARIO_MASS_RETURN);
    size_t second = scenario_affected_at(&scenario, 1);
    assert_int_equal(scenario_speaks_us(&scenario, 0, 1000), 1500);
    assert_int_equal(scenario_speaks_us(&scenario, second, 1499), 1500);
    assert_int_equal(scenario_speaks_us(&scenario, second, 1700), 1700);
}

static void flapping_goes_on_and_off(void **state)
{
    (void)state;
    struct scenario scenario = of(SCENARIO_FLAPPING);
    assert_int_equal(scenario_speaks_us(&scenario, 0, 1200), 1500);
    assert_int_equal(scenario_speaks_us(&scenario, 0, 1500), 1500);
    assert_int_equal(scenario_speaks_us(&scenario, 0, 1999), 1999);
    assert_int_equal(scenario_speaks_us(&scenario, 0, 2000), 2500);
}

static void steady_phases_are_even_and_burst_has_one(void **state)
{
    (void)state;
    struct scenario steady = of(SCENARIO_STEADY);
    struct scenario burst = of(SCENARIO_BURST);
    struct scenario together = of(SCENARIO_MASS_DEATH);
    together.together = true;
    assert_int_equal(scenario_phase_us(&steady, 0, 3000000), 0);
    assert_int_equal(scenario_phase_us(&steady, 1, 3000000), 3000);
    assert_int_equal(scenario_phase_us(&steady, SPEAKERS - 1, 3000000), 2997000);
    assert_int_equal(scenario_phase_us(&burst, 500, 3000000), 0);
    assert_int_equal(scenario_phase_us(&together, 500, 3000000), 0);
}

static void ramp_joins_evenly_and_storm_at_once(void **state)
{
    (void)state;
    struct scenario ramp = of(SCENARIO_RAMP);
    struct scenario storm = of(SCENARIO_STORM);
    assert_true(scenario_joins_late(&ramp) && scenario_joins_late(&storm));
    assert_int_equal(scenario_joins_us(&ramp, 500), 2000);
    assert_int_equal(scenario_joins_us(&storm, 500), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_is_found_and_others_are_not),
        cmocka_unit_test(exactly_the_share_is_affected_and_spread_over_the_fleet),
        cmocka_unit_test(no_share_affects_nobody),
        cmocka_unit_test(mass_death_is_for_good_and_only_for_its_share),
        cmocka_unit_test(mass_return_is_at_the_same_instant),
        cmocka_unit_test(flapping_goes_on_and_off),
        cmocka_unit_test(steady_phases_are_even_and_burst_has_one),
        cmocka_unit_test(ramp_joins_evenly_and_storm_at_once),
    };
    return cmocka_run_group_tests_name("sim/scenario", tests, NULL, NULL);
}

/* test_event.c -- the wire names of the events' types. */
#include "domain/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void name_and_back_is_the_same(void **state)
{
    (void)state;
    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
        assert_int_equal(event_type_of(text_of(event_type_name((enum event_type)type))), type);
    }
}

static void all_that_the_contract_names_are_known(void **state)
{
    (void)state;
    static const char *const contract[] = {"registered",   "updated",    "status",  "unhealthy",
                                           "recovered",    "healthy",    "failed",  "draining",
                                           "deregistered", "cleaned_up", "conflict"};
    for (size_t i = 0; i < sizeof contract / sizeof contract[0]; i++) {
        assert_int_not_equal(event_type_of(text_of(contract[i])), EVENT_TYPE_COUNT);
    }
}

static void of_unknown_name_is_count(void **state)
{
    (void)state;
    assert_int_equal(event_type_of(text_of("REGISTERED")), EVENT_TYPE_COUNT);
    assert_int_equal(event_type_of(text_of("")), EVENT_TYPE_COUNT);
    assert_int_equal(event_type_of((struct text){0}), EVENT_TYPE_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_and_back_is_the_same),
        cmocka_unit_test(all_that_the_contract_names_are_known),
        cmocka_unit_test(of_unknown_name_is_count),
    };
    return cmocka_run_group_tests_name("domain/event", tests, NULL, NULL);
}

/* test_worker.c -- names of statuses and healths, and what an id may be. */
#include "domain/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void status_name_and_back_is_the_same(void **state)
{
    (void)state;
    for (int status = WORKER_ACTIVE; status <= WORKER_INACTIVE; status++) {
        const char *name = worker_status_name((enum worker_status)status);
        assert_int_equal(worker_status_of(text_of(name)), status);
    }
    assert_string_equal(worker_status_name(WORKER_MAINTENANCE), "MAINTENANCE");
    assert_string_equal(worker_status_name(WORKER_STATUS_NONE), "");
}

static void health_name_and_back_is_the_same(void **state)
{
    (void)state;
    for (int health = HEALTH_HEALTHY; health <= HEALTH_FAILED; health++) {
        const char *name = worker_health_name((enum worker_health)health);
        assert_int_equal(worker_health_of(text_of(name)), health);
    }
    assert_string_equal(worker_health_name(HEALTH_RECOVERED), "RECOVERED");
    assert_string_equal(worker_health_name(HEALTH_NONE), "");
}

static void status_of_unknown_name_is_none(void **state)
{
    (void)state;
    static const char *const names[] = {"", "active", "ACTIVE ", "ACTIV", "HEALTHY"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(worker_status_of(text_of(names[i])), WORKER_STATUS_NONE);
    }
    assert_int_equal(worker_status_of((struct text){0}), WORKER_STATUS_NONE);
    assert_int_equal(worker_health_of(text_of("ACTIVE")), HEALTH_NONE);
}

static void id_of_allowed_characters_is_valid(void **state)
{
    (void)state;
    static const char *const ids[] = {"a", "Z", "0", "worker-001", "a.b_c-D9", "1..--__"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        assert_true(worker_id_valid(text_of(ids[i])));
    }
}

static void id_of_other_characters_is_invalid(void **state)
{
    (void)state;
    static const char *const ids[] = {
        "", ".a", "-a", "_a", " a", "a ", "a/b", "a+b", "a#b", "a:b", "a{b", "a\n", "m\xC3\xBCster", "a*"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        assert_false(worker_id_valid(text_of(ids[i])));
    }
    assert_false(worker_id_valid((struct text){0}));
    assert_false(worker_id_valid((struct text){"a\0b", 3}));
}

static void id_longest_is_valid_and_longer_is_not(void **state)
{
    (void)state;
    char id[WORKER_ID_MAX + 1];
    memset(id, 'a', sizeof id);
    assert_true(worker_id_valid((struct text){id, WORKER_ID_MAX}));
    assert_false(worker_id_valid((struct text){id, WORKER_ID_MAX + 1}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_name_and_back_is_the_same),  cmocka_unit_test(health_name_and_back_is_the_same),
        cmocka_unit_test(status_of_unknown_name_is_none),    cmocka_unit_test(id_of_allowed_characters_is_valid),
        cmocka_unit_test(id_of_other_characters_is_invalid), cmocka_unit_test(id_longest_is_valid_and_longer_is_not),
    };
    return cmocka_run_group_tests_name("domain/worker", tests, NULL, NULL);
}

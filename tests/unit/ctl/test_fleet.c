/* test_fleet.c -- which document of a worker counts, from lists and from statuses. */
#include "ctl/fleet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static json_t *document(const char *id, int epoch, int revision, const char *health)
{
    json_t *made =
        json_pack("{s:s, s:i, s:i, s:s}", "workerId", id, "epoch", epoch, "revision", revision, "health", health);
    assert_non_null(made);
    return made;
}

static void take(struct fleet *fleet, const char *id, int epoch, int revision, const char *health)
{
    json_t *made = document(id, epoch, revision, health);
    fleet_take(fleet, made);
    json_decref(made);
}

static void list_take(struct fleet *fleet, const char *id, int epoch, int revision, const char *health)
{
    json_t *made = document(id, epoch, revision, health);
    fleet_list_take(fleet, made);
    json_decref(made);
}

/* expected: "id:health" of each worker, in order, with a space between. */
static void assert_fleet(const struct fleet *fleet, enum fleet_order order, const char *expected)
{
    char text[256] = "";
    size_t count = 0;
    json_t **documents = fleet_sorted(fleet, order, &count);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(text);
        (void)snprintf(text + len, sizeof text - len, "%s%s:%s", i > 0 ? " " : "",
                       json_string_value(json_object_get(documents[i], "workerId")),
                       json_string_value(json_object_get(documents[i], "health")));
    }
    free(documents);
    assert_string_equal(text, expected);
}

static int setup(void **state)
{
    *state = fleet_new();
    return *state == NULL;
}

static int teardown(void **state)
{
    fleet_free(*state);
    return 0;
}

static void take_newer_replaces_and_older_does_not(void **state)
{
    struct fleet *fleet = *state;
    take(fleet, "w1", 5, 2, "HEALTHY");
    take(fleet, "w1", 5, 1, "FAILED");
    take(fleet, "w1", 4, 9, "FAILED");
    assert_fleet(fleet, FLEET_BY_ID, "w1:HEALTHY");
    take(fleet, "w1", 5, 3, "UNHEALTHY");
    assert_fleet(fleet, FLEET_BY_ID, "w1:UNHEALTHY");
    take(fleet, "w1", 6, 1, "RECOVERED");
    assert_fleet(fleet, FLEET_BY_ID, "w1:RECOVERED");
}

static void take_without_valid_id_is_ignored(void **state)
{
    struct fleet *fleet = *state;
    take(fleet, "", 1, 1, "HEALTHY");
    take(fleet, "-", 1, 1, "HEALTHY");
    assert_fleet(fleet, FLEET_BY_ID, "");
}

static void remove_forgets_one(void **state)
{
    struct fleet *fleet = *state;
    take(fleet, "w1", 1, 1, "HEALTHY");
    take(fleet, "w2", 1, 1, "HEALTHY");
    fleet_remove(fleet, (struct text){"w1/x", 2});
    assert_fleet(fleet, FLEET_BY_ID, "w2:HEALTHY");
}

static void list_drops_whoever_is_not_in_it(void **state)
{
    struct fleet *fleet = *state;
    take(fleet, "w1", 1, 1, "HEALTHY");
    take(fleet, "w2", 1, 1, "HEALTHY");
    fleet_list_begin(fleet);
    list_take(fleet, "w2", 1, 1, "HEALTHY");
    list_take(fleet, "w2", 1, 1, "HEALTHY");
    assert_fleet(fleet, FLEET_BY_ID, "w1:HEALTHY w2:HEALTHY");
    fleet_list_end(fleet);
    assert_fleet(fleet, FLEET_BY_ID, "w2:HEALTHY");
}

static void list_keeps_what_was_told_meanwhile(void **state)
{
    struct fleet *fleet = *state;
    fleet_list_begin(fleet);
    list_take(fleet, "w1", 1, 1, "HEALTHY");
    list_take(fleet, "w3", 1, 1, "HEALTHY");
    take(fleet, "w1", 1, 2, "FAILED");
    take(fleet, "w2", 1, 1, "HEALTHY");
    list_take(fleet, "w1", 1, 1, "HEALTHY");
    fleet_remove(fleet, text_of("w3"));
    fleet_list_end(fleet);
    assert_fleet(fleet, FLEET_BY_ID, "w1:FAILED w2:HEALTHY");
}

static void list_begun_again_forgets_the_unfinished_one(void **state)
{
    struct fleet *fleet = *state;
    fleet_list_begin(fleet);
    list_take(fleet, "w1", 1, 1, "HEALTHY");
    fleet_list_begin(fleet);
    list_take(fleet, "w2", 1, 1, "HEALTHY");
    fleet_list_end(fleet);
    assert_fleet(fleet, FLEET_BY_ID, "w2:HEALTHY");
}

static void sorted_by_trouble_puts_the_worst_first(void **state)
{
    struct fleet *fleet = *state;
    take(fleet, "w1", 1, 1, "HEALTHY");
    take(fleet, "w4", 1, 1, "FAILED");
    take(fleet, "w3", 1, 1, "UNHEALTHY");
    take(fleet, "w2", 1, 1, "FAILED");
    assert_fleet(fleet, FLEET_TROUBLE_FIRST, "w2:FAILED w4:FAILED w3:UNHEALTHY w1:HEALTHY");
    assert_fleet(fleet, FLEET_BY_ID, "w1:HEALTHY w2:FAILED w3:UNHEALTHY w4:FAILED");
}

static void list_free(struct fleet *fleet, const char *id, int free)
{
    json_t *made = document(id, 1, free, "HEALTHY");
    (void)json_object_set_new(made, "availableCapacity", json_integer(free));
    fleet_list_take(fleet, made);
    json_decref(made);
}

static void sorted_by_freedom_has_the_freest_of_all_pages_first(void **state)
{
    struct fleet *fleet = *state;
    fleet_list_begin(fleet);
    list_free(fleet, "w3", 7);
    list_free(fleet, "w1", 2);
    list_free(fleet, "w4", 9);
    list_free(fleet, "w3", 8);
    list_free(fleet, "w2", 8);
    assert_int_equal(fleet_listed(fleet), 4);
    fleet_list_end(fleet);
    assert_int_equal(fleet_listed(fleet), 0);
    assert_fleet(fleet, FLEET_FREEST_FIRST, "w4:HEALTHY w2:HEALTHY w3:HEALTHY w1:HEALTHY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(take_newer_replaces_and_older_does_not, setup, teardown),
        cmocka_unit_test_setup_teardown(take_without_valid_id_is_ignored, setup, teardown),
        cmocka_unit_test_setup_teardown(remove_forgets_one, setup, teardown),
        cmocka_unit_test_setup_teardown(list_drops_whoever_is_not_in_it, setup, teardown),
        cmocka_unit_test_setup_teardown(list_keeps_what_was_told_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(list_begun_again_forgets_the_unfinished_one, setup, teardown),
        cmocka_unit_test_setup_teardown(sorted_by_trouble_puts_the_worst_first, setup, teardown),
        cmocka_unit_test_setup_teardown(sorted_by_freedom_has_the_freest_of_all_pages_first, setup, teardown),
    };
    return cmocka_run_group_tests_name("ctl/fleet", tests, NULL, NULL);
}

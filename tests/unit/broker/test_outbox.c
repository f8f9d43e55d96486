/* test_outbox.c -- the order and the window in which publications reach the library. */
#include "broker/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 200 };

/* Stands for the library: notes what it is given, and takes none while it is closed. */
struct library {
    struct outbox outbox;
    int given;
    int last;
    bool ordered;
    bool closed;
};

static bool take(void *context, const struct broker_publication *publication, struct ticket *ticket)
{
    struct library *library = context;
    int number = atoi(publication->topic);
    (void)ticket;
    if (library->closed) {
        return false;
    }
    library->ordered = library->ordered && number == library->last + 1 && publication->payload.len == 3 &&
                       memcmp(publication->payload.data, "abc", 3) == 0;
    library->last = number;
    library->given++;
    return true;
}

static void put_one(struct library *library, int number, bool ahead)
{
    char topic[16];
    char payload[] = "abc";
    (void)snprintf(topic, sizeof topic, "%d", number);
    struct broker_publication publication = {.topic = topic, .payload = {payload, 3}, .qos = 1, .ahead = ahead};
    assert_int_equal(outbox_put(&library->outbox, &publication, NULL), ERR_OK);
    memset(payload, 0, sizeof payload);
    memset(topic, 0, sizeof topic);
}

static void put(struct library *library, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        put_one(library, i, false);
    }
}

static void settle(struct library *library, int count)
{
    for (int i = 0; i < count; i++) {
        outbox_settled(&library->outbox);
    }
}

static int set_up(void **state)
{
    struct library *library = calloc(1, sizeof *library);
    if (library == NULL) {
        return -1;
    }
    library->ordered = true;
    outbox_init(&library->outbox, take, library);
    *state = library;
    return 0;
}

static int tear_down(void **state)
{
    struct library *library = *state;
    outbox_fini(&library->outbox);
    free(library);
    return 0;
}

static void before_it_is_open_nothing_is_taken(void **state)
{
    struct library *library = *state;
    struct broker_publication publication = {.topic = "1"};
    assert_int_equal(outbox_put(&library->outbox, &publication, NULL), ERR_CLOSED);
    assert_int_equal(library->given, 0);
}

static void a_full_window_is_refilled_when_half_of_it_is_free(void **state)
{
    struct library *library = *state;
    outbox_open(&library->outbox, 10);
    put(library, 1, MANY);
    assert_int_equal(library->given, 10);
    settle(library, 4);
    assert_int_equal(library->given, 10);
    settle(library, 1);
    assert_int_equal(library->given, 15);
    assert_true(library->ordered);
}

static void everything_arrives_in_order(void **state)
{
    struct library *library = *state;
    outbox_open(&library->outbox, 65535);
    put(library, 1, MANY);
    assert_true(library->given < MANY);
    for (int settled = 0; settled < library->given; settled++) {
        outbox_settled(&library->outbox);
    }
    assert_int_equal(library->given, MANY);
    assert_true(library->ordered);
}

static void a_window_of_one_goes_on(void **state)
{
    struct library *library = *state;
    outbox_open(&library->outbox, 1);
    put(library, 1, 3);
    assert_int_equal(library->given, 1);
    outbox_settled(&library->outbox);
    assert_int_equal(library->given, 2);
    outbox_settled(&library->outbox);
    assert_int_equal(library->given, 3);
}

static void what_the_library_refuses_takes_no_room(void **state)
{
    struct library *library = *state;
    outbox_open(&library->outbox, 1);
    library->closed = true;
    put(library, 1, 3);
    library->closed = false;
    library->last = 3;
    put(library, 4, 1);
    assert_int_equal(library->given, 1);
    assert_true(library->ordered);
}

static void a_connection_that_ended_leaves_nothing_to_the_next(void **state)
{
    struct library *library = *state;
    outbox_open(&library->outbox, 2);
    put(library, 1, 5);
    outbox_close(&library->outbox);
    outbox_settled(&library->outbox);
    outbox_settled(&library->outbox);
    assert_int_equal(library->given, 2);
    outbox_open(&library->outbox, 2);
    library->last = 5;
    put(library, 6, 3);
    assert_int_equal(library->given, 4);
    assert_true(library->ordered);
}

static void what_goes_ahead_overtakes_what_waits_and_is_itself_in_order(void **state)
{
    struct library *library = *state;
    outbox_open(&library->outbox, 1);
    put(library, 1, 1);
    put(library, 4, 2);
    put_one(library, 2, true);
    put_one(library, 3, true);
    settle(library, 5);
    assert_int_equal(library->given, 5);
    assert_true(library->ordered);
}

static void what_goes_ahead_leaves_the_rest_its_share(void **state)
{
    struct library *library = *state;
    int ahead = 2;
    int rest = 0;
    outbox_open(&library->outbox, 1);
    put_one(library, 1, true);
    put(library, MANY, MANY);
    for (int i = 0; i < 10 * OUTBOX_SHARE; i++) {
        put_one(library, ahead++, true);
        settle(library, 1);
        rest += library->last >= MANY ? 1 : 0;
    }
    assert_int_equal(rest, 10);
    assert_int_equal(library->last, MANY + 9);
}

static void a_connection_that_ended_leaves_nothing_that_went_ahead(void **state)
{
    struct library *library = *state;
    outbox_open(&library->outbox, 1);
    put(library, 1, 1);
    put_one(library, 2, true);
    outbox_close(&library->outbox);
    outbox_open(&library->outbox, 1);
    settle(library, 1);
    assert_int_equal(library->given, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(before_it_is_open_nothing_is_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_window_is_refilled_when_half_of_it_is_free, set_up, tear_down),
        cmocka_unit_test_setup_teardown(everything_arrives_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_window_of_one_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_library_refuses_takes_no_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_connection_that_ended_leaves_nothing_to_the_next, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_goes_ahead_overtakes_what_waits_and_is_itself_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_goes_ahead_leaves_the_rest_its_share, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_connection_that_ended_leaves_nothing_that_went_ahead, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

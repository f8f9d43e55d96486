/* test_ticket.c -- tickets are opened up to the cap, closed in any order, told in theirs, and used again. */
#include "broker/ticket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct tickets tickets;

static int set_up(void **state)
{
    (void)state;
    tickets = (struct tickets){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tickets_fini(&tickets);
    return 0;
}

static struct ticket *opened(uint64_t id)
{
    struct ticket *ticket = NULL;
    assert_int_equal(ticket_open(&tickets, NULL, id, true, &ticket), ERR_OK);
    return ticket;
}

static void close_in_any_order_leaves_the_others_open(void **state)
{
    (void)state;
    struct ticket *first = opened(1);
    struct ticket *second = opened(2);
    struct ticket *third = opened(3);
    ticket_close(&tickets, second);
    assert_int_equal(tickets.open_count, 2);
    assert_ptr_equal(tickets.open, third);
    assert_ptr_equal(third->next, first);
    ticket_close(&tickets, third);
    assert_ptr_equal(tickets.open, first);
    ticket_close(&tickets, first);
    assert_null(tickets.open);
    assert_int_equal(tickets.open_count, 0);
}

static void open_beyond_the_cap_is_full_until_one_is_released(void **state)
{
    (void)state;
    struct ticket *one = NULL;
    struct ticket *more = NULL;
    for (int i = 0; i < INBOX_TICKETS_MAX; i++) {
        one = opened((uint64_t)i);
    }
    assert_int_equal(ticket_open(&tickets, NULL, 1, true, &more), ERR_FULL);
    assert_null(more);
    ticket_close(&tickets, one);
    ticket_release(&tickets, one);
    assert_int_equal(one->state, TICKET_FREE);
    assert_ptr_equal(opened(7), one);
    assert_int_equal(one->state, TICKET_OPEN);
    assert_int_equal(one->id, 7);
}

static void queue_gives_back_in_the_order_of_adding(void **state)
{
    (void)state;
    struct ticket_queue queue = {0};
    struct ticket *first = opened(1);
    struct ticket *second = opened(2);
    ticket_close(&tickets, first);
    ticket_close(&tickets, second);
    assert_null(ticket_queue_take(&queue));
    ticket_queue_add(&queue, second);
    ticket_queue_add(&queue, first);
    assert_int_equal(first->state, TICKET_TOLD);
    assert_ptr_equal(ticket_queue_take(&queue), second);
    assert_ptr_equal(ticket_queue_take(&queue), first);
    assert_null(ticket_queue_take(&queue));
    ticket_queue_add(&queue, second);
    assert_ptr_equal(ticket_queue_take(&queue), second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(close_in_any_order_leaves_the_others_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(open_beyond_the_cap_is_full_until_one_is_released, set_up, tear_down),
        cmocka_unit_test_setup_teardown(queue_gives_back_in_the_order_of_adding, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("broker/ticket", tests, NULL, NULL);
}

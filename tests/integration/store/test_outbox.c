/* test_outbox.c -- events are read in order from the cursor on, each worker that they are about once and as a whole. */
#include "store/outbox.h"
#include "support/store_client.h"
#include "support/store_stand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SHOWN_MAX = 4096 };

struct rig {
    struct store_stand stand;
    struct store_client reader;
    int open; /* calls without their answer */
    enum store_outcome outcome;
    size_t event_count;
    char last[64];         /* id of the last event */
    char shown[SHOWN_MAX]; /* events, then workers, as text */
};

static int start_rig(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    *state = rig;
    store_stand_open(&rig->stand);
    store_client_open(&rig->reader, rig->stand.base, rig->stand.redis.socket_uri, "test");
    return 0;
}

static int end_rig(void **state)
{
    struct rig *rig = *state;
    store_client_close(&rig->reader);
    store_stand_close(&rig->stand);
    free(rig);
    return 0;
}

static int empty_redis(void **state)
{
    struct rig *rig = *state;
    (void)redis_reply(rig->stand.client, "FLUSHALL");
    return 0;
}

static void show(struct rig *rig, struct text id, const struct field *fields, size_t count)
{
    size_t len = strlen(rig->shown);
    len += (size_t)snprintf(rig->shown + len, SHOWN_MAX - len, "%.*s", TEXT_ARG(id));
    for (size_t i = 0; i < count && len < SHOWN_MAX; i++) {
        len += (size_t)snprintf(rig->shown + len, SHOWN_MAX - len, " %.*s=%.*s", TEXT_ARG(fields[i].name),
                                TEXT_ARG(fields[i].value));
    }
    assert_true(len + 2 < SHOWN_MAX);
    (void)snprintf(rig->shown + len, SHOWN_MAX - len, "\n");
}

static void on_outbox(void *context, const struct store_outbox *outbox)
{
    struct rig *rig = context;
    rig->open--;
    rig->outcome = outbox->outcome;
    rig->event_count = outbox->event_count;
    rig->shown[0] = '\0';
    for (size_t i = 0; i < outbox->event_count; i++) {
        (void)snprintf(rig->last, sizeof rig->last, "%.*s", TEXT_ARG(outbox->events[i].id));
        if (outbox->event_count < 10) {
            show(rig, outbox->events[i].id, outbox->events[i].fields, outbox->events[i].count);
        }
    }
    for (size_t i = 0; i < outbox->worker_count && outbox->event_count < 10; i++) {
        show(rig, outbox->workers[i].id, outbox->workers[i].fields, outbox->workers[i].count);
    }
}

static void read_outbox(struct rig *rig, const char *after)
{
    rig->open++;
    store_outbox(rig->reader.store, after, on_outbox, rig);
    store_client_wait(&rig->reader, &rig->open, 0);
}

static void two_events_of_a_worker_show_it_once_and_as_a_whole(void **state)
{
    struct rig *rig = *state;
    (void)redis_reply(rig->stand.client, "XADD test:{0}:events 1-1 type registered workerId w1 revision 1");
    (void)redis_reply(rig->stand.client, "XADD test:{0}:events 1-2 type registered workerId w2 revision 1");
    (void)redis_reply(rig->stand.client, "XADD test:{0}:events 1-3 type status workerId w1 revision 2");
    (void)redis_reply(rig->stand.client, "HSET test:{0}:worker:w1 status BUSY revision 2");
    (void)redis_reply(rig->stand.client, "HSET test:{0}:detail:w1 hostName h1");
    (void)redis_reply(rig->stand.client, "HSET test:{0}:worker:w2 status ACTIVE");
    read_outbox(rig, "");
    assert_int_equal(rig->outcome, STORE_DONE);
    assert_string_equal(rig->shown, "1-1 type=registered workerId=w1 revision=1\n"
                                    "1-2 type=registered workerId=w2 revision=1\n"
                                    "1-3 type=status workerId=w1 revision=2\n"
                                    "w1 status=BUSY revision=2 hostName=h1\n"
                                    "w2 status=ACTIVE\n");
}

static void worker_is_shown_where_it_was_forgotten_and_not_where_it_was_only_refused(void **state)
{
    struct rig *rig = *state;
    (void)redis_reply(rig->stand.client, "XADD test:{0}:events 1-1 type forgotten workerId w1");
    (void)redis_reply(rig->stand.client, "XADD test:{0}:events 1-2 type refused workerId w2");
    read_outbox(rig, "");
    assert_int_equal(rig->outcome, STORE_DONE);
    assert_string_equal(rig->shown, "1-1 type=forgotten workerId=w1\n1-2 type=refused workerId=w2\nw1\n");
}

static void nothing_is_read_where_all_has_been_told(void **state)
{
    struct rig *rig = *state;
    (void)redis_reply(rig->stand.client, "XADD test:{0}:events 1-1 type refused");
    (void)redis_reply(rig->stand.client, "SET test:{0}:cursor 1-1");
    read_outbox(rig, "");
    assert_int_equal(rig->outcome, STORE_DONE);
    assert_int_equal(rig->event_count, 0);
}

static void reading_begins_after_the_cursor_whoever_has_moved_it(void **state)
{
    struct rig *rig = *state;
    (void)redis_reply(rig->stand.client, "XADD test:{0}:events 1-1 type refused");
    (void)redis_reply(rig->stand.client, "XADD test:{0}:events 1-2 type refused");
    (void)redis_reply(rig->stand.client, "XADD test:{0}:events 1-3 type refused");
    (void)redis_reply(rig->stand.client, "SET test:{0}:cursor 1-2");
    read_outbox(rig, "");
    assert_string_equal(rig->shown, "1-3 type=refused\n");
    (void)redis_reply(rig->stand.client, "SET test:{0}:cursor 1-1");
    read_outbox(rig, "");
    assert_string_equal(rig->shown, "1-2 type=refused\n1-3 type=refused\n");
    read_outbox(rig, "1-2");
    assert_string_equal(rig->shown, "1-3 type=refused\n");
}

static void more_than_are_read_at_once_are_read_one_after_the_other(void **state)
{
    static const char script[] = "for i = 1, tonumber(ARGV[1]) do redis.call('XADD', KEYS[1] .. 'events', '1-' .. i, "
                                 "'type', 'status', 'workerId', 'w' .. i, 'revision', '1') end";
    struct rig *rig = *state;
    (void)redis_reply(rig->stand.client, "EVAL %s 1 test:{0}: %d", script, STORE_OUTBOX_MAX + 1);
    read_outbox(rig, "");
    assert_int_equal(rig->event_count, STORE_OUTBOX_MAX);
    assert_string_equal(rig->last, "1-200");
    read_outbox(rig, rig->last);
    assert_string_equal(rig->shown, "1-201 type=status workerId=w201 revision=1\nw201\n");
}

static void nothing_is_told_where_a_worker_cannot_be_read(void **state)
{
    struct rig *rig = *state;
    (void)redis_reply(rig->stand.client, "XADD test:{0}:events 1-1 type status workerId w1 revision 1");
    (void)redis_reply(rig->stand.client, "XADD test:{0}:events 1-2 type status workerId w2 revision 1");
    (void)redis_reply(rig->stand.client, "SET test:{0}:worker:w1 text");
    read_outbox(rig, "");
    assert_int_not_equal(rig->outcome, STORE_DONE);
    assert_int_equal(rig->event_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(two_events_of_a_worker_show_it_once_and_as_a_whole, empty_redis),
        cmocka_unit_test_setup(worker_is_shown_where_it_was_forgotten_and_not_where_it_was_only_refused, empty_redis),
        cmocka_unit_test_setup(nothing_is_read_where_all_has_been_told, empty_redis),
        cmocka_unit_test_setup(reading_begins_after_the_cursor_whoever_has_moved_it, empty_redis),
        cmocka_unit_test_setup(more_than_are_read_at_once_are_read_one_after_the_other, empty_redis),
        cmocka_unit_test_setup(nothing_is_told_where_a_worker_cannot_be_read, empty_redis),
    };
    return cmocka_run_group_tests_name("integration/store/outbox", tests, start_rig, end_rig);
}

/* test_cursor.c -- cursors: read back by the same request, refused by any other, and by whoever made them up. */
#include "domain/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct text tags[] = {{"gpu", 3}, {"fast", 4}};

static struct query a_query(void)
{
    return (struct query){.status = WORKER_BUSY,
                          .tags = {tags, 2},
                          .zone = {"z1", 2},
                          .minimum_free_capacity = {.set = true, .value = 3}};
}

static struct text written(uint32_t request, const char *place)
{
    static char cursor[CURSOR_TEXT_MAX];
    size_t len = cursor_write(request, text_of(place), cursor);
    assert_true(len > 0);
    return (struct text){cursor, len};
}

static void places_are_read_back(void **state)
{
    (void)state;
    static const char *const places[] = {"0-b1", "12-b9223372036854775807", "1-sworker-001", "131-sA.b_c-9",
                                         "1000000-wworker-001"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct text place = {0};
        assert_true(cursor_read(written(7, places[i]), 7, &place));
        assert_int_equal(place.len, strlen(places[i]));
        assert_memory_equal(place.data, places[i], place.len);
    }
}

static void longest_id_fits(void **state)
{
    (void)state;
    char place[WORKER_ID_MAX + 8] = "131-s";
    struct text read = {0};
    memset(place + 5, 'x', WORKER_ID_MAX);
    place[5 + WORKER_ID_MAX] = '\0';
    assert_true(cursor_read(written(UINT32_MAX, place), UINT32_MAX, &read));
    assert_int_equal(read.len, 5 + WORKER_ID_MAX);
}

static void cursor_of_another_request_is_refused(void **state)
{
    (void)state;
    struct text place = {0};
    assert_false(cursor_read(written(7, "0-b1"), 8, &place));
    assert_null(place.data);
}

static void made_up_cursors_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "0",
                                        "00000007",
                                        "00000007-",
                                        "00000007-0",
                                        "00000007-b1",
                                        "00000007-0-b",
                                        "00000007-0-b1x",
                                        "00000007-0-b99999999999999999999",
                                        "00000007-0-s",
                                        "00000007-0-s-dash",
                                        "00000007-0-sa b",
                                        "00000007-0-x1",
                                        "00000007-12345678901-b1",
                                        "00000007-7-w",
                                        "00000007_0-b1",
                                        "7-0-b1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct text place = {0};
        if (cursor_read(text_of(texts[i]), 7, &place)) {
            fail_msg("\"%s\" was taken", texts[i]);
        }
    }
}

static void too_long_places_are_not_written(void **state)
{
    (void)state;
    char place[2 * CURSOR_TEXT_MAX];
    char out[CURSOR_TEXT_MAX];
    memset(place, 'x', sizeof place);
    assert_int_equal(cursor_write(7, (struct text){place, sizeof place}, out), 0);
}

static void requests_differ_by_verb_and_by_each_filter(void **state)
{
    (void)state;
    struct query query = a_query();
    uint32_t request = cursor_request_of(text_of("list"), &query);
    assert_int_equal(cursor_request_of(text_of("list"), &query), request);
    assert_int_not_equal(cursor_request_of(text_of("find"), &query), request);
    struct query others[8];
    for (size_t i = 0; i < 8; i++) {
        others[i] = query;
    }
    others[0].status = WORKER_IDLE;
    others[1].health = HEALTH_HEALTHY;
    others[2].tags.count = 1;
    others[3].tags.count = 0;
    others[3].capabilities = query.tags;
    others[4].zone = text_of("z2");
    others[5].name_prefix = text_of("z");
    others[6].minimum_free_capacity.set = false;
    others[7].sort = text_of("freeCapacity");
    for (size_t i = 0; i < 8; i++) {
        assert_int_not_equal(cursor_request_of(text_of("list"), &others[i]), request);
    }
}

static void limit_and_cursor_are_no_part_of_the_request(void **state)
{
    (void)state;
    struct query query = a_query();
    uint32_t request = cursor_request_of(text_of("list"), &query);
    query.limit = (struct opt_int){.set = true, .value = 5};
    query.cursor = text_of("x");
    query.request_id = text_of("r");
    assert_int_equal(cursor_request_of(text_of("list"), &query), request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_read_back),
        cmocka_unit_test(longest_id_fits),
        cmocka_unit_test(cursor_of_another_request_is_refused),
        cmocka_unit_test(made_up_cursors_are_refused),
        cmocka_unit_test(too_long_places_are_not_written),
        cmocka_unit_test(requests_differ_by_verb_and_by_each_filter),
        cmocka_unit_test(limit_and_cursor_are_no_part_of_the_request),
    };
    return cmocka_run_group_tests_name("domain/cursor", tests, NULL, NULL);
}

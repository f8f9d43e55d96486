/* test_newest.c -- the newest value of each key, and no more than the cap. */
#include "base/newest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { KEYS = 1000, PLENTY = 1 << 20 };

static void assert_taken(struct newest *newest, const char *key, const char *value)
{
    struct text taken_key = {0};
    struct text taken_value = {0};
    assert_true(newest_take(newest, &taken_key, &taken_value));
    assert_true(text_is(taken_key, key));
    assert_true(text_is(taken_value, value));
}

static void assert_empty(struct newest *newest)
{
    struct text key = {0};
    struct text value = {0};
    assert_int_equal(newest_count(newest), 0);
    assert_false(newest_take(newest, &key, &value));
    assert_null(key.data);
}

static void later_value_takes_place_of_earlier(void **state)
{
    (void)state;
    struct newest *newest = newest_new(10, PLENTY);
    assert_true(newest_put(newest, text_of("a"), text_of("first")));
    assert_true(newest_put(newest, text_of("b"), text_of("")));
    assert_true(newest_put(newest, text_of("a"), text_of("second, and longer")));
    assert_int_equal(newest_count(newest), 2);
    assert_taken(newest, "b", "");
    assert_taken(newest, "a", "second, and longer");
    assert_empty(newest);
    newest_free(newest);
}

static void what_is_taken_lives_until_next_call(void **state)
{
    (void)state;
    struct newest *newest = newest_new(10, PLENTY);
    struct text key;
    struct text value;
    assert_true(newest_put(newest, text_of("a"), text_of("1")));
    assert_true(newest_take(newest, &key, &value));
    assert_true(newest_put(newest, key, value));
    assert_taken(newest, "a", "1");
    newest_free(newest);
}

static void dropped_key_is_not_taken(void **state)
{
    (void)state;
    struct newest *newest = newest_new(10, PLENTY);
    assert_true(newest_put(newest, text_of("a"), text_of("1")));
    assert_true(newest_put(newest, text_of("b"), text_of("2")));
    assert_true(newest_put(newest, text_of("c"), text_of("3")));
    newest_drop(newest, text_of("b"));
    newest_drop(newest, text_of("never"));
    assert_false(newest_has(newest, text_of("b")));
    assert_true(newest_has(newest, text_of("c")));
    assert_taken(newest, "a", "1");
    assert_taken(newest, "c", "3");
    assert_empty(newest);
    newest_free(newest);
}

static void key_beyond_cap_is_refused_and_known_one_still_renewed(void **state)
{
    (void)state;
    struct newest *newest = newest_new(2, PLENTY);
    assert_true(newest_put(newest, text_of("a"), text_of("1")));
    assert_true(newest_put(newest, text_of("b"), text_of("2")));
    assert_false(newest_put(newest, text_of("c"), text_of("3")));
    assert_true(newest_put(newest, text_of("a"), text_of("4")));
    assert_taken(newest, "b", "2");
    assert_true(newest_put(newest, text_of("c"), text_of("5")));
    assert_taken(newest, "a", "4");
    assert_taken(newest, "c", "5");
    newest_free(newest);
}

static void value_beyond_bytes_is_refused_and_former_one_stays(void **state)
{
    (void)state;
    enum { BYTES = 400 };
    static char large[BYTES];
    struct newest *newest = newest_new(10, BYTES);
    assert_true(newest_put(newest, text_of("a"), text_of("1")));
    assert_false(newest_put(newest, text_of("a"), (struct text){large, sizeof large}));
    assert_taken(newest, "a", "1");
    for (int i = 0; i < KEYS; i++) {
        assert_true(newest_put(newest, text_of("a"), (struct text){large, (size_t)(i % 100)}));
    }
    newest_clear(newest);
    assert_empty(newest);
    newest_free(newest);
}

static void many_keys_come_back_in_their_order(void **state)
{
    (void)state;
    struct newest *newest = newest_new(KEYS, PLENTY);
    char key[16];
    char value[16];
    for (int i = 0; i < KEYS; i++) {
        (void)snprintf(key, sizeof key, "w-%d", (i * 7919) % KEYS);
        (void)snprintf(value, sizeof value, "%d", i);
        assert_true(newest_put(newest, text_of(key), text_of(value)));
    }
    assert_int_equal(newest_count(newest), KEYS);
    for (int i = 0; i < KEYS; i++) {
        (void)snprintf(key, sizeof key, "w-%d", (i * 7919) % KEYS);
        (void)snprintf(value, sizeof value, "%d", i);
        assert_taken(newest, key, value);
    }
    assert_empty(newest);
    newest_free(newest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_value_takes_place_of_earlier),
        cmocka_unit_test(what_is_taken_lives_until_next_call),
        cmocka_unit_test(dropped_key_is_not_taken),
        cmocka_unit_test(key_beyond_cap_is_refused_and_known_one_still_renewed),
        cmocka_unit_test(value_beyond_bytes_is_refused_and_former_one_stays),
        cmocka_unit_test(many_keys_come_back_in_their_order),
    };
    return cmocka_run_group_tests_name("base/newest", tests, NULL, NULL);
}

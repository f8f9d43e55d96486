/* test_items.c -- texts packed one after another, as msgpack-c reads them back. */
#include "codec/items.h"

#include <msgpack/unpack.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct packed {
    struct buf bytes;
    size_t at;
    msgpack_unpacked next;
};

static msgpack_object next_of(struct packed *packed)
{
    assert_int_equal(msgpack_unpack_next(&packed->next, packed->bytes.data, packed->bytes.len, &packed->at),
                     MSGPACK_UNPACK_SUCCESS);
    return packed->next.data;
}

static void assert_next_text(struct packed *packed, const char *expected)
{
    msgpack_object item = next_of(packed);
    assert_int_equal(item.type, MSGPACK_OBJECT_STR);
    assert_int_equal(item.via.str.size, strlen(expected));
    assert_memory_equal(item.via.str.ptr, expected, strlen(expected));
}

static int set_up(void **state)
{
    static struct packed packed;
    packed = (struct packed){0};
    msgpack_unpacked_init(&packed.next);
    *state = &packed;
    return 0;
}

static int tear_down(void **state)
{
    struct packed *packed = *state;
    msgpack_unpacked_destroy(&packed->next);
    buf_fini(&packed->bytes);
    return 0;
}

static void numbers_are_packed_as_texts(void **state)
{
    struct packed *packed = *state;
    items_opt_int(&packed->bytes, (struct opt_int){.set = true, .value = -42});
    items_opt_real(&packed->bytes, (struct opt_real){.set = true, .value = 12.5});
    assert_next_text(packed, "-42");
    assert_next_text(packed, "12.5");
}

static void nil_is_packed_as_such(void **state)
{
    struct packed *packed = *state;
    items_nil(&packed->bytes);
    assert_int_equal(next_of(packed).type, MSGPACK_OBJECT_NIL);
}

static void what_is_absent_is_an_empty_text(void **state)
{
    struct packed *packed = *state;
    items_text(&packed->bytes, (struct text){0});
    items_opt_int(&packed->bytes, (struct opt_int){0});
    items_opt_real(&packed->bytes, (struct opt_real){0});
    for (int i = 0; i < 3; i++) {
        assert_next_text(packed, "");
    }
}

static void list_holds_the_items_that_follow(void **state)
{
    struct packed *packed = *state;
    items_list(&packed->bytes, 2);
    items_text(&packed->bytes, text_of("a"));
    items_text(&packed->bytes, text_of("b"));
    items_false(&packed->bytes);
    msgpack_object list = next_of(packed);
    assert_int_equal(list.type, MSGPACK_OBJECT_ARRAY);
    assert_int_equal(list.via.array.size, 2);
    assert_int_equal(list.via.array.ptr[1].via.str.ptr[0], 'b');
    msgpack_object end = next_of(packed);
    assert_int_equal(end.type, MSGPACK_OBJECT_BOOLEAN);
    assert_false(end.via.boolean);
    assert_int_equal(packed->at, packed->bytes.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers_are_packed_as_texts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nil_is_packed_as_such, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_absent_is_an_empty_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(list_holds_the_items_that_follow, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("codec/items", tests, NULL, NULL);
}

/* test_buf.c -- growing, reusing, and remembering that there was no memory. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The linker puts this in realloc's place (--wrap), so that memory can run out. */
void *__wrap_realloc(void *data, size_t size);
void *__real_realloc(void *data, size_t size);
static bool out_of_memory;

void *__wrap_realloc(void *data, size_t size)
{
    return out_of_memory ? NULL : __real_realloc(data, size);
}

static void append_many_keeps_every_byte(void **state)
{
    (void)state;
    struct buf buf = {0};
    for (int i = 0; i < 10000; i++) {
        char byte = (char)(i % 127);
        buf_append(&buf, &byte, 1);
    }
    assert_int_equal(buf.len, 10000);
    assert_false(buf.failed);
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(buf.data[i], i % 127);
    }
    buf_fini(&buf);
}

static void append_nothing_allocates_nothing(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_append(&buf, NULL, 0);
    buf_append_text(&buf, (struct text){0});
    buf_append_string(&buf, "");
    assert_null(buf.data);
    assert_true(text_is(buf_text(&buf), ""));
    buf_fini(&buf);
}

static void clear_keeps_memory_for_next_use(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_append_string(&buf, "first");
    const char *data = buf.data;
    buf_clear(&buf);
    buf_append_string(&buf, "again");
    assert_ptr_equal(buf.data, data);
    assert_true(text_is(buf_text(&buf), "again"));
    buf_fini(&buf);
    assert_null(buf.data);
    assert_int_equal(buf.cap, 0);
}

static void printf_longer_than_room_grows(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_append_string(&buf, "x");
    buf_printf(&buf, "%0500d|%s", 7, "end");
    assert_int_equal(buf.len, 505);
    assert_string_equal(buf_terminated(&buf) + 500, "7|end");
    buf_fini(&buf);
}

static void terminated_at_full_capacity_grows(void **state)
{
    (void)state;
    struct buf buf = {0};
    do {
        buf_append(&buf, "y", 1);
    } while (buf.len < buf.cap);
    size_t len = buf.len;
    assert_int_equal(strlen(buf_terminated(&buf)), len);
    assert_int_equal(buf.len, len);
    buf_fini(&buf);
}

static void reserve_overflow_fails_until_cleared(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_append_string(&buf, "kept");
    assert_false(buf_reserve(&buf, SIZE_MAX));
    assert_true(buf.failed);
    assert_null(buf_terminated(&buf));
    assert_true(text_is(buf_text(&buf), "kept"));
    buf_append_string(&buf, "!");
    assert_true(buf.failed);
    buf_clear(&buf);
    assert_string_equal(buf_terminated(&buf), "");
    buf_fini(&buf);
}

static void append_without_memory_fails_and_keeps_content(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_append_string(&buf, "kept");
    out_of_memory = true;
    buf_printf(&buf, "%0500d", 1);
    out_of_memory = false;
    assert_true(buf.failed);
    assert_true(text_is(buf_text(&buf), "kept"));
    buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(append_many_keeps_every_byte),
        cmocka_unit_test(append_nothing_allocates_nothing),
        cmocka_unit_test(clear_keeps_memory_for_next_use),
        cmocka_unit_test(printf_longer_than_room_grows),
        cmocka_unit_test(terminated_at_full_capacity_grows),
        cmocka_unit_test(reserve_overflow_fails_until_cleared),
        cmocka_unit_test(append_without_memory_fails_and_keeps_content),
    };
    return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}

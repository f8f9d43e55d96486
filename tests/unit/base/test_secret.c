/* test_secret.c -- what fits into the caller's room, and what does not. */
#include "base/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/muster-test-secret-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 || close(fd) != 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(const char *content, size_t len)
{
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    assert_int_equal(fwrite(content, 1, len, stream), len);
    assert_int_equal(fclose(stream), 0);
}

static void read_without_newline_takes_all(void **state)
{
    (void)state;
    char secret[8] = "";
    struct fault fault = {0};
    write_file("se cret", 7);
    assert_int_equal(secret_read(path, secret, sizeof secret, &fault), ERR_OK);
    assert_string_equal(secret, "se cret");
}

static void read_longer_than_room_is_invalid_and_leaves_out_alone(void **state)
{
    (void)state;
    char secret[8] = "before";
    struct fault fault = {0};
    write_file("se-crets\n", 9);
    assert_int_equal(secret_read(path, secret, sizeof secret, &fault), ERR_INVALID);
    assert_non_null(strstr(fault.text, "1 to 7 bytes"));
    assert_string_equal(secret, "before");
}

static void read_endless_line_is_invalid(void **state)
{
    (void)state;
    static char content[10000];
    static char secret[8192];
    struct fault fault = {0};
    memset(content, 'x', sizeof content);
    write_file(content, sizeof content);
    assert_int_equal(secret_read(path, secret, sizeof secret, &fault), ERR_INVALID);
}

static void read_empty_file_is_invalid(void **state)
{
    (void)state;
    char secret[8] = "before";
    struct fault fault = {0};
    write_file("", 0);
    assert_int_equal(secret_read(path, secret, sizeof secret, &fault), ERR_INVALID);
    assert_string_equal(secret, "before");
}

static void read_folder_is_io_error(void **state)
{
    (void)state;
    char secret[8] = "before";
    struct fault fault = {0};
    assert_int_equal(secret_read("/tmp", secret, sizeof secret, &fault), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_without_newline_takes_all),
        cmocka_unit_test(read_longer_than_room_is_invalid_and_leaves_out_alone),
        cmocka_unit_test(read_endless_line_is_invalid),
        cmocka_unit_test(read_empty_file_is_invalid),
        cmocka_unit_test(read_folder_is_io_error),
    };
    return cmocka_run_group_tests_name("base/secret", tests, set_up, tear_down);
}

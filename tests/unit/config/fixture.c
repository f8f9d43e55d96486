/* fixture.c -- the file is made and removed with each test. */
#include "unit/config/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

int fixture_set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    if (fixture == NULL) {
        return -1;
    }
    (void)snprintf(fixture->file, sizeof fixture->file, "/tmp/muster-test-config-XXXXXX");
    int fd = mkstemp(fixture->file);
    if (fd < 0) {
        free(fixture);
        return -1;
    }
    (void)close(fd);
    *state = fixture;
    return 0;
}

int fixture_tear_down(void **state)
{
    struct fixture *fixture = *state;
    (void)unlink(fixture->file);
    buf_fini(&fixture->errors);
    free(fixture);
    return 0;
}

void fixture_write(const struct fixture *fixture, const char *content, size_t len)
{
    FILE *stream = fopen(fixture->file, "w");
    assert_non_null(stream);
    assert_int_equal(fwrite(content, 1, len, stream), len);
    assert_int_equal(fclose(stream), 0);
}

/* fixture.h -- one configuration file in the temporary folder, and what loading it brought. */
#ifndef MUSTER_TESTS_UNIT_CONFIG_FIXTURE_H
#define MUSTER_TESTS_UNIT_CONFIG_FIXTURE_H

#include "config/config.h"

struct fixture {
    char file[64];
    struct config config;
    struct config_sources sources;
    struct buf errors;
};

/* fixture_set_up and fixture_tear_down are cmocka's set-up and tear-down of one test. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/* fixture_write makes the content that of the file; it ends the test where that fails. */
void fixture_write(const struct fixture *fixture, const char *content, size_t len);

#endif

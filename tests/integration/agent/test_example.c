/* test_example.c -- the README's example lives its whole life, linked with the shared and with the static library. */
#include "registry.h"

#include <signal.h>
#include <stdio.h>

static struct registry registry;

static int set_up(void **state)
{
    (void)state;
    registry_open(&registry);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    registry_close(&registry);
    return 0;
}

static void live(const char *program)
{
    struct process process = {0};
    struct fault fault = {0};
    char log[FOLDER_PATH_MAX + 64];
    const char *const argv[] = {program, registry.server.uri, NULL};
    (void)snprintf(log, sizeof log, "%s/example.log", registry.server.folder);
    assert_int_equal(process_start(&process, argv, NULL, log, &fault), ERR_OK);
    (void)registry_accept(&registry, "example-1", 7, 100);
    (void)registry_hear(&registry, "example-1", "heartbeat");
    process_signal(&process, SIGTERM);
    registry_answer(&registry, registry_hear(&registry, "example-1", "deregister"), "{\"code\":\"ok\"}");
    assert_true(process_wait(&process, PATIENCE_MS));
    assert_int_equal(process_exit_status(&process), 0);
}

static void example_with_shared_library_registers_and_leaves(void **state)
{
    (void)state;
    live(EXAMPLE_SHARED);
}

static void example_with_static_library_registers_and_leaves(void **state)
{
    (void)state;
    live(EXAMPLE_STATIC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_with_shared_library_registers_and_leaves),
        cmocka_unit_test(example_with_static_library_registers_and_leaves),
    };
    return cmocka_run_group_tests_name("integration/agent/example", tests, set_up, tear_down);
}

/* musterctl.c -- see musterctl.h. */
#include "e2e/musterctl.h"

#include <string.h>

enum { ARGS_MAX = 32 };

void musterctl(const struct world *world, struct run *run, int status, const char *const args[])
{
    const char *argv[ARGS_MAX] = {MUSTER_BIN_DIR "/musterctl", "--uri", world->broker.uri};
    size_t count = 3;
    while (*args != NULL && count < ARGS_MAX - 1) {
        argv[count++] = *args++;
    }
    run_program(run, world->folder, argv, NULL);
    if (run->status != status) {
        fail_msg("musterctl exited with %d instead of %d: %s%s", run->status, status, run->out, run->err);
    }
}

void musterctl_says(const struct world *world, int status, const char *const args[], const char *fragment)
{
    struct run run;
    musterctl(world, &run, status, args);
    assert_has(run.out, fragment);
    run_free(&run);
}

json_t *musterctl_document(const struct world *world, const char *const args[])
{
    struct run run;
    json_error_t error;
    musterctl(world, &run, DONE, args);
    json_t *document = json_loads(run.out, 0, &error);
    if (document == NULL) {
        fail_msg("not JSON (%s): %s", error.text, run.out);
    }
    run_free(&run);
    return document;
}

void assert_has(const char *text, const char *fragment)
{
    if (strstr(text, fragment) == NULL) {
        fail_msg("\"%s\" is not in: %s", fragment, text);
    }
}

void assert_lacks(const char *text, const char *fragment)
{
    if (strstr(text, fragment) != NULL) {
        fail_msg("\"%s\" is in: %s", fragment, text);
    }
}

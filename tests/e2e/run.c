/* run.c -- a shell parts the two outputs before it becomes the program. */
#include "e2e/run.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void name_files(struct run *run, const char *folder)
{
    static unsigned number = 0;
    number++;
    (void)snprintf(run->out_path, sizeof run->out_path, "%s/run-%u.out", folder, number);
    (void)snprintf(run->err_path, sizeof run->err_path, "%s/run-%u.err", folder, number);
}

void run_begin(struct run *run, const char *folder, const char *const argv[], const char *const env[])
{
    struct fault fault = {0};
    const char *all[RUN_ARGS_MAX + 6] = {"sh", "-c", "err=$1; shift; exec \"$@\" 2>\"$err\"", "sh", run->err_path};
    size_t count = 5;
    *run = (struct run){.status = -1};
    name_files(run, folder);
    for (size_t i = 0; argv[i] != NULL && i < RUN_ARGS_MAX; i++) {
        all[count++] = argv[i];
    }
    if (process_start(&run->process, all, env, run->out_path, &fault) != ERR_OK) {
        fail_msg("%s", fault.text);
    }
}

char *run_written(const struct run *run)
{
    char *written = folder_read(run->out_path);
    return written != NULL ? written : calloc(1, 1);
}

void run_end(struct run *run)
{
    bool has_ended = process_wait(&run->process, RUN_PATIENCE_MS);
    if (!has_ended) {
        process_stop(&run->process, SIGKILL);
    }
    run->status = process_exit_status(&run->process);
    run->out = run_written(run);
    run->err = folder_read(run->err_path);
    if (!has_ended) {
        fail_msg("it did not end within %d ms; it wrote: %s%s", RUN_PATIENCE_MS, run->out, run->err);
    }
}

void run_program(struct run *run, const char *folder, const char *const argv[], const char *const env[])
{
    run_begin(run, folder, argv, env);
    run_end(run);
}

void run_free(struct run *run)
{
    free(run->out);
    free(run->err);
    run->out = NULL;
    run->err = NULL;
}

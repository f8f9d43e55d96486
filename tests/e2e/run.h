/* run.h -- runs a program to its end and has what it wrote, its standard output apart from its standard error. */
#ifndef MUSTER_TESTS_E2E_RUN_H
#define MUSTER_TESTS_E2E_RUN_H

#include "support/process.h"

enum { RUN_ARGS_MAX = 40, RUN_PATIENCE_MS = 30000 };

struct run {
    struct process process;
    char out_path[FOLDER_PATH_MAX + 64];
    char err_path[FOLDER_PATH_MAX + 64];
    int status; /* once it has ended: as process_exit_status */
    char *out;
    char *err;
};

/*
 * run_begin starts argv (NULL at the end) with more environment ("NAME=value", NULL at the end, or NULL); what it
 * writes goes to two new files in the folder. run_end waits for its end and fills in the rest; run_free frees that.
 * run_program is both. Each ends the test where it cannot do its part.
 */
void run_begin(struct run *run, const char *folder, const char *const argv[], const char *const env[]);
void run_end(struct run *run);
void run_program(struct run *run, const char *folder, const char *const argv[], const char *const env[]);
void run_free(struct run *run);

/* run_written is what it has written to its standard output so far; the caller frees it. */
char *run_written(const struct run *run);

#endif

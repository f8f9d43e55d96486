/* process.h -- child processes of a test: started, signalled by pid, waited for with a deadline. */
#ifndef MUSTER_TESTS_SUPPORT_PROCESS_H
#define MUSTER_TESTS_SUPPORT_PROCESS_H

#include "base/err.h"
#include "support/folder.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* All zero: never started. log_path is the file that has both its standard output and its standard error. */
struct process {
    pid_t pid; /* 0 once it has been waited for */
    char log_path[FOLDER_PATH_MAX + 64];
    int status; /* as waitpid gives it, once it has ended */
};

/* process_find looks a program up: a path with a slash as it is, else in PATH, /usr/sbin, /usr/local/sbin. */
enum err process_find(const char *name, char *out_path, size_t size, struct fault *out_fault) MUST_USE;

/*
 * process_start runs argv (argv[0] as process_find understands it, NULL at the end) with the environment of the test
 * plus env ("NAME=value", NULL at the end; NULL: nothing more). Its output is appended to log_path. It gets SIGKILL
 * when the thread that started it ends, so start it from the test's main thread. A program that cannot be run is
 * ERR_NOT_FOUND.
 */
enum err process_start(struct process *process, const char *const argv[], const char *const env[], const char *log_path,
                       struct fault *out_fault) MUST_USE;

/* process_signal sends a signal to a running process; nothing to one that has ended. */
void process_signal(const struct process *process, int signal);

/* process_is_running reaps the process if it has ended, and says whether it has not. */
bool process_is_running(struct process *process);

/* process_wait waits for its end and reaps it; false when it still runs after timeout_ms. */
bool process_wait(struct process *process, int timeout_ms);

/* process_exit_status is the status it exited with, 128 + the signal that ended it, or -1 while it runs. */
int process_exit_status(const struct process *process);

/* process_stop sends the signal, waits, and sends SIGKILL to one that still runs after 5 seconds. Safe to repeat. */
void process_stop(struct process *process, int signal);

/* process_log is what it has written so far, terminated; the caller frees it. NULL when there is none. */
char *process_log(const struct process *process);

#endif

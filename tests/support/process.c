/* process.c -- fork, exec, and waiting with a deadline. */
#include "support/process.h"

#include "support/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STOP_MS = 5000, REAP_MS = 10000, SIGNALLED_STATUS = 128 };

static bool found_in(const char *folder, size_t folder_len, const char *name, char *out_path, size_t size)
{
    int len = snprintf(out_path, size, "%.*s/%s", (int)folder_len, folder, name);
    return len > 0 && (size_t)len < size && access(out_path, X_OK) == 0;
}

enum err process_find(const char *name, char *out_path, size_t size, struct fault *out_fault)
{
    if (strchr(name, '/') != NULL) {
        int len = snprintf(out_path, size, "%s", name);
        return len > 0 && (size_t)len < size && access(name, X_OK) == 0
                   ? ERR_OK
                   : fault_set(out_fault, ERR_NOT_FOUND, "%s: %s", name, strerror(errno));
    }
    char folders[4096];
    const char *path = getenv("PATH");
    (void)snprintf(folders, sizeof folders, "%s:/usr/sbin:/usr/local/sbin", path != NULL ? path : "/usr/bin");
    for (const char *folder = folders; *folder != '\0';) {
        size_t len = strcspn(folder, ":");
        if (len > 0 && found_in(folder, len, name, out_path, size)) {
            return ERR_OK;
        }
        folder += len + (folder[len] == ':' ? 1 : 0);
    }
    return fault_set(out_fault, ERR_NOT_FOUND, "%s is not installed: looked in %s", name, folders);
}

/* After fork in a program with threads only this is safe: no allocation, no lock. */
static void run_child(const char *path, const char *const argv[], char **environment, int log, pid_t parent)
{
    union {
        const char *const *in;
        char **out;
    } arguments = {.in = argv};
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(1);
    }
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    (void)dup2(nothing, STDIN_FILENO);
    (void)dup2(log, STDOUT_FILENO);
    (void)dup2(log, STDERR_FILENO);
    (void)execve(path, arguments.out, environment);
    _exit(127);
}

/* The test's own environment, with env's entries before it: the first of a name counts. */
static char **make_environment(const char *const env[])
{
    size_t count = 0;
    size_t extra = 0;
    while (environ[count] != NULL) {
        count++;
    }
    while (env != NULL && env[extra] != NULL) {
        extra++;
    }
    char **all = calloc(count + extra + 1, sizeof *all);
    if (all == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < extra; i++) {
        union {
            const char *in;
            char *out;
        } entry = {.in = env[i]};
        all[i] = entry.out;
    }
    memcpy(all + extra, environ, count * sizeof *all);
    return all;
}

enum err process_start(struct process *process, const char *const argv[], const char *const env[], const char *log_path,
                       struct fault *out_fault)
{
    char path[FOLDER_PATH_MAX];
    enum err err = process_find(argv[0], path, sizeof path, out_fault);
    if (err != ERR_OK) {
        return err;
    }
    *process = (struct process){0};
    (void)snprintf(process->log_path, sizeof process->log_path, "%s", log_path);
    char **environment = make_environment(env);
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    pid_t parent = getpid();
    pid_t pid = environment != NULL && log >= 0 ? fork() : -1;
    if (pid == 0) {
        run_child(path, argv, environment, log, parent);
    }
    if (pid < 0) {
        err = fault_set(out_fault, ERR_IO, "%s cannot be started: %s", path, strerror(errno));
    } else {
        process->pid = pid;
    }
    if (log >= 0) {
        (void)close(log);
    }
    free(environment);
    return err;
}

void process_signal(const struct process *process, int signal)
{
    if (process->pid > 0) {
        (void)kill(process->pid, signal);
    }
}

bool process_is_running(struct process *process)
{
    if (process->pid > 0 && waitpid(process->pid, &process->status, WNOHANG) == process->pid) {
        process->pid = 0;
    }
    return process->pid > 0;
}

static bool has_ended(void *context)
{
    return !process_is_running(context);
}

bool process_wait(struct process *process, int timeout_ms)
{
    return wait_until(has_ended, process, timeout_ms);
}

int process_exit_status(const struct process *process)
{
    if (process->pid > 0) {
        return -1;
    }
    return WIFSIGNALED(process->status) ? SIGNALLED_STATUS + WTERMSIG(process->status) : WEXITSTATUS(process->status);
}

void process_stop(struct process *process, int signal)
{
    process_signal(process, signal);
    if (!process_wait(process, STOP_MS)) {
        process_signal(process, SIGKILL);
        (void)process_wait(process, REAP_MS);
    }
}

char *process_log(const struct process *process)
{
    return folder_read(process->log_path);
}

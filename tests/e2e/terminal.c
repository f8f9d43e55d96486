/* terminal.c -- forkpty, and reading whatever has been written whenever somebody looks. */
#include "e2e/terminal.h"

#include "support/wait.h"

#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#define CURSOR_HOME "\033[H"

static void run_child(const char *const argv[], const char *const env[])
{
    union {
        const char *const *in;
        char **out;
    } arguments = {.in = argv};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (; env != NULL && *env != NULL; env++) {
        union {
            const char *in;
            char *out;
        } entry = {.in = *env};
        (void)putenv(entry.out);
    }
    (void)execv(argv[0], arguments.out);
    _exit(127);
}

void terminal_open(struct terminal *terminal, const char *const argv[], const char *const env[], int rows, int columns)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    *terminal = (struct terminal){.shown = calloc(1, 1)};
    assert_non_null(terminal->shown);
    pid_t pid = forkpty(&terminal->fd, NULL, NULL, &size);
    if (pid == 0) {
        run_child(argv, env);
    }
    assert_true(pid > 0);
    terminal->process.pid = pid;
    assert_int_equal(fcntl(terminal->fd, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(fcntl(terminal->fd, F_SETFD, FD_CLOEXEC), 0);
}

/* A terminal whose program has ended gives what is left, then EIO. */
static void read_all(struct terminal *terminal)
{
    char bytes[4096];
    ssize_t len = 0;
    while ((len = read(terminal->fd, bytes, sizeof bytes)) > 0) {
        char *more = realloc(terminal->shown, terminal->shown_len + (size_t)len + 1);
        assert_non_null(more);
        memcpy(more + terminal->shown_len, bytes, (size_t)len);
        terminal->shown = more;
        terminal->shown_len += (size_t)len;
        terminal->shown[terminal->shown_len] = '\0';
    }
}

static const char *latest_frame(const struct terminal *terminal)
{
    const char *frame = terminal->shown;
    for (const char *at = frame; (at = strstr(at, CURSOR_HOME)) != NULL; at++) {
        frame = at;
    }
    return frame;
}

void terminal_wait(struct terminal *terminal, const char *fragment, int timeout_ms)
{
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    read_all(terminal);
    while (strstr(latest_frame(terminal), fragment) == NULL) {
        if (clock_monotonic_ms() >= deadline_ms) {
            (void)fprintf(stderr, "%s\n", latest_frame(terminal));
            fail_msg("\"%s\" was not shown", fragment);
        }
        wait_a_step();
        read_all(terminal);
    }
}

void terminal_type(struct terminal *terminal, const char *keys)
{
    assert_int_equal(write(terminal->fd, keys, strlen(keys)), (ssize_t)strlen(keys));
}

int terminal_end(struct terminal *terminal, int timeout_ms)
{
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    while (process_is_running(&terminal->process) && clock_monotonic_ms() < deadline_ms) {
        read_all(terminal);
        wait_a_step();
    }
    read_all(terminal);
    return process_exit_status(&terminal->process);
}

void terminal_close(struct terminal *terminal)
{
    process_stop(&terminal->process, SIGKILL);
    (void)close(terminal->fd);
    free(terminal->shown);
    terminal->shown = NULL;
}

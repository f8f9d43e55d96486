/* terminal.h -- a program on a pseudo-terminal: what it shows, and what is typed. Draws nothing itself. */
#ifndef MUSTER_TESTS_E2E_TERMINAL_H
#define MUSTER_TESTS_E2E_TERMINAL_H

#include "support/process.h"

struct terminal {
    struct process process;
    int fd;
    char *shown; /* all that it has written so far, control sequences too; terminated */
    size_t shown_len;
};

/* terminal_open runs argv (NULL at the end) with more environment (or NULL) on a terminal of that size. */
void terminal_open(struct terminal *terminal, const char *const argv[], const char *const env[], int rows, int columns);

/* terminal_wait waits until the latest frame (what follows the last time the cursor went home, or everything where it
 * never did) has the fragment; the test ends where it does not come. */
void terminal_wait(struct terminal *terminal, const char *fragment, int timeout_ms);

/* terminal_type types; control characters do what they do on a terminal. */
void terminal_type(struct terminal *terminal, const char *keys);

/* terminal_end waits for the program's end and returns its exit status, with everything in shown. */
int terminal_end(struct terminal *terminal, int timeout_ms);

void terminal_close(struct terminal *terminal);

#endif

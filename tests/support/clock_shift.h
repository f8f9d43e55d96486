/* clock_shift.h -- a wall clock of its own for child processes, which can be set while they run. Linux with glibc. */
#ifndef MUSTER_TESTS_SUPPORT_CLOCK_SHIFT_H
#define MUSTER_TESTS_SUPPORT_CLOCK_SHIFT_H

#include "support/folder.h"

#include <stdint.h>

/* Give environment to process_start; it points into the struct, which must not move. */
struct clock_shift {
    char folder[FOLDER_PATH_MAX];
    char preload[FOLDER_PATH_MAX + 64];
    char file[FOLDER_PATH_MAX + 64];
    const char *environment[4];
    volatile int64_t *shift_ms;
};

/* clock_shift_new makes one that is not shifted. */
enum err clock_shift_new(struct clock_shift *clock, struct fault *out_fault) MUST_USE;
void clock_shift_free(struct clock_shift *clock);

/* clock_shift_set sets how far the processes' wall clock is ahead of the true one, at once. */
void clock_shift_set(struct clock_shift *clock, int64_t ahead_ms);

#endif

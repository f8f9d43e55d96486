/* wait.h -- waits for a condition until a deadline, asking again and again. Never sleeps longer than it must. */
#ifndef MUSTER_TESTS_SUPPORT_WAIT_H
#define MUSTER_TESTS_SUPPORT_WAIT_H

#include "base/clock.h"

#include <stdbool.h>
#include <time.h>

enum { WAIT_STEP_MS = 5 };

/* Whether what is waited for has come; asked at once and every few milliseconds. */
typedef bool wait_condition_fn(void *context);

/* wait_a_step lets a few milliseconds pass, for loops that test a condition against a deadline themselves. */
static inline void wait_a_step(void)
{
    const struct timespec step = {.tv_nsec = WAIT_STEP_MS * 1000000L};
    (void)nanosleep(&step, NULL);
}

/* wait_until returns true as soon as the condition holds, false when it did not within timeout_ms. */
static inline bool wait_until(wait_condition_fn *condition, void *context, int timeout_ms)
{
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    while (!condition(context)) {
        if (clock_monotonic_ms() >= deadline_ms) {
            return false;
        }
        wait_a_step();
    }
    return true;
}

#endif

/* clock.h -- the only place that reads clocks. Everything else is given now_ms. */
#ifndef MUSTER_BASE_CLOCK_H
#define MUSTER_BASE_CLOCK_H

#include <stdint.h>

/* clock_wall_ms returns milliseconds since 1970; it may jump. */
int64_t clock_wall_ms(void);

/* clock_monotonic_ms returns milliseconds since an arbitrary start; it never goes back, and stops in a suspension. */
int64_t clock_monotonic_ms(void);

/* clock_monotonic_us is the same clock in microseconds, for measuring how long something takes. */
int64_t clock_monotonic_us(void);

/* clock_process_us is the processor time that the process has used so far, clock_thread_us that of this thread. */
int64_t clock_process_us(void);
int64_t clock_thread_us(void);

#endif

/* schedule.h -- many things that are due at some time each, by number: a wheel. Time is given; not shared. */
#ifndef MUSTER_SIM_SCHEDULE_H
#define MUSTER_SIM_SCHEDULE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCHEDULE_TICK_US = 500 };

struct schedule;

/* schedule_new is for the numbers from 0 to count - 1, from time 0 on; NULL without memory. free(NULL) is safe. */
struct schedule *schedule_new(size_t count);
void schedule_free(struct schedule *schedule);

/* schedule_put sets when the number is due, whether it was scheduled before or not; times gone by are due at once. */
void schedule_put(struct schedule *schedule, uint32_t number, int64_t at_us);

/* schedule_drop takes the number out, if it is there. */
void schedule_drop(struct schedule *schedule, uint32_t number);

/*
 * schedule_take takes out the next number that is due; false where none is. None is early, all are at most one tick
 * late, and those of one tick come in the order in which they were put. now_us never goes back.
 */
bool schedule_take(struct schedule *schedule, int64_t now_us, uint32_t *out_number) MUST_USE;

/* schedule_rest_us returns how long nothing will be due, at most limit_us. */
int64_t schedule_rest_us(const struct schedule *schedule, int64_t now_us, int64_t limit_us);

#endif

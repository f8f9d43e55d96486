/* floor.h -- what Redis alone takes for a worker's keys and its heartbeats: plain pipelined commands, with no function
 * around and nothing checked. */
#ifndef MUSTER_TESTS_BENCH_FLOOR_H
#define MUSTER_TESTS_BENCH_FLOOR_H

#include "bench/world.h"

/* floor_register writes the keys of workers that register, as the contract lays them out, into the bare Redis. */
void floor_register(struct world *world, int workers);

/* floor_beat reads and writes what a heartbeat does that changes no load, of a worker that floor_register has written.
 */
void floor_beat(struct world *world, int worker, int64_t seq);

#endif

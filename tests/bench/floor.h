/* floor.h -- what Redis alone takes for a worker's keys, its heartbeats and its silence: plain pipelined commands, with
 * no function around and nothing checked. */
#ifndef MUSTER_TESTS_BENCH_FLOOR_H
#define MUSTER_TESTS_BENCH_FLOOR_H

#include "bench/world.h"

/* floor_register writes the keys of workers that register, as the contract lays them out, into the bare Redis. */
void floor_register(struct world *world, int workers);

/* floor_beat reads and writes what a heartbeat does that changes no load, of a worker that floor_register has written.
 */
void floor_beat(struct world *world, int worker, int64_t seq);

/* floor_silence reads and writes what the first failures of FLOOR_SILENT_MAX workers at most do in one call, of workers
 * that floor_register has written, from the first on. What time takes away is deleted instead.
 */
enum { FLOOR_SILENT_MAX = 100 };
void floor_silence(struct world *world, int first, int count);

#endif

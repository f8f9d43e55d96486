/* floor.h -- what Redis alone takes for a worker's keys: written by plain pipelined commands, with no function around.
 */
#ifndef MUSTER_TESTS_BENCH_FLOOR_H
#define MUSTER_TESTS_BENCH_FLOOR_H

#include "bench/world.h"

/* floor_register writes the keys of workers that register, as the contract lays them out, into the bare Redis. */
void floor_register(struct world *world, int workers);

#endif

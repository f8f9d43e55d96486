/* record.h -- what is to be seen of a run from outside, into its diary: the event stream, what was heard of it, and at
 * the end everything that Redis and the broker keep. */
#ifndef MUSTER_TESTS_E2E_CHAOS_RECORD_H
#define MUSTER_TESTS_E2E_CHAOS_RECORD_H

#include "e2e/world.h"

#include <jansson.h>

/* record_changes writes entries of the event stream, as XRANGE replies them. */
void record_changes(json_t *diary, const redisReply *entries);

/* record_end writes all that the judge wants to know of the end. */
void record_end(struct world *world, json_t *diary);

#endif

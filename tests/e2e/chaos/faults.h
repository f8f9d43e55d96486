/* faults.h -- what a run does to its servers: one fault after another, chosen by the seed. */
#ifndef MUSTER_TESTS_E2E_CHAOS_FAULTS_H
#define MUSTER_TESTS_E2E_CHAOS_FAULTS_H

#include "e2e/world.h"

#include <jansson.h>
#include <stdint.h>

struct faults {
    struct world *world;
    json_t *diary;
    unsigned random;
    int current;     /* index into the table of faults, -1 between two of them */
    int daemon;      /* the daemon that it is done to */
    int64_t next_ms; /* monotonic: when it begins or ends */
    int64_t began_wall_ms;
    struct recorder *thief; /* holds the daemon's client id */
};

void faults_init(struct faults *faults, struct world *world, unsigned seed, json_t *diary);

/* faults_step begins or ends a fault when it is time to; faults_end ends the one that is going on. */
void faults_step(struct faults *faults);
void faults_end(struct faults *faults);

#endif

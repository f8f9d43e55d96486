/*
 * worker.h -- one worker as Redis has it, and reading its fields. Pure; what it points to lives as long as the result
 * that holds it.
 */
#ifndef MUSTER_STORE_WORKER_H
#define MUSTER_STORE_WORKER_H

#include "codec/document.h"
#include "domain/worker.h"

/* Worker and detail hash together. count 0: there is none. */
struct store_worker {
    struct text id;
    const struct field *fields;
    size_t count;
};

/* store_worker_field returns a field's value, absent where it is not there. */
struct text store_worker_field(const struct store_worker *worker, const char *name);
struct opt_int store_worker_int(const struct store_worker *worker, const char *name);

/* How many values a status has, and a health: for what is counted by them. */
enum { STORE_STATUSES = WORKER_INACTIVE + 1, STORE_HEALTHS = HEALTH_FAILED + 1 };

#endif

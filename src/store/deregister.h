/*
 * deregister.h -- a worker leaves, or is sent away, at once or when it has drained. Called and answered as store.h
 * says.
 */
#ifndef MUSTER_STORE_DEREGISTER_H
#define MUSTER_STORE_DEREGISTER_H

#include "domain/code.h"
#include "domain/worker.h"
#include "store/store.h"

struct store_deregistration {
    const struct deregistration *deregistration;
    bool by_operator;
    struct text by;
};

struct store_deregistered {
    enum store_outcome outcome;
    enum reply_code code;
    int64_t active_jobs;
    struct opt_int epoch;
};

typedef void store_deregistered_fn(void *context, const struct store_deregistered *result);
void store_deregister(struct store *store, const struct store_deregistration *deregistration,
                      store_deregistered_fn *done, void *context);

#endif

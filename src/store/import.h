/* import.h -- workers taken over from another registry, with their state. Called and answered as store.h says. */
#ifndef MUSTER_STORE_IMPORT_H
#define MUSTER_STORE_IMPORT_H

#include "base/text.h"
#include "domain/code.h"
#include "domain/worker.h"
#include "store/store.h"

/*
 * An import: store_import_begin, then for each worker its registration and its state, in this order, then
 * store_import_send. With force a worker that is registered is replaced. What is given is copied.
 */
enum { STORE_IMPORTS_MAX = 25 };
struct store_import_result {
    enum reply_code code; /* CODE_COUNT: the registry has the worker with this epoch already, and nothing has changed */
    struct opt_int epoch;
};

struct store_imported {
    enum store_outcome outcome;
    const struct store_import_result *results; /* one for each worker, in order */
    size_t count;
};

typedef void store_imported_fn(void *context, const struct store_imported *result);
void store_import_begin(struct store *store, bool force, struct text by);
void store_import_registration(struct store *store, const struct registration *registration,
                               int64_t heartbeat_timeout_ms, int64_t heartbeat_interval_ms);
void store_import_state(struct store *store, const struct worker_state *state);
void store_import_send(struct store *store, store_imported_fn *done, void *context);

#endif

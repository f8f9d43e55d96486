/* check.h -- everything that is stored, looked at and put right in steps. Called and answered as store.h says. */
#ifndef MUSTER_STORE_CHECK_H
#define MUSTER_STORE_CHECK_H

#include "base/text.h"
#include "store/store.h"
#include "store/worker.h"

/* One step of a check. */
struct store_finding {
    struct text check; /* heartbeat status capacity jobs; index deadlines totals record */
    struct text worker_id;
    bool repaired;
    struct text sentence;
};

struct store_check {
    enum store_outcome outcome;
    struct text run;    /* of store_check_begin: its name */
    bool gone;          /* another check has begun, or this one took too long */
    struct text cursor; /* where the next step begins; absent at the end */
    int64_t results[STORE_HEALTHS];
    const struct store_finding *findings;
    size_t finding_count;
    const struct text *keys; /* to be looked at with store_check_members as well */
    size_t key_count;
};

typedef void store_check_fn(void *context, const struct store_check *result);

/* What the audit trail says of a check; message and by as in a store_operation. */
struct store_check_summary {
    struct text message;
    struct text by;
    int64_t checked;
    int64_t findings;
    int64_t repaired;
};

/*
 * store_check_begin, then store_check_keys until its cursor ends, then store_check_members for each key that was named,
 * then store_check_end, which puts the totals right. Cursors begin with "0".
 */
void store_check_begin(struct store *store, store_check_fn *done, void *context);
void store_check_keys(struct store *store, struct text run, struct text cursor, store_check_fn *done, void *context);
void store_check_members(struct store *store, struct text run, struct text key, struct text cursor,
                         store_check_fn *done, void *context);
void store_check_end(struct store *store, struct text run, const struct store_check_summary *summary,
                     store_check_fn *done, void *context);

#endif

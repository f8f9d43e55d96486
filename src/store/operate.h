/*
 * operate.h -- what operators do to workers, and the note that somebody was refused. Called and answered as store.h
 * says.
 */
#ifndef MUSTER_STORE_OPERATE_H
#define MUSTER_STORE_OPERATE_H

#include "base/text.h"
#include "domain/code.h"
#include "store/store.h"
#include "store/worker.h"

/* message is their reason in words, by who asked; both end up in the event. */
struct store_operation {
    const char *verb; /* recover maintain resume forget cleanup */
    struct text worker_id;
    struct text message;
    struct text by;
};

struct store_operated {
    enum store_outcome outcome;
    enum reply_code code;       /* ok; not_found; deregistered: it has left; forbidden: its state does not allow it */
    struct store_worker worker; /* as it is now, of forget as it was; none with not_found */
};

typedef void store_operated_fn(void *context, const struct store_operated *result);
void store_operate(struct store *store, const struct store_operation *operation, store_operated_fn *done,
                   void *context);

/* store_cleanup cleans up some of the FAILED workers: call it again while any are left. */
struct store_cleaned {
    enum store_outcome outcome;
    int64_t cleaned;
    int64_t left;
};

typedef void store_cleaned_fn(void *context, const struct store_cleaned *result);
void store_cleanup(struct store *store, struct text message, struct text by, store_cleaned_fn *done, void *context);

/*
 * store_refusal puts into the audit trail that somebody's registration was refused; not more than once a minute for
 * each worker, or, where that is absent, for each asker.
 */
struct store_refusal {
    enum reply_code code;
    struct text worker_id;
    struct text message;
    struct text by;
};
void store_refuse(struct store *store, const struct store_refusal *refusal);

#endif

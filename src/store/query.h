/*
 * query.h -- workers read: by their ids, all, or those that something has happened to. Called and answered as store.h
 * says.
 */
#ifndef MUSTER_STORE_QUERY_H
#define MUSTER_STORE_QUERY_H

#include "base/text.h"
#include "domain/worker.h"
#include "store/store.h"
#include "store/worker.h"

struct store_page {
    enum store_outcome outcome;
    struct text next; /* where the next page begins; absent at the end */
    const struct store_worker *workers;
    size_t count;
};

typedef void store_page_fn(void *context, const struct store_page *result);
void store_read(struct store *store, struct text id, store_page_fn *done, void *context);
void store_read_many(struct store *store, const struct text *ids, size_t count, store_page_fn *done, void *context);

/* store_read_gone reads those of the ids only that are no live worker's. */
void store_read_gone(struct store *store, const struct text *ids, size_t count, store_page_fn *done, void *context);

/*
 * store_recent answers the workers of at most most events, those of the last age_ms (place absent) or after place; one
 * that is gone has no fields.
 */
void store_recent(struct store *store, struct text place, int64_t age_ms, size_t most, store_page_fn *done,
                  void *context);

/* store_export answers one page of all records, also of workers that have left. */
void store_export(struct store *store, struct text place, size_t most, store_page_fn *done, void *context);

/* One worker with what is armed for it; count 0: there is none. */
struct store_health {
    enum store_outcome outcome;
    struct store_worker worker;
    int64_t now_ms;            /* Redis's clock */
    struct opt_int alive_ms;   /* until its silence counts */
    struct opt_int recheck_ms; /* until the next check */
    struct opt_int cleanup_ms; /* until it is cleaned up */
};
typedef void store_health_fn(void *context, const struct store_health *result);
void store_health(struct store *store, struct text id, store_health_fn *done, void *context);

/* How many are in which state, and those that are not well, the failed first. */
struct store_summary {
    enum store_outcome outcome;
    int64_t now_ms;
    int64_t total;
    int64_t by_status[STORE_STATUSES];
    int64_t by_health[STORE_HEALTHS];
    const struct store_worker *unwell;
    size_t unwell_count;
};
typedef void store_summary_fn(void *context, const struct store_summary *result);
void store_summary(struct store *store, size_t most, store_summary_fn *done, void *context);

#endif

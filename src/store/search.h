/* search.h -- workers looked for by what they are. Called and answered as store.h says. */
#ifndef MUSTER_STORE_SEARCH_H
#define MUSTER_STORE_SEARCH_H

#include "base/text.h"
#include "store/query.h"
#include "store/store.h"

struct query;

/*
 * Which workers are looked for: those that match the query's status, health, tags, capabilities, zone, name prefix and
 * least free capacity. place is where to go on, as the result before told it; absent: at the beginning.
 */
struct store_search {
    const struct query *query;
    bool schedulable; /* only those that may be given work */
    struct text place;
    size_t most;
};

/* store_list answers one page of at most most workers; it may hold fewer, and none, and not be the last. */
void store_list(struct store *store, const struct store_search *search, store_page_fn *done, void *context);

/*
 * store_pick looks for the workers with the most free capacity, in steps: it is done when next is absent. The best of
 * all results together are the best there are; one may come twice. Where it scans, those that are less free than what
 * has been found need not be told any more (the query's least free capacity may be raised); else they come in order.
 */
struct store_candidate {
    struct text id;
    int64_t free;
};
struct store_picked {
    enum store_outcome outcome;
    struct text next;
    const struct store_candidate *candidates; /* in no order */
    size_t count;
    bool scans; /* from next on */
};
typedef void store_picked_fn(void *context, const struct store_picked *result);
void store_pick(struct store *store, const struct store_search *search, store_picked_fn *done, void *context);

#endif

/*
 * expiry.h -- what is due: found, judged, and taken step by step. Times are Redis's, in ms. Called and answered as
 * store.h says.
 */
#ifndef MUSTER_STORE_EXPIRY_H
#define MUSTER_STORE_EXPIRY_H

#include "base/text.h"
#include "domain/hearing.h"
#include "store/store.h"

/* A step that is due: member is "alive:<id>", "recheck:<id>" or "cleanup:<id>". */
struct store_due {
    struct text member;
    int64_t deadline_ms;
    int64_t duration_ms;
    struct text zone; /* of the worker; empty: none */
};

struct store_step {
    struct text outcome; /* unhealthy failed cleaned_up rechecked rearmed nothing changed */
    int64_t late_ms;
};

struct store_steps {
    enum store_outcome outcome;
    const struct store_step *steps; /* of a claim one for each, in order */
    size_t count;
};

struct store_dues {
    enum store_outcome outcome;
    size_t seen;    /* members that were due in the index, of a sweep */
    size_t staying; /* of those, who are due there on and not told: their event has to come yet */
    bool more;      /* others may be due as well */
    const struct store_due *dues;
    size_t count;
    struct store_steps taken;
};

typedef void store_dues_fn(void *context, const struct store_dues *result);

/*
 * store_sweep touches due keys, after skipping the first skip of the due index, and tells those that are overdue by
 * grace_ms and unclaimed, at most most. Where such a one is the first failure of a steady worker, which no brake holds,
 * and all of its silence was heard, the step is taken at once.
 */
void store_sweep(struct store *store, const struct hearing *hearing, size_t skip, size_t most, int64_t grace_ms,
                 store_dues_fn *done, void *context);

/*
 * store_look tells which of the members (whose keys have expired) are due, since when, and how long they had; steps are
 * taken as store_sweep does.
 */
void store_look(struct store *store, const struct hearing *hearing, const struct text *members, size_t count,
                store_dues_fn *done, void *context);

struct store_claim {
    struct store_due due;
    bool take; /* else arm again, for rest_ms */
    int64_t rest_ms;
};
typedef void store_steps_fn(void *context, const struct store_steps *result);
void store_claim(struct store *store, const char *found_by, const struct store_claim *claims, size_t count,
                 store_steps_fn *done, void *context);

#endif

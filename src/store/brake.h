/* brake.h -- what a brake is judged by, and brakes as saved. Called and answered as store.h says. */
#ifndef MUSTER_STORE_BRAKE_H
#define MUSTER_STORE_BRAKE_H

#include "base/text.h"
#include "codec/document.h"
#include "store/store.h"

/* How many workers there are, and how many of them are missing: UNHEALTHY by silence or will. */
struct store_missing {
    enum store_outcome outcome;
    int64_t workers;
    int64_t missing;
    const struct store_zone_missing {
        struct text zone;
        int64_t workers;
        int64_t missing;
    } * zones; /* those where somebody is missing */
    size_t count;
};

typedef void store_missing_fn(void *context, const struct store_missing *result);
void store_missing(struct store *store, store_missing_fn *done, void *context);

/* Brakes as saved: the scope, and the state as text, in pairs. */
struct store_brakes {
    enum store_outcome outcome;
    const struct field *brakes;
    size_t count;
};

typedef void store_brakes_fn(void *context, const struct store_brakes *result);
void store_brakes(struct store *store, store_brakes_fn *done, void *context);

/* store_save_brake forgets a scope where state is empty. */
struct store_brake_save {
    struct text scope;
    struct text state;
    struct text by; /* the operator who released it; absent: nobody did */
    struct text reason;
};

void store_save_brake(struct store *store, const struct store_brake_save *save, store_done_fn *done, void *context);

#endif

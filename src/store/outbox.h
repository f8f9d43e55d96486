/*
 * outbox.h -- the stream of events as what is to be told, and how far it has been. Called and answered as store.h says.
 */
#ifndef MUSTER_STORE_OUTBOX_H
#define MUSTER_STORE_OUTBOX_H

#include "base/text.h"
#include "store/store.h"
#include "store/stream.h"
#include "store/worker.h"

struct store_outbox {
    enum store_outcome outcome;
    const struct store_event *events; /* oldest first */
    size_t event_count;
    const struct store_worker *workers; /* those that the events are about, as they were a moment later */
    size_t worker_count;
};

typedef void store_outbox_fn(void *context, const struct store_outbox *result);

/*
 * store_outbox reads the next events after that id, STORE_OUTBOX_MAX at most; "": after the cursor. Not to be called
 * again before it has answered, which takes longer than one call, so that later ones may be answered before.
 */
enum { STORE_OUTBOX_MAX = 200 };
void store_outbox(struct store *store, const char *after, store_outbox_fn *done, void *context);

/* store_advance notes that all events up to that id have been told. */
void store_advance(struct store *store, const char *cursor, store_done_fn *done, void *context);

#endif

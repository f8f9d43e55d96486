/* stream.h -- the stream of events as the audit trail. Called and answered as store.h says. */
#ifndef MUSTER_STORE_STREAM_H
#define MUSTER_STORE_STREAM_H

#include "base/text.h"
#include "codec/document.h"
#include "store/store.h"

struct query;

struct store_event {
    struct text id;
    const struct field *fields;
    size_t count;
};

/* store_event_field returns a field's value, absent where it is not there. */
struct text store_event_field(const struct store_event *event, const char *name);

struct store_events {
    enum store_outcome outcome;
    struct text next;   /* the last id looked at: continue after it */
    bool more;          /* there is something after it */
    struct text oldest; /* id of the oldest event that is kept */
    bool truncated;     /* events after the id asked for may be gone */
    const struct store_event *events;
    size_t count;
};

typedef void store_events_fn(void *context, const struct store_events *result);

/*
 * store_events looks at a few hundred events after the id (absent: from the oldest on) for those of the query's worker
 * and type.
 */
void store_events(struct store *store, const struct query *query, struct text after, size_t limit,
                  store_events_fn *done, void *context);

/* store_last_event answers only next: the id of the latest event, "0-0" where there is none. */
void store_last_event(struct store *store, store_events_fn *done, void *context);

#endif

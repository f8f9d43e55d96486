/*
 * store.h -- the workers' state in Redis: each change one atomic function call. Knows nothing of MQTT.
 *
 * Everything is called from the loop thread and answers on it, through the callback given, exactly once, never before
 * the call has returned. What a result points to lives until its callback returns. Calls are answered in the order in
 * which they were made: all go down one connection.
 */
#ifndef MUSTER_STORE_STORE_H
#define MUSTER_STORE_STORE_H

#include "base/histogram.h"
#include "codec/document.h"
#include "domain/hearing.h"
#include "domain/pace.h"
#include "domain/timebase.h"
#include "domain/worker.h"
#include "store/worker.h"

#include <event2/event.h>

struct store;

/* Strings are copied. */
struct store_options {
    struct event_base *base;
    const char *uri;      /* redis://[user@]host[:port][/db] or unix:///path[?db=n] */
    const char *password; /* NULL: none */
    const char *prefix;   /* of every key */
    const char
        *sentinel; /* name@host[:port],…: the master that these Sentinels name, not the uri's host; empty: none */
    const char *sentinel_password; /* NULL: none */
};

/* What the functions need to know of the configuration; may be changed at any time. */
struct store_policy {
    int64_t check_interval_ms;
    int64_t max_consecutive_failures;
    bool auto_recovery;
    int64_t cleanup_threshold_ms;
    int64_t archive_seconds;
    int64_t merge_ms; /* a worker may have been heard so long after Redis was told of it last */
    int64_t max_attempts;
    int64_t retry_delay_ms;
    int64_t max_workers;
    int64_t events_max_length;
    int64_t flap_count; /* 0: nobody is held for flapping */
    int64_t flap_window_ms;
    int64_t flap_hold_ms;
    int64_t flap_hold_max_ms;
};

/* What the store tells by itself. */
struct store_listener {
    void *owner;
    void (*up)(void *owner);                          /* connected, checked, functions loaded, subscribed */
    void (*down)(void *owner, const char *reason);    /* was up, or could not get up; it tries again by itself */
    void (*expired)(void *owner, struct text member); /* "alive:<id>" and so on: its key has expired */
    void (*clock_jumped)(void *owner);                /* Redis's clock has jumped against ours */
    void (*changed)(void *owner);                     /* events were added to the stream */
};

/* store_new checks the uri; ERR_INVALID names it. store_free(NULL) is safe; open calls are answered as unavailable. */
enum err store_new(const struct store_options *options, const struct store_listener *listener, struct store **out_store,
                   struct fault *out_fault) MUST_USE;
void store_free(struct store *store);

/* store_start begins to connect, and to connect again whenever the connection is lost. */
void store_start(struct store *store);

/* store_tick gives up a connection that has left a call unanswered for too long. Call it a few times a second. */
void store_tick(struct store *store);

bool store_is_up(const struct store *store);

/* store_place is where Redis is: its uri, or the master that Sentinel has named. */
const char *store_place(const struct store *store);

void store_set_policy(struct store *store, const struct store_policy *policy);

/* The fencing token that writing calls carry from now on. */
void store_set_token(struct store *store, struct text token);

/* Redis's clock on our monotonic time. */
const struct timebase *store_clock(const struct store *store);

/* How long calls took, in microseconds; lives as long as the store. */
const struct histogram *store_call_times(const struct store *store);

/* How a call ended. Anything but STORE_DONE: the other fields of a result mean nothing. */
enum store_outcome {
    STORE_DONE,
    STORE_UNAVAILABLE, /* not connected, or the connection broke: it is not known whether it happened */
    STORE_FENCED,      /* this daemon is not the active one; nothing was written */
    STORE_LATE,        /* decided too long ago; nothing was written */
    STORE_REFUSED,     /* Redis said no (out of memory, read-only, …); nothing was written */
    STORE_BROKEN,      /* the function failed on the way: a part may have been written, and it would fail again */
};

/* For calls that have no result but how they ended. */
typedef void store_done_fn(void *context, enum store_outcome outcome);

/* ---------------------------------------------------------------------------------------- queries */

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
 * all results together are the best there are; one may come twice. next begins with "b" where those that are less
 * free than what has been found need not be told any more (the query's least free capacity may be raised).
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
};
typedef void store_picked_fn(void *context, const struct store_picked *result);
void store_pick(struct store *store, const struct store_search *search, store_picked_fn *done, void *context);

/* store_recent answers the workers of at most most events, those of the last age_ms (place absent) or after place; one
 * that is gone has no fields. */
void store_recent(struct store *store, struct text place, int64_t age_ms, size_t most, store_page_fn *done,
                  void *context);

/* store_export answers one page of all records, also of workers that have left. */
void store_export(struct store *store, struct text place, size_t most, store_page_fn *done, void *context);

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

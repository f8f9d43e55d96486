/*
 * store.h -- the workers' state in Redis: each change one atomic function call. Knows nothing of MQTT.
 *
 * Everything is called from the loop thread and answers on it, through the callback given, exactly once, never before
 * the call has returned. What a result points to lives until its callback returns. Calls are answered in the order in
 * which they were made: all go down one connection.
 */
#ifndef MUSTER_STORE_STORE_H
#define MUSTER_STORE_STORE_H

#include "base/err.h"
#include "base/histogram.h"
#include "base/text.h"
#include "domain/timebase.h"

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

#endif

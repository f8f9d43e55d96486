/*
 * store.h -- the workers' state in Redis: each change one atomic function call. Knows nothing of MQTT.
 *
 * Everything is called from the loop thread and answers on it, through the callback given, exactly once, never before
 * the call has returned. What a result points to lives until its callback returns. Calls are answered in the order in
 * which they were made: all go down one connection.
 */
#ifndef MUSTER_STORE_STORE_H
#define MUSTER_STORE_STORE_H

#include "codec/document.h"
#include "domain/timebase.h"
#include "domain/worker.h"

#include <event2/event.h>

struct store;

/* Strings are copied. */
struct store_options {
    struct event_base *base;
    const char *uri;      /* redis://[user@]host[:port][/db] or unix:///path[?db=n] */
    const char *password; /* NULL: none */
    const char *prefix;   /* of every key */
};

/* What the functions need to know of the configuration; may be changed at any time. */
struct store_policy {
    int64_t check_interval_ms;
    int64_t max_consecutive_failures;
    bool auto_recovery;
    int64_t cleanup_threshold_ms;
    int64_t archive_seconds;
    int64_t max_attempts;
    int64_t retry_delay_ms;
    int64_t max_workers;
    int64_t events_max_length;
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
void store_set_policy(struct store *store, const struct store_policy *policy);

/* The fencing token that writing calls carry from now on. */
void store_set_token(struct store *store, struct text token);

/* Redis's clock on our monotonic time. */
const struct timebase *store_clock(const struct store *store);

/* How a call ended. Anything but STORE_DONE: the other fields of a result mean nothing. */
enum store_outcome {
    STORE_DONE,
    STORE_UNAVAILABLE, /* not connected, or the connection broke: it is not known whether it happened */
    STORE_FENCED,      /* this daemon is not the active one; nothing was written */
    STORE_LATE,        /* decided too long ago; nothing was written */
    STORE_REFUSED,     /* Redis said no (out of memory, read-only, …); nothing was written */
};

/* For calls that have no result but how they ended. */
typedef void store_done_fn(void *context, enum store_outcome outcome);

/* One worker as Redis has it: worker and detail hash together. count 0: there is none. */
struct store_worker {
    struct text id;
    const struct field *fields;
    size_t count;
};

/* store_worker_field returns a field's value, absent where it is not there. */
struct text store_worker_field(const struct store_worker *worker, const char *name);
struct opt_int store_worker_int(const struct store_worker *worker, const char *name);

/* ---------------------------------------------------------------------------------------- what workers do */

struct store_registration {
    const struct registration *registration;
    bool valid; /* false: only count the attempt */
    int64_t heartbeat_timeout_ms;
    int64_t heartbeat_interval_ms;
    struct text by; /* who asked, where it was not the worker itself */
};
struct store_registered {
    enum store_outcome outcome;
    enum reply_code code;
    int64_t retry_after_ms;     /* of rate_limited */
    struct store_worker worker; /* of ok and superseded */
};
typedef void store_registered_fn(void *context, const struct store_registered *result);
void store_register(struct store *store, const struct store_registration *registration, store_registered_fn *done,
                    void *context);

/* A batch of heartbeats: store_heartbeat_add, as often as wanted, then store_heartbeat_send. */
enum { STORE_HEARTBEATS_MAX = 200 };
struct store_heartbeat_answer {
    size_t index; /* in the batch */
    enum reply_code code;
    struct opt_int epoch;
    struct text revoked_jobs_json;
    struct opt_int heartbeat_interval_ms;
};
struct store_heartbeats {
    enum store_outcome outcome;
    const struct store_heartbeat_answer *answers; /* of those that asked or were refused */
    size_t count;
};
typedef void store_heartbeats_fn(void *context, const struct store_heartbeats *result);
void store_heartbeat_add(struct store *store, const struct heartbeat *heartbeat, bool asked);
size_t store_heartbeat_count(const struct store *store);
void store_heartbeat_send(struct store *store, store_heartbeats_fn *done, void *context);

/* store_wills takes wills; late ones were sent some time ago: their workers have an interval to show themselves. */
void store_wills(struct store *store, const struct will *wills, size_t count, bool late, store_done_fn *done,
                 void *context);

struct store_deregistration {
    const struct deregistration *deregistration;
    bool by_operator;
    struct text by;
};
struct store_deregistered {
    enum store_outcome outcome;
    enum reply_code code;
    int64_t active_jobs;
    struct opt_int epoch;
};
typedef void store_deregistered_fn(void *context, const struct store_deregistered *result);
void store_deregister(struct store *store, const struct store_deregistration *deregistration,
                      store_deregistered_fn *done, void *context);

/* ---------------------------------------------------------------------------------------- what time does */

/* A step that is due: member is "alive:<id>", "recheck:<id>" or "cleanup:<id>"; times are Redis's. */
struct store_due {
    struct text member;
    int64_t deadline_ms;
    int64_t duration_ms;
    struct text zone; /* of the worker; empty: none */
};
struct store_dues {
    enum store_outcome outcome;
    size_t seen; /* members that were due in the index, of a sweep */
    const struct store_due *dues;
    size_t count;
};
typedef void store_dues_fn(void *context, const struct store_dues *result);

/* store_sweep touches at most most due keys, after skipping the first skip of the due index, and tells those that
 * are overdue by grace_ms and unclaimed. */
void store_sweep(struct store *store, size_t skip, size_t most, int64_t grace_ms, store_dues_fn *done, void *context);

/* store_look tells which of the members (whose keys have expired) are due, since when, and how long they had. */
void store_look(struct store *store, const struct text *members, size_t count, store_dues_fn *done, void *context);

struct store_claim {
    struct store_due due;
    bool take; /* else arm again, for rest_ms */
    int64_t rest_ms;
};
struct store_step {
    struct text outcome; /* unhealthy failed cleaned_up rechecked rearmed nothing changed */
    int64_t late_ms;
};
struct store_steps {
    enum store_outcome outcome;
    const struct store_step *steps; /* one for each claim, in order */
    size_t count;
};
typedef void store_steps_fn(void *context, const struct store_steps *result);
void store_claim(struct store *store, const char *found_by, const struct store_claim *claims, size_t count,
                 store_steps_fn *done, void *context);

/* ---------------------------------------------------------------------------------------- the brake */

/* How many workers there are, and how many of them are missing: UNHEALTHY by silence or will. */
struct store_missing {
    enum store_outcome outcome;
    int64_t workers;
    int64_t missing;
    const struct store_zone_missing {
        struct text zone;
        int64_t workers;
        int64_t missing;
    } *zones; /* those where somebody is missing */
    size_t count;
};
typedef void store_missing_fn(void *context, const struct store_missing *result);
void store_missing(struct store *store, store_missing_fn *done, void *context);

/* Brakes as saved: the scope, and the state as text, in pairs. store_save_brake forgets a scope where state is empty. */
struct store_brakes {
    enum store_outcome outcome;
    const struct field *brakes;
    size_t count;
};
typedef void store_brakes_fn(void *context, const struct store_brakes *result);
void store_brakes(struct store *store, store_brakes_fn *done, void *context);
void store_save_brake(struct store *store, struct text scope, struct text state, store_done_fn *done, void *context);

/* ---------------------------------------------------------------------------------------- the outbox */

struct store_event {
    struct text id;
    const struct field *fields;
    size_t count;
};
struct store_outbox {
    enum store_outcome outcome;
    const struct store_event *events; /* after the cursor, oldest first */
    size_t event_count;
    const struct store_worker *workers; /* those that the events are about, as they are now */
    size_t worker_count;
};
typedef void store_outbox_fn(void *context, const struct store_outbox *result);
void store_outbox(struct store *store, size_t most, store_outbox_fn *done, void *context);

void store_advance(struct store *store, const char *cursor, store_done_fn *done, void *context);

/* ---------------------------------------------------------------------------------------- the lease */

struct store_lease {
    enum store_outcome outcome;
    struct text token; /* empty: somebody else holds it */
    struct text holder;
    int64_t ttl_ms;
};
typedef void store_lease_fn(void *context, const struct store_lease *result);
void store_acquire(struct store *store, const char *instance, int64_t ttl_ms, store_lease_fn *done, void *context);
void store_renew(struct store *store, int64_t ttl_ms, int64_t since_ms, int64_t until_ms, store_done_fn *done,
                 void *context);
void store_release(struct store *store, store_done_fn *done, void *context);

/* ---------------------------------------------------------------------------------------- queries */

struct store_page {
    enum store_outcome outcome;
    struct text next; /* where the next page begins; absent at the end */
    const struct store_worker *workers;
    size_t count;
};
typedef void store_page_fn(void *context, const struct store_page *result);
void store_read(struct store *store, struct text id, store_page_fn *done, void *context);

/* store_list pages through the workers that match the query's status, health, tags, capabilities and zone. */
void store_list(struct store *store, const struct query *query, size_t limit, store_page_fn *done, void *context);

struct store_events {
    enum store_outcome outcome;
    struct text next; /* the last id looked at: continue after it */
    const struct store_event *events;
    size_t count;
};
typedef void store_events_fn(void *context, const struct store_events *result);
void store_events(struct store *store, const struct query *query, size_t limit, store_events_fn *done, void *context);

#endif

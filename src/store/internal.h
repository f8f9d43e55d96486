/* internal.h -- what the files of the store share: the store itself, and how a function is called and answered. */
#ifndef MUSTER_STORE_INTERNAL_H
#define MUSTER_STORE_INTERNAL_H

#include "base/backoff.h"
#include "store/alert.h"
#include "store/args.h"
#include "store/brake.h"
#include "store/check.h"
#include "store/clock.h"
#include "store/deregister.h"
#include "store/expiry.h"
#include "store/heartbeat.h"
#include "store/import.h"
#include "store/lease.h"
#include "store/library.h"
#include "store/operate.h"
#include "store/outbox.h"
#include "store/query.h"
#include "store/redis.h"
#include "store/register.h"
#include "store/search.h"
#include "store/sentinel.h"
#include "store/statistics.h"
#include "store/store.h"
#include "store/stream.h"
#include "store/will.h"
#include "store/worker.h"

/* Who is told the result of a call; the member in use is known to the call's parser. */
union store_callback {
    store_heartbeats_fn *heartbeats;
    store_deregistered_fn *deregistered;
    store_dues_fn *dues;
    store_steps_fn *steps;
    store_missing_fn *missing;
    store_brakes_fn *brakes;
    store_statistics_fn *statistics;
    store_alerts_fn *alerts;
    store_operated_fn *operated;
    store_cleaned_fn *cleaned;
    store_check_fn *check;
    store_outbox_fn *outbox;
    store_done_fn *done;
    store_lease_fn *lease;
    store_clock_fn *clock;
    store_near_fn *near;
    store_renewed_fn *renewed;
    store_page_fn *page;
    store_imported_fn *imported;
    store_picked_fn *picked;
    store_health_fn *health;
    store_summary_fn *summary;
    store_events_fn *events;
};

/* One open call. result is what the function returned, or the command's reply; NULL unless outcome is STORE_DONE. */
struct call {
    struct store *store;
    struct call *next; /* in the order of asking */
    int64_t asked_ms;
    int64_t asked_us;
    bool plain; /* a command, not a function */
    void (*parse)(struct call *call, enum store_outcome outcome, const redisReply *result);
    union store_callback callback;
    void *context;
};

/* Lists that results are read into; reused, so a result lives until its callback returns. */
struct scratch {
    struct field *fields;
    size_t field_count;
    size_t field_cap;
    void *items;
    size_t items_bytes;
    void *more_items;
    size_t more_items_bytes;
};

struct store {
    struct event_base *base;
    struct store_listener listener;
    struct redis_address address;
    struct sentinel *sentinel; /* NULL: the address is that of the uri */
    char place[512];
    char *password;
    char *prefix;     /* "muster" */
    char *key_prefix; /* "muster:{0}:" */
    char token[32];
    struct store_policy policy;
    char flap[96]; /* the policy about flapping, as the functions read it */
    struct timebase clock;
    int64_t latest_ms; /* the latest that any Redis's clock has shown */
    struct redis_link calls;
    struct redis_link events;
    bool prepared;   /* calls: checked and loaded */
    bool subscribed; /* events */
    bool probing;    /* whether Redis tells of expired keys may not be asked: it is tried */
    bool up;
    struct backoff backoff;
    struct event *retry;
    struct call *oldest;
    struct call *newest;
    struct call *lost; /* could not be sent: answered from the loop */
    struct event *answer_lost;
    int64_t opening_since_ms;
    struct args args;
    struct buf heartbeats; /* the batch being gathered, as items */
    struct buf joined;     /* an item of the one that is being added */
    struct args imports;   /* the import being gathered */
    struct args registrations;
    struct registering *registering; /* those gathered; NULL: none. register.c */
    struct event *register_soon;
    struct outbox_reading *outbox; /* outbox.c */
    size_t heartbeat_count;
    struct scratch scratch;
    struct histogram call_times;
};

/* store_begin starts the arguments of a function: its name, the prefix and, for a writing one, the header. */
enum store_kind { STORE_READS, STORE_WRITES, STORE_DECIDES /* writes, and is refused when late */ };
void store_begin(struct store *store, struct args *args, const char *function, enum store_kind kind);

/* store_send sends what was gathered; the parser is called exactly once, later, and frees nothing. */
void store_send(struct store *store, struct args *args,
                void (*parse)(struct call *call, enum store_outcome outcome, const redisReply *result),
                union store_callback callback, void *context);

/* store_ask sends a plain command instead; its reply is the result. */
void store_ask(struct store *store, struct args *args,
               void (*parse)(struct call *call, enum store_outcome outcome, const redisReply *result),
               union store_callback callback, void *context);

/* register_flush sends the registrations that have been gathered: before any other call, and when the loop has turned.
 */
void register_flush(struct store *store);

/* The outbox as far as it has been read; NULL without memory. outbox_reading_free(NULL) is safe. */
struct outbox_reading *outbox_reading_new(struct store *store);
void outbox_reading_free(struct outbox_reading *reading);

/* parse_done is the parser of a call that has no result but how it ended. */
void parse_done(struct call *call, enum store_outcome outcome, const redisReply *result);

/* store_fail closes both connections, tells why, and tries again later. */
void store_fail(struct store *store, const char *reason);

/* What to do where expired keys are not told of. */
#define PREPARE_EXPIRY_ADVICE "Redis does not tell of expired keys: put notify-keyspace-events Ex into redis.conf"

/* prepare_calls checks the server on the calls connection and loads the functions; then store_prepared. */
void prepare_calls(struct store *store);
void store_prepared(struct store *store);

/* library_note notes that this version's function library is in use. */
void library_note(struct store *store);

/* expiry_subscribe subscribes to expiry events on the events connection; then store_subscribed. */
void expiry_subscribe(struct store *store);
void store_subscribed(struct store *store);

/* expiry_probe lets a key of its own expire; then store_probed, once its event has come. */
void expiry_probe(struct store *store);
void store_probed(struct store *store);

/* Reading replies: reply_text is absent and reply_int 0 where the reply is not what is asked for. */
struct text reply_text(const redisReply *reply);
int64_t reply_int(const redisReply *reply);
struct opt_int reply_opt_int(const redisReply *reply);
struct opt_int text_opt_int(struct text text);                     /* of a text in a reply: it is terminated */
const redisReply *reply_at(const redisReply *array, size_t index); /* NULL beyond the end */
size_t reply_count(const redisReply *array);
enum reply_code reply_code_of(const redisReply *reply); /* unavailable where it is none */

/*
 * scratch_items returns room for count items of size bytes, scratch_more_items a second such list; NULL without
 * memory. scratch_fields appends the name-value pairs of a flat array and returns where they begin as an index, since
 * the list may move while it grows; scratch_reset empties the fields. scratch_room makes room for so many more of them
 * and returns where they are to be put; NULL without memory.
 */
void scratch_reset(struct scratch *scratch);
void *scratch_items(struct scratch *scratch, size_t count, size_t size);
void *scratch_more_items(struct scratch *scratch, size_t count, size_t size);
size_t scratch_fields(struct scratch *scratch, const redisReply *flat);
struct field *scratch_room(struct scratch *scratch, size_t count);
void scratch_fini(struct scratch *scratch);

/* scratch_worker reads one {id, worker, detail}; its fields stay where they are until more are read. */
struct store_worker scratch_worker(struct scratch *scratch, const redisReply *document);

/* scratch_workers reads a list of {id, worker, detail} into items. NULL without memory. */
const struct store_worker *scratch_workers(struct scratch *scratch, const redisReply *list);

/* worker_append_jobs appends the JSON list that Redis keeps of jobs. worker.c */
void worker_append_jobs(struct buf *out, struct texts jobs);

/* query_parse_page parses {next place or '', workers} for a store_page_fn. */
void query_parse_page(struct call *call, enum store_outcome outcome, const redisReply *result);

/* scratch_entries reads stream entries {id, fields} into more items, their fields not yet pointed to. NULL without
 * memory. */
struct store_event *scratch_entries(struct scratch *scratch, const redisReply *list);

#endif

/*
 * outbox.c -- the event stream as it is published: entries, and the workers that they are about, read by plain
 * commands.
 *
 * A function that reads the same takes Redis four times as long, since all of it becomes tables first. What is read of
 * a worker is of one moment all the same: who may write it does so down the same connection, where nothing comes
 * between commands that are sent in one go.
 */
#include "store/outbox.h"

#include "store/internal.h"
#include "store/stream.h"
#include "store/worker.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>

enum { STREAM_ID_BYTES = 48, HASHES_A_WORKER = 2 };

/*
 * What has been read so far. kept has of each event its id, then names and values of its fields; then names and values
 * of each worker: each text behind its length.
 */
struct outbox_reading {
    struct store *store;
    char cursor[STREAM_ID_BYTES]; /* where it was last known to be: mostly it is there still */
    char after[STREAM_ID_BYTES];
    bool from_cursor;
    bool failed;
    struct buf kept;
    struct buf key;
    size_t event_count;
    size_t worker_count;
    size_t field_counts[2 * STORE_OUTBOX_MAX]; /* of events, then of workers */
    size_t field_count;
    size_t about[STORE_OUTBOX_MAX]; /* which event names the worker */
    size_t hashes;                  /* that have been answered */
};

struct outbox_reading *outbox_reading_new(struct store *store)
{
    struct outbox_reading *reading = calloc(1, sizeof *reading);
    if (reading != NULL) {
        reading->store = store;
        (void)snprintf(reading->cursor, sizeof reading->cursor, "0-0");
    }
    return reading;
}

void outbox_reading_free(struct outbox_reading *reading)
{
    if (reading != NULL) {
        buf_fini(&reading->kept);
        buf_fini(&reading->key);
        free(reading);
    }
}

static void keep(struct outbox_reading *reading, struct text text)
{
    buf_append(&reading->kept, &text.len, sizeof text.len);
    buf_append_text(&reading->kept, text);
}

static struct text take(const char **at)
{
    struct text text = {.data = *at + sizeof text.len};
    memcpy(&text.len, *at, sizeof text.len);
    *at = text.data + text.len;
    return text;
}

static void keep_fields(struct outbox_reading *reading, const redisReply *flat, size_t part)
{
    size_t pairs = reply_count(flat) / 2;
    for (size_t i = 0; i < 2 * pairs; i++) {
        keep(reading, reply_text(flat->element[i]));
    }
    reading->field_counts[part] += pairs;
    reading->field_count += pairs;
}

static const struct field *take_fields(struct field **fields, size_t count, const char **at)
{
    const struct field *first = *fields;
    for (size_t i = 0; i < count; i++) {
        struct text name = take(at);
        *(*fields)++ = (struct field){name, take(at)};
    }
    return first;
}

/* Points to what was kept, which does not move any more; false without memory. */
static bool show(struct outbox_reading *reading, struct store_outbox *outbox)
{
    struct scratch *scratch = &reading->store->scratch;
    struct store_event *events = scratch_more_items(scratch, reading->event_count, sizeof *events);
    struct store_worker *workers = scratch_items(scratch, reading->worker_count, sizeof *workers);
    scratch_reset(scratch);
    struct field *fields = scratch_room(scratch, reading->field_count);
    const char *at = reading->kept.data;
    if (events == NULL || workers == NULL || fields == NULL || reading->kept.failed || reading->failed) {
        return false;
    }
    const size_t *count = reading->field_counts;
    for (size_t i = 0; i < reading->event_count; i++, count++) {
        events[i] = (struct store_event){.id = take(&at), .count = *count};
        events[i].fields = take_fields(&fields, *count, &at);
    }
    for (size_t i = 0; i < reading->worker_count; i++, count++) {
        workers[i].id = store_event_field(&events[reading->about[i]], "workerId");
        workers[i].count = *count;
        workers[i].fields = take_fields(&fields, *count, &at);
    }
    outbox->events = events;
    outbox->event_count = reading->event_count;
    outbox->workers = workers;
    outbox->worker_count = reading->worker_count;
    return true;
}

static void finish(struct call *call, enum store_outcome outcome)
{
    struct store_outbox outbox = {.outcome = outcome};
    if (outcome == STORE_DONE && !show(call->store->outbox, &outbox)) {
        outbox.outcome = STORE_UNAVAILABLE;
    }
    call->callback.outbox(call->context, &outbox);
}

static void keep_hash(struct outbox_reading *reading, const redisReply *reply)
{
    size_t worker = reading->hashes++ / HASHES_A_WORKER;
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY) {
        reading->failed = true;
    } else if (worker < reading->worker_count) {
        keep_fields(reading, reply, reading->event_count + worker);
    }
}

static void on_hash(redisAsyncContext *context, void *reply, void *arg)
{
    (void)context;
    keep_hash(arg, reply);
}

static void parse_last_hash(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    keep_hash(call->store->outbox, result);
    finish(call, outcome);
}

static void name_key(struct outbox_reading *reading, const char *kind, struct text id)
{
    buf_clear(&reading->key);
    buf_append_string(&reading->key, reading->store->key_prefix);
    buf_append_string(&reading->key, kind);
    buf_append_text(&reading->key, id);
}

static void ask_hash(struct outbox_reading *reading, const char *kind, struct text id)
{
    static const char command[] = "HGETALL";
    name_key(reading, kind, id);
    const char *argv[] = {command, reading->key.data};
    const size_t lens[] = {sizeof command - 1, reading->key.len};
    if (reading->key.failed ||
        redisAsyncCommandArgv(reading->store->calls.context, on_hash, reading, 2, argv, lens) != REDIS_OK) {
        reading->failed = true;
    }
}

/* The last one is a call: it is waited for, and those before it with it. */
static void ask_hashes(struct call *call, const struct text *ids)
{
    struct store *store = call->store;
    struct outbox_reading *reading = store->outbox;
    size_t last = reading->worker_count - 1;
    register_flush(store);
    for (size_t i = 0; i < last; i++) {
        ask_hash(reading, "worker:", ids[i]);
        ask_hash(reading, "detail:", ids[i]);
    }
    ask_hash(reading, "worker:", ids[last]);
    name_key(reading, "detail:", ids[last]);
    struct args *args = &store->args;
    args_clear(args);
    args_string(args, "HGETALL");
    args_text(args, buf_text(&reading->key));
    store_ask(store, args, parse_last_hash, call->callback, call->context);
}

static const redisReply *value_of(const redisReply *flat, const char *name)
{
    for (size_t i = 0; i + 1 < reply_count(flat); i += 2) {
        if (text_is(reply_text(flat->element[i]), name)) {
            return flat->element[i + 1];
        }
    }
    return NULL;
}

/* What has no revision is for the audit trail alone, but that a worker was forgotten has to be told. */
static const redisReply *worker_in(const redisReply *fields)
{
    bool concerns = value_of(fields, "revision") != NULL || text_is(reply_text(value_of(fields, "type")), "forgotten");
    const redisReply *id = concerns ? value_of(fields, "workerId") : NULL;
    return reply_text(id).len > 0 ? id : NULL;
}

/* Keeps the events, and notes each worker that they are about once. */
static void keep_events(struct outbox_reading *reading, const redisReply *entries, struct text ids[STORE_OUTBOX_MAX])
{
    struct hsearch_data seen = {0};
    size_t count = reply_count(entries);
    if (count > STORE_OUTBOX_MAX || hcreate_r((size_t)2 * STORE_OUTBOX_MAX, &seen) == 0) {
        reading->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const redisReply *fields = reply_at(entries->element[i], 1);
        const redisReply *id = worker_in(fields);
        ENTRY *found = NULL;
        keep(reading, reply_text(reply_at(entries->element[i], 0)));
        keep_fields(reading, fields, i);
        if (id != NULL && hsearch_r((ENTRY){.key = id->str}, FIND, &found, &seen) == 0 &&
            hsearch_r((ENTRY){.key = id->str}, ENTER, &found, &seen) != 0) {
            ids[reading->worker_count] = reply_text(id);
            reading->about[reading->worker_count++] = i;
        }
    }
    reading->event_count = count;
    hdestroy_r(&seen);
}

static void ask_entries(struct outbox_reading *reading, union store_callback callback, void *context);

static void parse_entries(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct outbox_reading *reading = call->store->outbox;
    struct text ids[STORE_OUTBOX_MAX] = {0};
    if (outcome == STORE_DONE && reading->from_cursor && strcmp(reading->cursor, reading->after) != 0) {
        ask_entries(reading, call->callback, call->context);
        return;
    }
    if (outcome == STORE_DONE) {
        keep_events(reading, result, ids);
    }
    if (outcome == STORE_DONE && reading->worker_count > 0 && !reading->failed) {
        ask_hashes(call, ids);
    } else {
        finish(call, outcome);
    }
}

static void ask_entries(struct outbox_reading *reading, union store_callback callback, void *context)
{
    struct store *store = reading->store;
    struct args *args = &store->args;
    if (reading->from_cursor) {
        (void)snprintf(reading->after, sizeof reading->after, "%s", reading->cursor);
    }
    args_clear(args);
    args_string(args, "XRANGE");
    name_key(reading, "events", (struct text){0});
    args_text(args, buf_text(&reading->key));
    buf_clear(&reading->key);
    buf_printf(&reading->key, "(%s", reading->after);
    args_text(args, buf_text(&reading->key));
    args_string(args, "+");
    args_string(args, "COUNT");
    args_int(args, STORE_OUTBOX_MAX);
    store_ask(store, args, parse_entries, callback, context);
}

static void on_cursor(redisAsyncContext *context, void *data, void *arg)
{
    (void)context;
    struct outbox_reading *reading = arg;
    const redisReply *reply = data;
    if (reply == NULL || (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_NIL)) {
        reading->failed = true;
        return;
    }
    struct text cursor = reply_text(reply);
    (void)snprintf(reading->cursor, sizeof reading->cursor, "%.*s", TEXT_ARG(cursor.len > 0 ? cursor : text_of("0-0")));
}

static void clear(struct outbox_reading *reading)
{
    reading->failed = false;
    reading->event_count = 0;
    reading->worker_count = 0;
    reading->field_count = 0;
    reading->hashes = 0;
    memset(reading->field_counts, 0, sizeof reading->field_counts);
    buf_clear(&reading->kept);
}

void store_outbox(struct store *store, const char *after, store_outbox_fn *done, void *context)
{
    struct outbox_reading *reading = store->outbox;
    clear(reading);
    reading->from_cursor = after[0] == '\0';
    if (!reading->from_cursor) {
        (void)snprintf(reading->after, sizeof reading->after, "%s", after);
    } else if (store->up) {
        register_flush(store);
        (void)redisAsyncCommand(store->calls.context, on_cursor, reading, "GET %scursor", store->key_prefix);
    }
    ask_entries(reading, (union store_callback){.outbox = done}, context);
}

void store_advance(struct store *store, const char *cursor, store_done_fn *done, void *context)
{
    struct args *args = &store->args;
    (void)snprintf(store->outbox->cursor, sizeof store->outbox->cursor, "%s", cursor);
    store_begin(store, args, "advance", STORE_WRITES);
    args_string(args, cursor);
    args_int(args, store->policy.events_max_length);
    store_send(store, args, parse_done, (union store_callback){.done = done}, context);
}

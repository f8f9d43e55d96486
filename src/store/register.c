/* register.c -- registrations gathered into one function call while the loop turns, and answered one by one. */
#include "store/register.h"

#include "codec/items.h"
#include "codec/number.h"
#include "store/internal.h"
#include "store/worker.h"

#include <stdlib.h>

/* Less than two milliseconds of Redis's time. */
enum { GATHERED_MAX = 32 };

/* What a worker says of itself: Redis need not tell it again. */
static const char *const declared_names[] = {
    "name",     "maxConcurrentJobs",  "port",
    "version",  "priorityThreshold",  "workerLoadFactor",
    "zone",     "heartbeatTimeoutMs", "heartbeatIntervalMs",
    "hostName", "hostAddress",        "capabilities",
    "tags",
};
enum { DECLARED = sizeof declared_names / sizeof declared_names[0] };

/* What Redis tells, a line each, in this order; an empty one: the worker has none. */
static const char *const told_names[] = {
    "status",          "health",
    "reason",          "epoch",
    "revision",        "registeredAt",
    "lastHeartbeatAt", "updatedAt",
    "currentJobCount", "availableCapacity",
    "cpuUsage",        "memoryUsage",
    "errorCount",      "consecutiveFailures",
    "revokedJobs",
};
enum { TOLD = sizeof told_names / sizeof told_names[0] };

/* Who waits for an answer, and where what was declared begins in words. */
struct asking {
    store_registered_fn *done;
    void *context;
    size_t declared;
};

/* Who waits for the answers of one call, in order. */
struct registering {
    size_t count;
    struct asking asking[GATHERED_MAX];
    struct buf words; /* what was declared, each text terminated */
    struct buf items; /* the registrations, as the function takes them */
    struct buf lines; /* what is told of one */
};

static void free_registering(struct registering *registering)
{
    buf_fini(&registering->words);
    buf_fini(&registering->items);
    buf_fini(&registering->lines);
    free(registering);
}

/* Terminates each line of what is told, and returns whether it has as many as it has to have. */
static bool split_told(struct buf *lines, const redisReply *told)
{
    size_t count = 1;
    buf_clear(lines);
    buf_append_text(lines, reply_text(told));
    buf_append(lines, "", 1);
    for (size_t i = 0; !lines->failed && i < lines->len; i++) {
        if (lines->data[i] == '\n') {
            lines->data[i] = '\0';
            count++;
        }
    }
    return !lines->failed && count == TOLD;
}

/* Adds those of terminated texts, one after the other, that are not empty. */
static void add_fields(struct field *fields, size_t *count, const char *const *names, size_t name_count,
                       const char *texts)
{
    for (size_t i = 0; i < name_count; i++) {
        struct text value = text_of(texts);
        if (value.len > 0) {
            fields[(*count)++] = (struct field){text_of(names[i]), value};
        }
        texts += value.len + 1;
    }
}

/* The worker as it was declared, and as Redis tells; fields has room for all. */
static void read_registered(struct registering *registering, size_t index, const redisReply *one, struct field *fields,
                            struct store_registered *registered)
{
    registered->code = reply_code_of(reply_at(one, 0));
    registered->retry_after_ms = reply_int(reply_at(one, 1));
    if (registered->code != CODE_OK) {
        return;
    }
    if (!split_told(&registering->lines, reply_at(one, 2))) {
        registered->outcome = STORE_BROKEN;
        return;
    }
    struct store_worker *worker = &registered->worker;
    worker->fields = fields;
    add_fields(fields, &worker->count, declared_names, DECLARED,
               registering->words.data + registering->asking[index].declared);
    add_fields(fields, &worker->count, told_names, TOLD, registering->lines.data);
}

static void parse_registered(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct registering *registering = call->context;
    struct field fields[DECLARED + TOLD];
    for (size_t i = 0; i < registering->count; i++) {
        struct store_registered registered = {.outcome = outcome};
        if (outcome == STORE_DONE) {
            read_registered(registering, i, reply_at(result, i), fields, &registered);
        }
        registering->asking[i].done(registering->asking[i].context, &registered);
    }
    free_registering(registering);
}

static void add_text(struct registering *registering, struct text text)
{
    if (text.len > 0) {
        items_text(&registering->items, text);
    } else {
        items_nil(&registering->items);
    }
}

static void add_int(struct registering *registering, struct opt_int value)
{
    char room[NUMBER_TEXT_MAX];
    add_text(registering, value.set ? number_of_int(value.value, room) : (struct text){0});
}

static void add_declared(struct registering *registering, struct text text)
{
    add_text(registering, text);
    buf_append_text(&registering->words, text);
    buf_append(&registering->words, "", 1);
}

static void add_declared_int(struct registering *registering, struct opt_int value)
{
    char room[NUMBER_TEXT_MAX];
    add_declared(registering, value.set ? number_of_int(value.value, room) : (struct text){0});
}

static void add_declared_real(struct registering *registering, struct opt_real value)
{
    char room[NUMBER_TEXT_MAX];
    add_declared(registering, value.set ? number_of_real(value.value, NUMBER_KEPT_DIGITS, room) : (struct text){0});
}

static void add(struct registering *registering, const struct store_registration *registration)
{
    const struct registration *worker = registration->registration;
    add_text(registering, worker->worker_id);
    if (registration->valid) {
        items_nil(&registering->items);
    } else {
        items_text(&registering->items, registration->refusal);
    }
    add_text(registering, registration->by);
    add_text(registering, worker->boot_id);
    add_int(registering, worker->connection);
    add_int(registering, worker->sent_at_ms);
    add_declared(registering, worker->name);
    add_declared_int(registering, worker->max_concurrent_jobs);
    add_declared_int(registering, worker->port);
    add_declared(registering, worker->version);
    add_declared_int(registering, worker->priority_threshold);
    add_declared_real(registering, worker->worker_load_factor);
    add_declared(registering, worker->zone);
    add_declared_int(registering, (struct opt_int){true, registration->heartbeat_timeout_ms});
    add_declared_int(registering, (struct opt_int){true, registration->heartbeat_interval_ms});
    add_declared(registering, worker->host_name);
    add_declared(registering, worker->host_address);
    add_declared(registering, worker->capabilities_json);
    add_declared(registering, worker->tags_json);
}

void store_register(struct store *store, const struct store_registration *registration, store_registered_fn *done,
                    void *context)
{
    if (store->registering == NULL) {
        store->registering = calloc(1, sizeof *store->registering);
        if (store->registering == NULL) {
            abort();
        }
        event_active(store->register_soon, EV_TIMEOUT, 0);
    }
    struct registering *registering = store->registering;
    struct asking *asking = &registering->asking[registering->count++];
    asking->done = done;
    asking->context = context;
    asking->declared = registering->words.len;
    add(registering, registration);
    if (registering->count == GATHERED_MAX) {
        register_flush(store);
    }
}

void register_flush(struct store *store)
{
    struct registering *registering = store->registering;
    if (registering == NULL) {
        return;
    }
    store->registering = NULL;
    struct args *args = &store->registrations;
    store_begin(store, args, "register", STORE_WRITES);
    args_int(args, store->policy.max_attempts);
    args_int(args, store->policy.retry_delay_ms);
    args_int(args, store->policy.max_workers);
    args_text(args, buf_text(&registering->items));
    args->bytes.failed = args->bytes.failed || registering->items.failed || registering->words.failed;
    store_send(store, args, parse_registered, (union store_callback){0}, registering);
}

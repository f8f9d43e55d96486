/* register.c -- registrations gathered into one function call while the loop turns, and answered one by one. */
#include "store/internal.h"

#include "codec/items.h"
#include "codec/number.h"

#include <stdlib.h>

/* About a millisecond of Redis's time. */
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

/* What Redis tells, in this order; empty: the worker has none. */
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

/* Who waits for an answer, and where what was declared ends in words. */
struct asking {
    store_registered_fn *done;
    void *context;
    size_t begin;
    size_t ends[DECLARED];
};

/* Who waits for the answers of one call, in order. */
struct registering {
    size_t count;
    struct asking asking[GATHERED_MAX];
    struct buf words; /* what was declared, each text terminated */
    struct buf items; /* the registrations, as the function takes them */
};

static void free_registering(struct registering *registering)
{
    buf_fini(&registering->words);
    buf_fini(&registering->items);
    free(registering);
}

/* The worker as it was declared, and as Redis tells; fields has room for all. */
static struct store_worker worker_of(const struct registering *registering, const struct asking *asking,
                                     const redisReply *told, struct field *fields)
{
    size_t count = 0;
    size_t begin = asking->begin;
    for (size_t i = 0; i < DECLARED; i++) {
        fields[count].name = text_of(declared_names[i]);
        fields[count].value = (struct text){registering->words.data + begin, asking->ends[i] - begin};
        count += fields[count].value.len > 0;
        begin = asking->ends[i] + 1;
    }
    for (size_t i = 0; i < TOLD; i++) {
        fields[count] = (struct field){text_of(told_names[i]), reply_text(reply_at(told, i))};
        count += fields[count].value.len > 0;
    }
    return (struct store_worker){.fields = fields, .count = count};
}

static void parse_registered(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct registering *registering = call->context;
    struct field fields[DECLARED + TOLD];
    for (size_t i = 0; i < registering->count; i++) {
        const struct asking *asking = &registering->asking[i];
        struct store_registered registered = {.outcome = outcome};
        const redisReply *one = reply_at(result, i);
        if (outcome == STORE_DONE) {
            registered.code = reply_code_of(reply_at(one, 0));
            registered.retry_after_ms = reply_int(reply_at(one, 1));
        }
        if (registered.code == CODE_OK && outcome == STORE_DONE) {
            registered.worker = worker_of(registering, asking, reply_at(one, 2), fields);
        }
        asking->done(asking->context, &registered);
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

static void add_declared(struct registering *registering, size_t *out_end, struct text text)
{
    add_text(registering, text);
    buf_append_text(&registering->words, text);
    *out_end = registering->words.len;
    buf_append(&registering->words, "", 1);
}

static void add_declared_int(struct registering *registering, size_t *out_end, struct opt_int value)
{
    char room[NUMBER_TEXT_MAX];
    add_declared(registering, out_end, value.set ? number_of_int(value.value, room) : (struct text){0});
}

static void add_declared_real(struct registering *registering, size_t *out_end, struct opt_real value)
{
    char room[NUMBER_TEXT_MAX];
    add_declared(registering, out_end, value.set ? number_of_real(value.value, room) : (struct text){0});
}

static void add(struct registering *registering, const struct store_registration *registration, size_t ends[DECLARED])
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
    add_declared(registering, ends++, worker->name);
    add_declared_int(registering, ends++, worker->max_concurrent_jobs);
    add_declared_int(registering, ends++, worker->port);
    add_declared(registering, ends++, worker->version);
    add_declared_int(registering, ends++, worker->priority_threshold);
    add_declared_real(registering, ends++, worker->worker_load_factor);
    add_declared(registering, ends++, worker->zone);
    add_declared_int(registering, ends++, (struct opt_int){true, registration->heartbeat_timeout_ms});
    add_declared_int(registering, ends++, (struct opt_int){true, registration->heartbeat_interval_ms});
    add_declared(registering, ends++, worker->host_name);
    add_declared(registering, ends++, worker->host_address);
    add_declared(registering, ends++, worker->capabilities_json);
    add_declared(registering, ends++, worker->tags_json);
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
    asking->begin = registering->words.len;
    add(registering, registration, asking->ends);
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

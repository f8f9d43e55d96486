/* store.c -- the store's life: connecting, being up, calling functions and giving up on those that hang. */
#include "store/internal.h"

#include "base/clock.h"
#include "store/functions.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALL_TIMEOUT_MS = 3000, RETRY_FIRST_MS = 100, RETRY_MAX_MS = 2000 };

static void open_links(struct store *store);

static void answer(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    call->parse(call, outcome, result);
    free(call);
}

static void answer_lost(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct store *store = arg;
    struct call *call = store->lost;
    store->lost = NULL;
    while (call != NULL) {
        struct call *next = call->next;
        answer(call, STORE_UNAVAILABLE, NULL);
        call = next;
    }
}

static void lose(struct store *store, struct call *call)
{
    struct call **end = &store->lost;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = call;
    event_active(store->answer_lost, EV_TIMEOUT, 0);
}

static void register_soon(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    register_flush(arg);
}

static void retry_later(struct store *store)
{
    int64_t wait_ms = backoff_next_ms(&store->backoff);
    struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = (wait_ms % 1000) * 1000};
    (void)event_add(store->retry, &wait);
}

void store_fail(struct store *store, const char *reason)
{
    char kept[256];
    (void)snprintf(kept, sizeof kept, "%s", reason);
    store->up = false;
    store->prepared = false;
    store->subscribed = false;
    store->probing = false;
    store->clock.known = false;
    redis_close(&store->calls);
    redis_close(&store->events);
    retry_later(store);
    store->listener.down(store->listener.owner, kept);
}

static void come_up(struct store *store)
{
    if (!store->up && store->prepared && store->subscribed && !store->probing) {
        store->up = true;
        backoff_reset(&store->backoff);
        store->listener.up(store->listener.owner);
    }
}

void store_prepared(struct store *store)
{
    store->prepared = true;
    come_up(store);
}

void store_subscribed(struct store *store)
{
    store->subscribed = true;
    come_up(store);
}

void store_probed(struct store *store)
{
    store->probing = false;
    come_up(store);
}

static void calls_opened(void *owner)
{
    prepare_calls(owner);
}

static void events_opened(void *owner)
{
    expiry_subscribe(owner);
}

static void link_closed(void *owner, const char *reason)
{
    store_fail(owner, reason);
}

static void retry(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    open_links(arg);
}

static void open_links(struct store *store)
{
    struct fault fault = {0};
    store->opening_since_ms = clock_monotonic_ms();
    if (store->sentinel != NULL && !sentinel_has_named(store->sentinel)) {
        store_fail(store, sentinel_trouble(store->sentinel));
        return;
    }
    if (redis_open(&store->calls, &store->address, store->base, &fault) != ERR_OK ||
        redis_open(&store->events, &store->address, store->base, &fault) != ERR_OK) {
        store_fail(store, fault.text);
    }
}

/* A master that still answers is left all the same: it has been demoted, or will be when the others reach it. */
static void on_named(void *owner, const char *host, int port)
{
    struct store *store = owner;
    (void)snprintf(store->address.host, sizeof store->address.host, "%s", host);
    store->address.port = port;
    (void)snprintf(store->place, sizeof store->place, "%s:%d", host, port);
    if (store->calls.context != NULL || store->events.context != NULL) {
        char reason[sizeof store->place + 32];
        (void)snprintf(reason, sizeof reason, "Sentinel names another master: %s", store->place);
        store_fail(store, reason);
    }
    (void)event_del(store->retry);
    open_links(store);
}

static enum err new_sentinel(struct store *store, const struct store_options *options, struct fault *out_fault)
{
    struct sentinels sentinels;
    if (options->sentinel == NULL || options->sentinel[0] == '\0') {
        return ERR_OK;
    }
    enum err err = sentinels_parse(options->sentinel, &sentinels, out_fault);
    const struct sentinel_options asked = {.base = options->base,
                                           .sentinels = &sentinels,
                                           .password = options->sentinel_password,
                                           .owner = store,
                                           .named = on_named};
    return err == ERR_OK ? sentinel_new(&asked, &store->sentinel, out_fault) : err;
}

static char *copy_of(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

enum err store_new(const struct store_options *options, const struct store_listener *listener, struct store **out_store,
                   struct fault *out_fault)
{
    struct redis_address address;
    enum err err = redis_address_parse(options->uri, &address, out_fault);
    if (err != ERR_OK) {
        return err;
    }
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    store->base = options->base;
    store->listener = *listener;
    store->call_times.scale = &histogram_of_us;
    store->address = address;
    (void)snprintf(store->place, sizeof store->place, "%s", options->uri);
    store->prefix = copy_of(options->prefix);
    store->password = copy_of(options->password);
    store->key_prefix = malloc(strlen(options->prefix) + sizeof ":{0}:");
    store->retry = evtimer_new(options->base, retry, store);
    store->answer_lost = evtimer_new(options->base, answer_lost, store);
    store->register_soon = evtimer_new(options->base, register_soon, store);
    store->outbox = outbox_reading_new(store);
    if (store->prefix == NULL || store->key_prefix == NULL || store->retry == NULL || store->answer_lost == NULL ||
        store->register_soon == NULL || store->outbox == NULL ||
        (options->password != NULL && store->password == NULL)) {
        store_free(store);
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    err = new_sentinel(store, options, out_fault);
    if (err != ERR_OK) {
        store_free(store);
        return err;
    }
    (void)sprintf(store->key_prefix, "%s:{0}:", options->prefix);
    backoff_init(&store->backoff, RETRY_FIRST_MS, RETRY_MAX_MS, (uint64_t)clock_wall_ms() ^ (uint64_t)getpid());
    store->calls = (struct redis_link){.owner = store, .opened = calls_opened, .closed = link_closed};
    store->events = (struct redis_link){.owner = store, .opened = events_opened, .closed = link_closed};
    *out_store = store;
    return ERR_OK;
}

void store_free(struct store *store)
{
    if (store == NULL) {
        return;
    }
    register_flush(store);
    sentinel_free(store->sentinel);
    redis_close(&store->calls);
    redis_close(&store->events);
    if (store->answer_lost != NULL) {
        answer_lost(-1, 0, store);
        event_free(store->answer_lost);
    }
    if (store->retry != NULL) {
        event_free(store->retry);
    }
    if (store->register_soon != NULL) {
        event_free(store->register_soon);
    }
    args_fini(&store->args);
    buf_fini(&store->heartbeats);
    buf_fini(&store->joined);
    args_fini(&store->imports);
    args_fini(&store->registrations);
    outbox_reading_free(store->outbox);
    scratch_fini(&store->scratch);
    free(store->password);
    free(store->key_prefix);
    free(store->prefix);
    free(store);
}

void store_start(struct store *store)
{
    if (store->sentinel != NULL) {
        sentinel_start(store->sentinel);
    } else {
        open_links(store);
    }
}

void store_tick(struct store *store)
{
    int64_t now_ms = clock_monotonic_ms();
    bool opening = !store->up && (store->calls.context != NULL || store->events.context != NULL);
    if (store->oldest != NULL && now_ms - store->oldest->asked_ms > CALL_TIMEOUT_MS) {
        store_fail(store, "no answer within 3000 ms");
    } else if (opening && now_ms - store->opening_since_ms > CALL_TIMEOUT_MS) {
        store_fail(store, store->probing ? PREPARE_EXPIRY_ADVICE : "not ready within 3000 ms");
    } else if (store->probing && store->subscribed) {
        expiry_probe(store);
    }
}

bool store_is_up(const struct store *store)
{
    return store->up;
}

const char *store_place(const struct store *store)
{
    return store->place;
}

void store_set_policy(struct store *store, const struct store_policy *policy)
{
    store->policy = *policy;
    store->flap[0] = '\0';
    if (policy->flap_count > 0) {
        (void)snprintf(store->flap, sizeof store->flap, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64,
                       policy->flap_count, policy->flap_window_ms, policy->flap_hold_ms, policy->flap_hold_max_ms);
    }
}

void store_set_token(struct store *store, struct text token)
{
    (void)snprintf(store->token, sizeof store->token, "%.*s", TEXT_ARG(token));
}

const struct histogram *store_call_times(const struct store *store)
{
    return &store->call_times;
}

const struct timebase *store_clock(const struct store *store)
{
    return &store->clock;
}

void store_begin(struct store *store, struct args *args, const char *function, enum store_kind kind)
{
    char name[64];
    int len = snprintf(name, sizeof name, "%s_%s", functions_library, function);
    args_clear(args);
    args_string(args, "FCALL");
    args_text(args, (struct text){name, (size_t)len});
    args_string(args, "1");
    args_string(args, store->key_prefix);
    if (kind == STORE_READS) {
        return;
    }
    const struct store_policy *policy = &store->policy;
    struct opt_int decided_ms = {.set = kind == STORE_DECIDES && store->clock.known};
    if (decided_ms.set) {
        decided_ms.value = timebase_remote_ms(&store->clock, clock_monotonic_ms());
    }
    args_string(args, store->token);
    args_opt_int(args, decided_ms);
    args_int(args, policy->check_interval_ms);
    args_int(args, policy->max_consecutive_failures);
    args_string(args, policy->auto_recovery ? "1" : "0");
    args_int(args, policy->cleanup_threshold_ms);
    args_int(args, policy->archive_seconds);
    args_string(args, store->flap);
    args_int(args, policy->merge_ms);
}

void parse_done(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    (void)result;
    call->callback.done(call->context, outcome);
}

static bool begins_with(struct text text, const char *beginning)
{
    size_t len = strlen(beginning);
    return text.len >= len && memcmp(text.data, beginning, len) == 0;
}

/* What Redis says before it begins with a function. */
static bool is_refusal(struct text error)
{
    static const char *const beginnings[] = {
        "OOM ",  "MISCONF ", "READONLY ", "LOADING ",    "MASTERDOWN ",           "NOREPLICAS ",
        "BUSY ", "NOAUTH ",  "NOPERM ",   "CLUSTERDOWN", "ERR Function not found"};
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        if (begins_with(error, beginnings[i])) {
            return true;
        }
    }
    return false;
}

static enum store_outcome outcome_of(const struct call *call, const redisReply *reply)
{
    if (reply == NULL) {
        return STORE_UNAVAILABLE;
    }
    if (reply->type != REDIS_REPLY_ERROR) {
        return call->plain || reply->elements == 3 ? STORE_DONE : STORE_BROKEN;
    }
    struct text error = reply_text(reply);
    if (begins_with(error, "FENCED")) {
        return STORE_FENCED;
    }
    if (begins_with(error, "LATE")) {
        return STORE_LATE;
    }
    return is_refusal(error) ? STORE_REFUSED : STORE_BROKEN;
}

/* Errors after which this connection is of no use: another server has to be found, or this one prepared again. */
static bool is_fatal(const redisReply *reply)
{
    struct text error = reply_text(reply);
    return reply->type == REDIS_REPLY_ERROR &&
           (begins_with(error, "READONLY") || begins_with(error, "LOADING") || begins_with(error, "MASTERDOWN") ||
            begins_with(error, "ERR Function not found"));
}

/* A function tells Redis's time, whether it has added events, and its result. */
static void answer_function(struct call *call, enum store_outcome outcome, const redisReply *reply)
{
    struct store *store = call->store;
    int64_t now_ms = outcome == STORE_DONE ? reply_int(reply_at(reply, 0)) : 0;
    store->latest_ms = now_ms > store->latest_ms ? now_ms : store->latest_ms;
    bool jumped = outcome == STORE_DONE && timebase_note(&store->clock, call->asked_ms, clock_monotonic_ms(), now_ms);
    if (jumped) {
        store->listener.clock_jumped(store->listener.owner);
    }
    bool changed = outcome == STORE_DONE && reply_int(reply_at(reply, 1)) > 0;
    answer(call, outcome, outcome == STORE_DONE ? reply_at(reply, 2) : NULL);
    if (changed) {
        store->listener.changed(store->listener.owner);
    }
}

static void on_reply(redisAsyncContext *context, void *data, void *arg)
{
    (void)context;
    const redisReply *reply = data;
    struct call *call = arg;
    struct store *store = call->store;
    enum store_outcome outcome = outcome_of(call, reply);
    store->oldest = call->next;
    if (store->oldest == NULL) {
        store->newest = NULL;
    }
    histogram_add(&store->call_times, clock_monotonic_us() - call->asked_us, 1);
    if (call->plain) {
        answer(call, outcome, outcome == STORE_DONE ? reply : NULL);
    } else {
        answer_function(call, outcome, reply);
    }
    if (store->up && reply != NULL && is_fatal(reply)) {
        store_fail(store, reply->str);
    }
}

static void send_call(struct args *args, const struct call *wanted)
{
    struct store *store = wanted->store;
    register_flush(store);
    struct call *call = malloc(sizeof *call);
    if (call == NULL) {
        abort();
    }
    *call = *wanted;
    call->asked_ms = clock_monotonic_ms();
    call->asked_us = clock_monotonic_us();
    if (!store->up || args_finish(args) != ERR_OK ||
        redisAsyncCommandArgv(store->calls.context, on_reply, call, (int)args->count, args->argv, args->lens) !=
            REDIS_OK) {
        lose(store, call);
        return;
    }
    if (store->newest != NULL) {
        store->newest->next = call;
    } else {
        store->oldest = call;
    }
    store->newest = call;
}

void store_send(struct store *store, struct args *args,
                void (*parse)(struct call *call, enum store_outcome outcome, const redisReply *result),
                union store_callback callback, void *context)
{
    send_call(args, &(struct call){.store = store, .parse = parse, .callback = callback, .context = context});
}

void store_ask(struct store *store, struct args *args,
               void (*parse)(struct call *call, enum store_outcome outcome, const redisReply *result),
               union store_callback callback, void *context)
{
    send_call(args,
              &(struct call){.store = store, .plain = true, .parse = parse, .callback = callback, .context = context});
}

/* register.c -- registrations gathered into one function call while the loop turns, and answered one by one. */
#include "store/internal.h"

#include <stdlib.h>

/* About a millisecond of Redis's time. */
enum { GATHERED_MAX = 32 };

/* Who waits for the answers of one call, in order. */
struct registering {
    size_t count;
    struct {
        store_registered_fn *done;
        void *context;
    } askers[GATHERED_MAX];
};

static void parse_registered(struct call *call, enum store_outcome outcome, const redisReply *result)
{
    struct registering *registering = call->context;
    struct scratch *scratch = &call->store->scratch;
    for (size_t i = 0; i < registering->count; i++) {
        struct store_registered registered = {.outcome = outcome};
        const redisReply *one = reply_at(result, i);
        if (outcome == STORE_DONE) {
            scratch_reset(scratch);
            registered.code = reply_code_of(reply_at(one, 0));
            registered.retry_after_ms = reply_int(reply_at(one, 1));
            registered.worker = scratch_worker(scratch, reply_at(one, 2));
        }
        registering->askers[i].done(registering->askers[i].context, &registered);
    }
    free(registering);
}

static void add(struct args *args, const struct store_policy *policy, const struct store_registration *registration)
{
    const struct registration *worker = registration->registration;
    args_text(args, worker->worker_id);
    args_string(args, registration->valid ? "1" : "0");
    args_text(args, registration->refusal);
    args_int(args, policy->max_attempts);
    args_int(args, policy->retry_delay_ms);
    args_int(args, policy->max_workers);
    args_text(args, registration->by);
    args_text(args, worker->boot_id);
    args_opt_int(args, worker->connection);
    args_opt_int(args, worker->sent_at_ms);
    args_text(args, worker->name);
    args_opt_int(args, worker->max_concurrent_jobs);
    args_opt_int(args, worker->port);
    args_text(args, worker->version);
    args_opt_int(args, worker->priority_threshold);
    args_opt_real(args, worker->worker_load_factor);
    args_text(args, worker->zone);
    args_int(args, registration->heartbeat_timeout_ms);
    args_int(args, registration->heartbeat_interval_ms);
    args_text(args, worker->host_name);
    args_text(args, worker->host_address);
    args_text(args, worker->capabilities_json);
    args_text(args, worker->tags_json);
}

void store_register(struct store *store, const struct store_registration *registration, store_registered_fn *done,
                    void *context)
{
    struct registering *registering = store->registering;
    if (registering == NULL) {
        registering = malloc(sizeof *registering);
        if (registering == NULL) {
            abort();
        }
        registering->count = 0;
        store->registering = registering;
        store_begin(store, &store->registrations, "register", STORE_WRITES);
        event_active(store->register_soon, EV_TIMEOUT, 0);
    }
    add(&store->registrations, &store->policy, registration);
    registering->askers[registering->count].done = done;
    registering->askers[registering->count].context = context;
    registering->count++;
    if (registering->count == GATHERED_MAX) {
        register_flush(store);
    }
}

void register_flush(struct store *store)
{
    struct registering *registering = store->registering;
    if (registering != NULL) {
        store->registering = NULL;
        store_send(store, &store->registrations, parse_registered, (union store_callback){0}, registering);
    }
}

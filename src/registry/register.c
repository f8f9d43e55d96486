/* register.c -- a worker registers: decoded, validated, counted where refused, answered when Redis has it. */
#include "registry/register.h"

#include "base/admission.h"
#include "base/clock.h"
#include "codec/document.h"
#include "codec/message.h"
#include "codec/topic.h"
#include "domain/pace.h"
#include "domain/validate.h"
#include "registry/asker.h"
#include "registry/audit.h"
#include "registry/identity.h"
#include "registry/inbound.h"
#include "registry/intake.h"
#include "registry/internal.h"
#include "registry/merge.h"
#include "registry/system.h"
#include "store/operate.h"
#include "store/register.h"
#include "store/worker.h"

#include <stdlib.h>
#include <string.h>

/* Counted twice where the worker was known, until the next sample of the fleet. */
static void assign_times(struct registry *registry, const struct store_worker *worker, struct reply *reply)
{
    struct opt_int asked_ms = store_worker_int(worker, "heartbeatIntervalMs");
    reply->heartbeat_timeout_ms = store_worker_int(worker, "heartbeatTimeoutMs");
    if (asked_ms.set && reply->heartbeat_timeout_ms.set) {
        pace_add(&registry->system.pace, asked_ms.value, reply->heartbeat_timeout_ms.value);
    }
    reply->heartbeat_interval_ms = system_interval_ms(registry, asked_ms, reply->heartbeat_timeout_ms);
}

static void on_registered(void *context, const struct store_registered *result)
{
    struct asker *asker = context;
    asker->registry->registrations_open--;
    intake_call_done(asker->registry);
    if (result->outcome != STORE_DONE) {
        asker_refuse_for(asker, asker_code_of_outcome(result->outcome), "The registry cannot reach its store");
        return;
    }
    const struct store_worker *worker = &result->worker;
    struct reply reply = {.code = result->code};
    switch (result->code) {
    case CODE_OK:
        reply.message = text_of("Worker registered successfully");
        reply.epoch = store_worker_int(worker, "epoch");
        assign_times(asker->registry, worker, &reply);
        reply.revoked_jobs_json = store_worker_field(worker, "revokedJobs");
        reply.worker_fields = worker->fields;
        reply.worker_field_count = worker->count;
        break;
    case CODE_RATE_LIMITED:
        reply.message = text_of("Too many registration attempts");
        reply.retry_after_ms = (struct opt_int){.set = true, .value = result->retry_after_ms};
        break;
    case CODE_VALIDATION_FAILED:
        reply.violations = asker->violations;
        break;
    case CODE_SUPERSEDED:
        reply.message = text_of("A later start of this worker has registered");
        break;
    case CODE_REGISTRY_FULL:
        reply.message = text_of("The registry has no room for another worker (registration.max_workers)");
        break;
    default:
        break;
    }
    asker_reply(asker, &reply);
}

/* The violations outlive the call to Redis, which may say instead that there were too many attempts. */
static bool keep_violations(struct asker *asker, const struct violations *violations)
{
    asker->violations = malloc(sizeof *violations);
    if (asker->violations != NULL) {
        memcpy(asker->violations, violations, sizeof *violations);
    }
    return asker->violations != NULL;
}

/* What cannot even be counted as an attempt. */
static void refuse(struct registry *registry, const struct inbound *inbound, struct asker *asker,
                   const struct reply *reply)
{
    struct text words = reply->violations != NULL ? audit_words(registry, reply->violations) : reply->message;
    struct text worker_id = inbound->sender.kind == TOPIC_WORKER_REGISTER ? inbound->sender.id : asker->worker_id;
    const struct store_refusal refusal = {
        .code = reply->code, .worker_id = worker_id, .message = words, .by = inbound->by};
    audit_refusal(registry, &refusal);
    asker_reply(asker, reply);
}

/* Where Redis is away there is nothing to be spared, and everybody is told that. */
static bool is_admitted(struct registry *registry, int64_t *out_retry_ms)
{
    int64_t per_s = registry->config.registration.max_per_s;
    return per_s == 0 || !store_is_up(registry->store) ||
           admission_allows(&registry->admission, per_s, clock_monotonic_us(), out_retry_ms);
}

/* The attempt is not counted, and not written down either: it is Redis that is spared. */
static void send_away(struct asker *asker, int64_t retry_ms)
{
    asker_reply(asker, &(struct reply){.code = CODE_RATE_LIMITED,
                                       .message = text_of("Too many workers are registering at once"),
                                       .retry_after_ms = {.set = true, .value = retry_ms}});
}

void register_worker(struct registry *registry, const struct inbound *inbound, struct registration *registration,
                     bool decoded)
{
    struct violations *violations = &registry->violations;
    if (!identity_take(inbound, &registration->worker_id, violations)) {
        identity_check(registration->worker_id, violations);
    }
    struct asker *asker = asker_new(registry, inbound, registration->worker_id, registration->request_id);
    if (asker == NULL) {
        return;
    }
    if (violations->code != CODE_FORBIDDEN) {
        validate_registration(registration, &registry->limits, violations);
    }
    if (!decoded || violations->code == CODE_IDENTITY_MISMATCH) {
        refuse(registry, inbound, asker, &(struct reply){.code = violations->code, .violations = violations});
        return;
    }
    int64_t retry_ms = 0;
    if (!is_admitted(registry, &retry_ms)) {
        send_away(asker, retry_ms);
        return;
    }
    bool valid = violations->count == 0;
    if (!valid && (!worker_id_valid(registration->worker_id) || !keep_violations(asker, violations))) {
        refuse(registry, inbound, asker, &(struct reply){.code = violations->code, .violations = violations});
        return;
    }
    struct validate_timing timing = validate_timing_of(registration, &registry->limits);
    struct store_registration call = {
        .registration = registration,
        .valid = valid,
        .refusal = valid ? (struct text){0} : audit_words(registry, violations),
        .heartbeat_timeout_ms = timing.heartbeat_timeout_ms,
        .heartbeat_interval_ms = timing.heartbeat_interval_ms,
        .by = inbound->by,
    };
    merge_forget(registry, registration->worker_id);
    registry->calls_open++;
    registry->registrations_open++;
    store_register(registry->store, &call, on_registered, asker);
}

void handle_register(struct registry *registry, const struct inbound *inbound)
{
    struct registration registration;
    violations_clear(&registry->violations);
    bool decoded = decode_registration(registry->decoder, inbound->payload, &registration, &registry->violations);
    register_worker(registry, inbound, &registration, decoded);
}

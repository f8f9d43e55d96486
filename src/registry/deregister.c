/* deregister.c -- a worker, or an operator for it, says goodbye: plainly, by force, or after its jobs. */
#include "registry/deregister.h"

#include "codec/document.h"
#include "codec/message.h"
#include "codec/topic.h"
#include "registry/asker.h"
#include "registry/identity.h"
#include "registry/inbound.h"
#include "registry/intake.h"
#include "registry/internal.h"
#include "registry/merge.h"
#include "store/deregister.h"

#include <inttypes.h>
#include <stdio.h>

static void on_deregistered(void *context, const struct store_deregistered *result)
{
    struct asker *asker = context;
    char sentence[96];
    intake_call_done(asker->registry);
    if (result->outcome != STORE_DONE) {
        asker_refuse_for(asker, asker_code_of_outcome(result->outcome), "The registry cannot reach its store");
        return;
    }
    struct reply reply = {.code = result->code, .epoch = result->epoch};
    switch (result->code) {
    case CODE_OK:
        reply.message = text_of("Worker deregistered successfully");
        break;
    case CODE_ACTIVE_JOBS:
        (void)snprintf(sentence, sizeof sentence, "Worker has %" PRId64 " active jobs", result->active_jobs);
        reply.message = text_of(sentence);
        break;
    case CODE_UNKNOWN_WORKER:
        reply.message = text_of("Worker not registered");
        break;
    case CODE_SUPERSEDED:
        reply.message = text_of("A later start of this worker has registered");
        break;
    default:
        break;
    }
    if (result->code == CODE_OK && result->active_jobs > 0) {
        (void)snprintf(sentence, sizeof sentence, "Worker is draining: %" PRId64 " active jobs", result->active_jobs);
        reply.message = text_of(sentence);
    }
    asker_reply(asker, &reply);
}

void deregister_worker(struct registry *registry, const struct inbound *inbound, struct deregistration *deregistration,
                       bool decoded)
{
    struct violations *violations = &registry->violations;
    if (!identity_take(inbound, &deregistration->worker_id, violations) && decoded) {
        identity_require(deregistration->worker_id, violations);
    }
    struct asker *asker = asker_new(registry, inbound, deregistration->worker_id, deregistration->request_id);
    if (asker == NULL) {
        return;
    }
    if (violations->count > 0) {
        asker_refuse(asker, violations);
        return;
    }
    deregistration->force = deregistration->force || text_is(inbound->sender.verb, "force-deregister");
    struct store_deregistration call = {
        .deregistration = deregistration, .by_operator = inbound->sender.kind == TOPIC_REQUEST, .by = inbound->by};
    merge_forget(registry, deregistration->worker_id);
    registry->calls_open++;
    store_deregister(registry->store, &call, on_deregistered, asker);
}

void handle_deregister(struct registry *registry, const struct inbound *inbound)
{
    struct deregistration deregistration;
    violations_clear(&registry->violations);
    bool decoded = decode_deregistration(registry->decoder, inbound->payload, &deregistration, &registry->violations);
    deregister_worker(registry, inbound, &deregistration, decoded);
}

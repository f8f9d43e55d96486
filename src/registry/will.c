/* will.c -- the broker tells that a worker's connection ended without a goodbye. */
#include "registry/internal.h"

static void on_will(void *context, enum store_outcome outcome)
{
    struct registry *registry = context;
    count_message(registry, TOPIC_WORKER_WILL, asker_code_of_outcome(outcome));
    intake_call_done(registry);
}

void handle_will(struct registry *registry, const struct inbound *inbound)
{
    struct will will;
    struct violations *violations = &registry->violations;
    violations_clear(violations);
    if (!decode_will(registry->decoder, inbound->message->payload, &will, violations)) {
        count_message(registry, TOPIC_WORKER_WILL, violations->code);
        note(registry, LOG_DEBUG, "will of %.*s refused: %s", TEXT_ARG(inbound->sender.id), violations->texts[0]);
        return;
    }
    if (will.worker_id.data != NULL && !text_equal(will.worker_id, inbound->sender.id)) {
        count_message(registry, TOPIC_WORKER_WILL, CODE_IDENTITY_MISMATCH);
        return;
    }
    will.worker_id = inbound->sender.id;
    registry->calls_open++;
    store_will(registry->store, &will, on_will, registry);
}

/* heartbeat.c -- heartbeats gathered into batches, and those answered that asked or were refused. */
#include "registry/internal.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

enum { UNASKED_EVERY_MS = 1000 };

/* Who sent each heartbeat of a batch: an asker where one asked, else enough to tell a refusal. */
struct heartbeat_batch {
    struct registry *registry;
    size_t count;
    struct sender {
        struct asker *asker;
        enum encoding encoding;
        size_t id_len;
        char id[WORKER_ID_MAX];
    } senders[STORE_HEARTBEATS_MAX];
};

static void free_batch(struct heartbeat_batch *batch)
{
    for (size_t i = 0; batch != NULL && i < batch->count; i++) {
        asker_free(batch->senders[i].asker);
    }
    free(batch);
}

static struct asker *asker_of_sender(struct registry *registry, const struct sender *sender)
{
    struct text id = {sender->id, sender->id_len};
    struct inbound inbound = {.sender = {.kind = TOPIC_WORKER_HEARTBEAT, .id = id}, .encoding = sender->encoding};
    return throttle_allows(&registry->throttle, id, UNASKED_EVERY_MS, clock_monotonic_ms())
               ? asker_new(registry, &inbound, id, (struct text){0})
               : NULL;
}

static const char *sentence_of(enum reply_code code)
{
    switch (code) {
    case CODE_OK:
        return "Heartbeat processed successfully";
    case CODE_UNKNOWN_WORKER:
        return "Worker not registered";
    case CODE_SUPERSEDED:
        return "A later start of this worker has registered";
    case CODE_DEREGISTERED:
        return "Worker has been deregistered";
    default:
        return "Heartbeat not processed";
    }
}

static void tell(struct registry *registry, struct sender *sender, const struct store_heartbeat_answer *answer)
{
    struct asker *asker = sender->asker;
    sender->asker = NULL;
    if (asker == NULL) {
        asker = asker_of_sender(registry, sender);
    }
    if (asker == NULL) {
        count_message(registry, TOPIC_WORKER_HEARTBEAT, answer->code);
        return;
    }
    asker_reply(asker, &(struct reply){.code = answer->code,
                                       .message = text_of(sentence_of(answer->code)),
                                       .epoch = answer->epoch,
                                       .heartbeat_interval_ms = answer->heartbeat_interval_ms,
                                       .revoked_jobs_json = answer->revoked_jobs_json});
}

static void refuse_all(struct heartbeat_batch *batch)
{
    struct registry *registry = batch->registry;
    registry->counters.heartbeats_dropped += batch->count;
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->senders[i].asker != NULL) {
            asker_refuse_for(batch->senders[i].asker, CODE_UNAVAILABLE, "The registry cannot reach its store");
            batch->senders[i].asker = NULL;
        }
    }
}

static void on_heartbeats(void *context, const struct store_heartbeats *result)
{
    struct heartbeat_batch *batch = context;
    struct registry *registry = batch->registry;
    if (result->outcome == STORE_DONE) {
        registry->counters.messages[TOPIC_WORKER_HEARTBEAT][CODE_OK] += batch->count - result->count;
        for (size_t i = 0; i < result->count; i++) {
            tell(registry, &batch->senders[result->answers[i].index], &result->answers[i]);
        }
    } else {
        refuse_all(batch);
    }
    free_batch(batch);
    if (registry->batches_open-- == BATCHES_MAX) {
        connection_resume(&registry->pulse);
    }
}

void heartbeat_flush(struct registry *registry)
{
    struct heartbeat_batch *batch = registry->batch;
    if (batch == NULL) {
        return;
    }
    registry->batch = NULL;
    registry->batches_open++;
    store_heartbeat_send(registry->store, on_heartbeats, batch);
}

static void add(struct registry *registry, const struct inbound *inbound, struct heartbeat *heartbeat)
{
    if (registry->batch == NULL) {
        registry->batch = malloc(sizeof *registry->batch);
        if (registry->batch == NULL) {
            registry->counters.heartbeats_dropped++;
            return;
        }
        registry->batch->registry = registry;
        registry->batch->count = 0;
    }
    struct text id = inbound->sender.id;
    bool asks = inbound->response_topic.data != NULL;
    struct sender *sender = &registry->batch->senders[registry->batch->count++];
    *sender = (struct sender){.encoding = inbound->encoding, .id_len = id.len};
    memcpy(sender->id, id.data, id.len);
    sender->asker = asks ? asker_new(registry, inbound, id, heartbeat->request_id) : NULL;
    heartbeat->worker_id = id;
    store_heartbeat_add(registry->store, heartbeat, asks);
    if (registry->batch->count == STORE_HEARTBEATS_MAX) {
        heartbeat_flush(registry);
    }
}

static void refuse(struct registry *registry, const struct inbound *inbound, const struct heartbeat *heartbeat,
                   const struct reply *reply)
{
    struct text id = inbound->sender.id;
    bool asks = inbound->response_topic.data != NULL;
    if (asks || throttle_allows(&registry->throttle, id, UNASKED_EVERY_MS, clock_monotonic_ms())) {
        asker_reply(asker_new(registry, inbound, id, heartbeat->request_id), reply);
    } else {
        count_message(registry, TOPIC_WORKER_HEARTBEAT, reply->code);
    }
}

void handle_heartbeat(struct registry *registry, const struct inbound *inbound)
{
    struct heartbeat heartbeat;
    struct violations *violations = &registry->violations;
    violations_clear(violations);
    if (decode_heartbeat(registry->decoder, inbound->payload, &heartbeat, violations)) {
        validate_heartbeat(&heartbeat, violations);
    }
    if (violations->count > 0) {
        refuse(registry, inbound, &heartbeat, &(struct reply){.code = violations->code, .violations = violations});
    } else if (heartbeat.worker_id.data != NULL && !text_equal(heartbeat.worker_id, inbound->sender.id)) {
        refuse(registry, inbound, &heartbeat,
               &(struct reply){.code = CODE_IDENTITY_MISMATCH,
                               .message = text_of("workerId names another worker than the topic")});
    } else {
        add(registry, inbound, &heartbeat);
    }
}

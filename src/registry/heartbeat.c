/* heartbeat.c -- heartbeats gathered into batches, and those answered that asked or were refused. */
#include "registry/heartbeat.h"

#include "base/clock.h"
#include "base/echo.h"
#include "base/histogram.h"
#include "base/throttle.h"
#include "codec/document.h"
#include "codec/message.h"
#include "codec/topic.h"
#include "domain/validate.h"
#include "registry/asker.h"
#include "registry/connection.h"
#include "registry/counters.h"
#include "registry/identity.h"
#include "registry/inbound.h"
#include "registry/internal.h"
#include "registry/kept.h"
#include "registry/merge.h"
#include "registry/query.h"
#include "registry/results.h"
#include "registry/system.h"
#include "store/heartbeat.h"

#include <stdlib.h>
#include <string.h>

enum { UNASKED_EVERY_MS = 1000 };

/* Who sent each heartbeat of a batch: an asker where one asked, else enough to tell a refusal. */
struct heartbeat_batch {
    struct registry *registry;
    int64_t opened_us; /* monotonic */
    uint64_t number;
    size_t count;
    size_t requests; /* of them: measured as requests are */
    bool keeps;      /* what cannot be told to Redis is kept */
    struct buf payloads;
    struct sender {
        struct asker *asker;
        struct results_item *item; /* of a gateway that did not ask */
        enum topic_kind kind;
        enum encoding encoding;
        bool settled;
        struct echo_words words;
        size_t payload_at; /* in payloads */
        size_t payload_len;
        size_t id_len;
        char id[WORKER_ID_MAX];
    } senders[STORE_HEARTBEATS_MAX];
};

/* A gateway and an operator are told nothing but what they asked for, and what their items were refused for. */
static struct asker *asker_of_sender(struct registry *registry, const struct sender *sender)
{
    struct text id = {sender->id, sender->id_len};
    struct inbound inbound = {.sender = {.kind = sender->kind, .id = id}, .encoding = sender->encoding};
    if (sender->item != NULL) {
        inbound = results_inbound(sender->item);
    } else if (sender->kind != TOPIC_WORKER_HEARTBEAT) {
        return NULL;
    }
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

/* Whoever asks is answered, whatever the answer is. */
static bool is_asked(const struct inbound *inbound)
{
    bool by_topic = inbound->response_topic.data != NULL || inbound->sender.kind == TOPIC_REQUEST;
    return inbound->answer != NULL ? inbound->item == NULL : by_topic;
}

static void tell(struct registry *registry, struct sender *sender, const struct store_heartbeat_answer *answer)
{
    struct asker *asker = sender->asker != NULL ? sender->asker : asker_of_sender(registry, sender);
    sender->settled = true;
    const struct reply reply = {.code = answer->code,
                                .message = text_of(sentence_of(answer->code)),
                                .epoch = answer->epoch,
                                .heartbeat_interval_ms = system_interval_ms(registry, answer->heartbeat_interval_ms,
                                                                            answer->heartbeat_timeout_ms),
                                .revoked_jobs_json = answer->revoked_jobs_json};
    if (asker != NULL && sender->kind == TOPIC_REQUEST && reply.code == CODE_OK) {
        query_reply_with_worker(asker, &reply);
        return;
    }
    if (asker != NULL) {
        asker_reply(asker, &reply);
        return;
    }
    count_message(registry, sender->kind, answer->code);
    results_pass(sender->item, answer->code);
}

/* Those that Redis had nothing to say of are well. */
static void settle_rest(struct heartbeat_batch *batch)
{
    struct registry *registry = batch->registry;
    for (size_t i = 0; i < batch->count; i++) {
        struct sender *sender = &batch->senders[i];
        if (sender->settled) {
            continue;
        }
        count_message(registry, sender->kind, CODE_OK);
        results_pass(sender->item, CODE_OK);
    }
}

/* What is repeated from now on: what was no more than a pulse to Redis. */
static void confirm(struct heartbeat_batch *batch, const struct store_heartbeats *result)
{
    struct registry *registry = batch->registry;
    for (size_t i = 0; i < result->other_count; i++) {
        const struct sender *sender = &batch->senders[result->others[i]];
        merge_forget(registry, (struct text){sender->id, sender->id_len});
    }
    for (size_t i = 0; registry->merge.echo != NULL && i < batch->count; i++) {
        merge_confirm(registry, batch->senders[i].words, batch->number, batch->opened_us / 1000);
    }
}

static bool keep(struct heartbeat_batch *batch, const struct sender *sender)
{
    struct text payload = {batch->payloads.data + sender->payload_at, sender->payload_len};
    return batch->keeps && !batch->payloads.failed &&
           kept_keep(batch->registry, (struct text){sender->id, sender->id_len}, payload);
}

/* Redis could not be told: who asked is told so, and the heartbeats are kept for it. */
static void settle_undone(struct heartbeat_batch *batch)
{
    struct registry *registry = batch->registry;
    merge_forget_all(registry);
    for (size_t i = 0; i < batch->count; i++) {
        struct sender *sender = &batch->senders[i];
        registry->counters.heartbeats_dropped += keep(batch, sender) ? 0 : 1;
        if (sender->asker != NULL) {
            asker_refuse_for(sender->asker, CODE_UNAVAILABLE, "The registry cannot reach its store");
        } else {
            results_pass(sender->item, CODE_UNAVAILABLE);
        }
    }
}

/* The last one is for heartbeats from the broker: those that come by other ways gather while the others are out. */
static void flush_soon(struct registry *registry)
{
    if (registry->batches_open < BATCHES_MAX - 1) {
        heartbeat_flush(registry);
    }
}

static void on_heartbeats(void *context, const struct store_heartbeats *result)
{
    struct heartbeat_batch *batch = context;
    struct registry *registry = batch->registry;
    for (size_t i = 0; result->outcome == STORE_DONE && i < result->count; i++) {
        tell(registry, &batch->senders[result->answers[i].index], &result->answers[i]);
    }
    histogram_add(&registry->figures.handling, clock_monotonic_us() - batch->opened_us, batch->count - batch->requests);
    if (result->outcome == STORE_DONE) {
        confirm(batch, result);
        settle_rest(batch);
    } else {
        batch->keeps = batch->keeps && result->outcome != STORE_BROKEN;
        settle_undone(batch);
    }
    kept_settle(registry);
    buf_fini(&batch->payloads);
    free(batch);
    if (registry->batches_open-- == BATCHES_MAX) {
        connection_resume(&registry->pulse);
    }
    flush_soon(registry);
}

void heartbeat_flush(struct registry *registry)
{
    struct heartbeat_batch *batch = registry->batch;
    if (batch == NULL) {
        return;
    }
    registry->batch = NULL;
    registry->batches_open++;
    histogram_add(&registry->figures.batches, (int64_t)batch->count, 1);
    store_heartbeat_send(registry->store, on_heartbeats, batch);
}

static void refuse(struct registry *registry, const struct inbound *inbound, const struct heartbeat *heartbeat,
                   const struct reply *reply)
{
    struct text id = heartbeat->worker_id.len > 0 ? heartbeat->worker_id : inbound->sender.id;
    bool is_told =
        is_asked(inbound) || throttle_allows(&registry->throttle, id, UNASKED_EVERY_MS, clock_monotonic_ms());
    if (is_told) {
        asker_reply(asker_new(registry, inbound, heartbeat->worker_id, heartbeat->request_id), reply);
    } else {
        count_message(registry, inbound->sender.kind, reply->code);
        results_pass(inbound->item, reply->code);
    }
}

static struct heartbeat_batch *open_batch(struct registry *registry)
{
    if (registry->batch == NULL) {
        registry->batch = malloc(sizeof *registry->batch);
        if (registry->batch != NULL) {
            registry->batch->registry = registry;
            registry->batch->opened_us = clock_monotonic_us();
            registry->batch->number = ++registry->merge.batches;
            registry->batch->count = 0;
            registry->batch->requests = 0;
            registry->batch->keeps = registry->active;
            registry->batch->payloads = (struct buf){0};
        }
    }
    return registry->batch;
}

static void add(struct registry *registry, const struct inbound *inbound, const struct heartbeat *heartbeat)
{
    struct text id = heartbeat->worker_id;
    bool asked = is_asked(inbound);
    struct echo_words words;
    if (merge_takes(registry, heartbeat, asked, &words)) {
        count_message(registry, inbound->sender.kind, CODE_OK);
        results_pass(inbound->item, CODE_OK);
        return;
    }
    struct heartbeat_batch *batch = open_batch(registry);
    if (batch == NULL) {
        registry->counters.heartbeats_dropped++;
        refuse(registry, inbound, heartbeat,
               &(struct reply){.code = CODE_UNAVAILABLE, .message = text_of("The registry is out of memory")});
        return;
    }
    kept_outdate(registry, id, inbound->payload);
    batch->requests += inbound->sender.kind == TOPIC_REQUEST ? 1 : 0;
    struct sender *sender = &batch->senders[batch->count++];
    *sender = (struct sender){.item = inbound->item,
                              .kind = inbound->sender.kind,
                              .encoding = inbound->encoding,
                              .words = words,
                              .payload_at = batch->payloads.len,
                              .payload_len = inbound->payload.len,
                              .id_len = id.len};
    memcpy(sender->id, id.data, id.len);
    buf_append_text(&batch->payloads, inbound->payload);
    sender->asker = asked ? asker_new(registry, inbound, id, heartbeat->request_id) : NULL;
    merge_say(registry, words, batch->number);
    store_heartbeat_add(registry->store, heartbeat, asked);
    if (batch->count == STORE_HEARTBEATS_MAX) {
        heartbeat_flush(registry);
    }
}

void heartbeat_worker(struct registry *registry, const struct inbound *inbound, struct heartbeat *heartbeat,
                      bool decoded)
{
    struct violations *violations = &registry->violations;
    if (!identity_take(inbound, &heartbeat->worker_id, violations) && decoded) {
        identity_require(heartbeat->worker_id, violations);
    }
    if (violations->count > 0) {
        refuse(registry, inbound, heartbeat, &(struct reply){.code = violations->code, .violations = violations});
    } else {
        add(registry, inbound, heartbeat);
    }
}

void handle_heartbeat(struct registry *registry, const struct inbound *inbound)
{
    struct heartbeat heartbeat;
    violations_clear(&registry->violations);
    bool decoded = decode_heartbeat(registry->decoder, inbound->payload, &heartbeat, &registry->violations);
    validate_heartbeat(&heartbeat, &registry->violations);
    heartbeat_worker(registry, inbound, &heartbeat, decoded);
    if (inbound->sender.kind == TOPIC_REQUEST) {
        flush_soon(registry);
    }
}

/* asker.c -- somebody who waits for a reply: where it goes, in which encoding, and sending it. */
#include "registry/asker.h"

#include "base/clock.h"
#include "base/histogram.h"
#include "broker/broker.h"
#include "codec/document.h"
#include "codec/message.h"
#include "codec/topic.h"
#include "registry/counters.h"
#include "registry/inbound.h"
#include "registry/internal.h"

#include <stdlib.h>
#include <string.h>

enum { REPLY_EXPIRY_S = 60 };

static struct text keep(char **at, struct text text)
{
    if (text.data == NULL) {
        return text;
    }
    struct text kept = {*at, text.len};
    memcpy(*at, text.data, text.len);
    *at += text.len;
    return kept;
}

static struct text reply_topic(struct registry *registry, const struct inbound *inbound)
{
    struct buf *topic = &registry->topic;
    buf_clear(topic);
    if (inbound->answer != NULL) {
        return (struct text){"", 0};
    }
    if (topic_reply_allowed(registry->root, &inbound->sender, inbound->response_topic)) {
        buf_append_text(topic, inbound->response_topic);
    } else {
        topic_append_reply(topic, registry->root, &inbound->sender);
    }
    return topic->failed ? (struct text){0} : buf_text(topic);
}

struct asker *asker_new(struct registry *registry, const struct inbound *inbound, struct text worker_id,
                        struct text request_id)
{
    struct text topic = reply_topic(registry, inbound);
    struct text by = inbound->sender.id;
    size_t bytes = topic.len + 1 + inbound->correlation.len + by.len + worker_id.len + request_id.len;
    struct asker *asker = topic.data != NULL ? calloc(1, sizeof *asker + bytes) : NULL;
    if (asker == NULL) {
        if (inbound->answer != NULL) {
            inbound->answer(inbound->owner, CODE_UNAVAILABLE, NULL);
        }
        return NULL;
    }
    char *at = asker->bytes;
    asker->registry = registry;
    asker->asked_us = clock_monotonic_us();
    asker->owner = inbound->owner;
    asker->answer = inbound->answer;
    asker->kind = inbound->sender.kind;
    asker->encoding = inbound->encoding;
    asker->topic = keep(&at, topic);
    *at++ = '\0';
    asker->has_correlation = inbound->correlation.data != NULL;
    asker->correlation = keep(&at, inbound->correlation);
    asker->by = keep(&at, by);
    asker->worker_id = keep(&at, worker_id);
    asker->request_id = keep(&at, request_id);
    return asker;
}

void asker_free(struct asker *asker)
{
    if (asker != NULL) {
        free(asker->violations);
        free(asker);
    }
}

/* Publishes what has been encoded into payload. */
static void publish_payload(struct asker *asker)
{
    struct registry *registry = asker->registry;
    struct broker_publication publication = {.topic = asker->topic.data,
                                             .payload = buf_text(&registry->payload),
                                             .qos = 1,
                                             .ahead = true,
                                             .content_type = encoding_content_type(asker->encoding),
                                             .expiry_s = REPLY_EXPIRY_S,
                                             .correlation = asker->correlation};
    enum err err = broker_publish(registry->control.broker, &publication);
    if (err != ERR_OK) {
        note(registry, LOG_WARN, "a reply to %s could not be sent: %s", asker->topic.data, err_name(err));
    }
}

/* The reply with what is added to it, which it takes over; NULL without memory. */
static json_t *extended(const struct reply *reply, const struct extra *extras, size_t count)
{
    json_t *document = reply_document(reply);
    for (size_t i = 0; i < count; i++) {
        if (document == NULL) {
            json_decref(extras[i].value);
        } else if (extras[i].value != NULL) {
            (void)json_object_set_new(document, extras[i].name, extras[i].value);
        }
    }
    return document;
}

static void deliver(struct asker *asker, const struct reply *reply, const struct extra *extras, size_t count)
{
    struct buf *payload = &asker->registry->payload;
    json_t *document = asker->answer != NULL || count > 0 ? extended(reply, extras, count) : NULL;
    if (asker->answer != NULL) {
        asker->answer(asker->owner, reply->code, document);
    } else {
        buf_clear(payload);
        enum err err = count > 0 ? encode_document(document, asker->encoding, payload)
                                 : encode_reply(reply, asker->encoding, payload);
        if (err == ERR_OK) {
            publish_payload(asker);
        } else {
            note(asker->registry, LOG_WARN, "a reply to %s could not be encoded", asker->topic.data);
        }
    }
    json_decref(document);
}

/* Heartbeats are measured by the batch. */
static void note_handling(struct asker *asker)
{
    if (asker->kind != TOPIC_WORKER_HEARTBEAT && asker->kind != TOPIC_GATEWAY_HEARTBEAT) {
        histogram_add(&asker->registry->figures.handling, clock_monotonic_us() - asker->asked_us, 1);
    }
}

void asker_reply_with(struct asker *asker, const struct reply *reply, const struct extra *extras, size_t count)
{
    struct reply complete = *reply;
    if (asker == NULL) {
        for (size_t i = 0; i < count; i++) {
            json_decref(extras[i].value);
        }
        return;
    }
    complete.worker_id = complete.worker_id.data != NULL ? complete.worker_id : asker->worker_id;
    complete.request_id = asker->request_id;
    if (!asker->uncounted) {
        count_message(asker->registry, asker->kind, reply->code);
        note_handling(asker);
    }
    deliver(asker, &complete, extras, count);
    asker_free(asker);
}

void asker_reply(struct asker *asker, const struct reply *reply)
{
    asker_reply_with(asker, reply, NULL, 0);
}

void asker_refuse(struct asker *asker, const struct violations *violations)
{
    asker_reply(asker, &(struct reply){.code = violations->code, .violations = violations});
}

void asker_refuse_for(struct asker *asker, enum reply_code code, const char *sentence)
{
    asker_reply(asker, &(struct reply){.code = code, .message = text_of(sentence)});
}

enum reply_code asker_code_of_outcome(enum store_outcome outcome)
{
    return outcome == STORE_DONE ? CODE_OK : CODE_UNAVAILABLE;
}

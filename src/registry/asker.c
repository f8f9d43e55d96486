/* asker.c -- somebody who waits for a reply: where it goes, in which encoding, and sending it. */
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

struct asker *asker_new(struct registry *registry, const struct inbound *inbound, struct text worker_id,
                        struct text request_id)
{
    const struct broker_message *message = inbound->message;
    struct buf *topic = &registry->topic;
    buf_clear(topic);
    if (topic_reply_allowed(registry->root, &inbound->sender, message->response_topic)) {
        buf_append_text(topic, message->response_topic);
    } else {
        topic_append_reply(topic, registry->root, &inbound->sender);
    }
    if (topic->failed) {
        return NULL;
    }
    struct asker *asker =
        calloc(1, sizeof *asker + topic->len + 1 + message->correlation.len + worker_id.len + request_id.len + 1);
    if (asker == NULL) {
        return NULL;
    }
    char *at = asker->bytes;
    asker->registry = registry;
    asker->kind = inbound->sender.kind;
    asker->encoding = inbound->encoding;
    asker->topic = keep(&at, buf_text(topic));
    *at++ = '\0';
    asker->has_correlation = message->correlation.data != NULL;
    asker->correlation = keep(&at, message->correlation);
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

static void publish_reply(struct asker *asker, const json_t *document)
{
    struct registry *registry = asker->registry;
    struct buf *payload = &registry->payload;
    buf_clear(payload);
    if (encode_document(document, asker->encoding, payload) != ERR_OK) {
        note(registry, LOG_WARN, "a reply to %s could not be encoded", asker->topic.data);
        return;
    }
    struct broker_publication publication = {.topic = asker->topic.data,
                                             .payload = buf_text(payload),
                                             .qos = 1,
                                             .content_type = encoding_content_type(asker->encoding),
                                             .expiry_s = REPLY_EXPIRY_S,
                                             .correlation = asker->correlation};
    enum err err = broker_publish(registry->control.broker, &publication);
    if (err != ERR_OK) {
        note(registry, LOG_WARN, "a reply to %s could not be sent: %s", asker->topic.data, err_name(err));
    }
}

void asker_reply_with(struct asker *asker, const struct reply *reply, const struct extra *extras, size_t count)
{
    struct reply complete = *reply;
    if (asker != NULL) {
        complete.worker_id = complete.worker_id.data != NULL ? complete.worker_id : asker->worker_id;
        complete.request_id = asker->request_id;
    }
    json_t *document = asker != NULL ? reply_document(&complete) : NULL;
    for (size_t i = 0; i < count; i++) {
        if (document == NULL) {
            json_decref(extras[i].value);
        } else if (extras[i].value != NULL) {
            (void)json_object_set_new(document, extras[i].name, extras[i].value);
        }
    }
    if (document != NULL) {
        count_message(asker->registry, asker->kind, reply->code);
        publish_reply(asker, document);
    }
    json_decref(document);
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

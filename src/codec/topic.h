/* topic.h -- the grammar of topics (contract, section 2): text to meaning and back. Pure; no MQTT library. */
#ifndef MUSTER_CODEC_TOPIC_H
#define MUSTER_CODEC_TOPIC_H

#include "base/buf.h"
#include "base/text.h"

#include <stdbool.h>

/* What arrives on a topic below the root. */
enum topic_kind {
    TOPIC_UNKNOWN, /* nothing the registry listens to, or a bad id */
    TOPIC_WORKER_REGISTER,
    TOPIC_WORKER_HEARTBEAT,
    TOPIC_WORKER_DEREGISTER,
    TOPIC_WORKER_WILL,
    TOPIC_GATEWAY_REGISTER,
    TOPIC_GATEWAY_HEARTBEAT,
    TOPIC_GATEWAY_DEREGISTER,
    TOPIC_GATEWAY_WILL,
    TOPIC_REQUEST,
    TOPIC_CANARY,
    TOPIC_KIND_COUNT
};

/* The sender: who, by the topic, speaks. */
struct topic {
    enum topic_kind kind;
    struct text id;   /* worker, gateway or client id: a slice of the topic */
    struct text verb; /* of a request: a slice of the topic */
};

/* topic_parse reads a topic under root ("muster/v1", no slash at the end). */
struct topic topic_parse(struct text root, struct text topic);

/*
 * topic_reply_allowed: the response topic is the sender's own reply topic or below it, without wildcards and
 * at most 512 bytes long. topic_append_reply appends that own reply topic to out.
 */
bool topic_reply_allowed(struct text root, const struct topic *sender, struct text response_topic);
void topic_append_reply(struct buf *out, struct text root, const struct topic *sender);

#endif

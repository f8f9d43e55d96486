/* topic.c -- reading topics level by level, and telling a sender's own reply topic. */
#include "codec/topic.h"

#include "codec/utf8.h"
#include "domain/worker.h"

enum { RESPONSE_TOPIC_MAX = 512 };

/* Takes the level before the next slash; false where there is none left. */
static bool take_level(struct text *rest, struct text *out_level)
{
    if (rest->data == NULL) {
        return false;
    }
    const char *slash = memchr(rest->data, '/', rest->len);
    if (slash == NULL) {
        *out_level = *rest;
        *rest = (struct text){0};
        return true;
    }
    size_t len = (size_t)(slash - rest->data);
    *out_level = (struct text){rest->data, len};
    *rest = (struct text){slash + 1, rest->len - len - 1};
    return true;
}

/* What is below root; data NULL where the topic is not below it. */
static struct text below_root(struct text root, struct text topic)
{
    if (topic.len <= root.len || memcmp(topic.data, root.data, root.len) != 0 || topic.data[root.len] != '/') {
        return (struct text){0};
    }
    return (struct text){topic.data + root.len + 1, topic.len - root.len - 1};
}

static enum topic_kind kind_of(struct text group, struct text verb)
{
    static const struct {
        const char *group;
        const char *verb; /* NULL: any that is not empty */
        enum topic_kind kind;
    } kinds[] = {
        {"worker", "heartbeat", TOPIC_WORKER_HEARTBEAT},
        {"worker", "register", TOPIC_WORKER_REGISTER},
        {"worker", "deregister", TOPIC_WORKER_DEREGISTER},
        {"worker", "will", TOPIC_WORKER_WILL},
        {"gateway", "heartbeat", TOPIC_GATEWAY_HEARTBEAT},
        {"gateway", "register", TOPIC_GATEWAY_REGISTER},
        {"gateway", "deregister", TOPIC_GATEWAY_DEREGISTER},
        {"gateway", "will", TOPIC_GATEWAY_WILL},
        {"request", NULL, TOPIC_REQUEST},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (text_is(group, kinds[i].group) && (kinds[i].verb == NULL ? verb.len > 0 : text_is(verb, kinds[i].verb))) {
            return kinds[i].kind;
        }
    }
    return TOPIC_UNKNOWN;
}

struct topic topic_parse(struct text root, struct text topic)
{
    const struct topic unknown = {.kind = TOPIC_UNKNOWN};
    struct text rest = below_root(root, topic);
    struct text group = {0};
    struct topic parsed = unknown;
    if (!take_level(&rest, &group)) {
        return unknown;
    }
    if (rest.data == NULL) {
        return text_is(group, "canary") ? (struct topic){.kind = TOPIC_CANARY} : unknown;
    }
    if (!take_level(&rest, &parsed.id) || !take_level(&rest, &parsed.verb) || rest.data != NULL) {
        return unknown;
    }
    parsed.kind = kind_of(group, parsed.verb);
    if (parsed.kind == TOPIC_UNKNOWN || !worker_id_valid(parsed.id)) {
        return unknown;
    }
    if (parsed.kind != TOPIC_REQUEST) {
        parsed.verb = (struct text){0};
    }
    return parsed;
}

/* The level after "reply" for those who may be answered, else NULL. */
static const char *reply_group(enum topic_kind kind)
{
    switch (kind) {
    case TOPIC_WORKER_REGISTER:
    case TOPIC_WORKER_HEARTBEAT:
    case TOPIC_WORKER_DEREGISTER:
    case TOPIC_WORKER_WILL:
        return "worker";
    case TOPIC_GATEWAY_REGISTER:
    case TOPIC_GATEWAY_HEARTBEAT:
    case TOPIC_GATEWAY_DEREGISTER:
    case TOPIC_GATEWAY_WILL:
        return "gateway";
    case TOPIC_REQUEST:
        return "client";
    default:
        return NULL;
    }
}

bool topic_reply_allowed(struct text root, const struct topic *sender, struct text response_topic)
{
    const char *group = reply_group(sender->kind);
    if (group == NULL || response_topic.data == NULL || response_topic.len > RESPONSE_TOPIC_MAX ||
        utf8_clean_bytes(response_topic) < response_topic.len ||
        memchr(response_topic.data, '+', response_topic.len) != NULL ||
        memchr(response_topic.data, '#', response_topic.len) != NULL) {
        return false;
    }
    struct text rest = below_root(root, response_topic);
    struct text reply = {0};
    struct text their_group = {0};
    struct text id = {0};
    return take_level(&rest, &reply) && take_level(&rest, &their_group) && take_level(&rest, &id) &&
           text_is(reply, "reply") && text_is(their_group, group) && text_equal(id, sender->id);
}

void topic_append_reply(struct buf *out, struct text root, const struct topic *sender)
{
    const char *group = reply_group(sender->kind);
    if (group != NULL) {
        buf_append_text(out, root);
        buf_append_string(out, "/reply/");
        buf_append_string(out, group);
        buf_append_string(out, "/");
        buf_append_text(out, sender->id);
    }
}

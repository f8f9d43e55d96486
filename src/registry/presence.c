/* presence.c -- the connection that says that this daemon exists: online while it lives, offline by its will. */
#include "registry/presence.h"

#include "base/clock.h"
#include "broker/broker.h"
#include "codec/message.h"
#include "registry/connection.h"
#include "registry/internal.h"

#include <stdio.h>
#include <string.h>

/* A daemon that died leaves its offline document for this long; the online one is told again well within it. */
enum { PRESENCE_EXPIRY_S = 3600, PRESENCE_AGAIN_MS = 600 * 1000 };

/* Of what is retained (restate.c) the topics alone are of use, but there may be many. */
enum { INBOX_MESSAGES = 100000 };

static void presence_topic(const struct registry *registry, char *out, size_t size)
{
    (void)snprintf(out, size, "%.*s/registry/%s", TEXT_ARG(registry->root), registry->instance);
}

static enum encoding encoding_used(const struct registry *registry)
{
    return (enum encoding)registry->config.publish.encoding;
}

/* Takes the document, and leaves it in the registry's payload as it is to be published. */
static bool encode(struct registry *registry, json_t *document)
{
    buf_clear(&registry->payload);
    bool encoded = document != NULL && encode_document(document, encoding_used(registry), &registry->payload) == ERR_OK;
    json_decref(document);
    return encoded;
}

enum err presence_new(struct registry *registry, struct fault *out_fault)
{
    char topic[CONFIG_STRING_MAX + INSTANCE_MAX + 16];
    char client_id[CONFIG_STRING_MAX + INSTANCE_MAX];
    presence_topic(registry, topic, sizeof topic);
    (void)snprintf(client_id, sizeof client_id, "%s-%s", registry->config.mqtt.client_id, registry->instance);
    if (!encode(registry, json_pack("{s:s, s:s}", "instance", registry->instance, "state", "offline"))) {
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    struct broker_options options = connection_options(registry, client_id);
    options.will_topic = topic;
    options.will_payload = buf_text(&registry->payload);
    options.will_content_type = encoding_content_type(encoding_used(registry));
    options.will_expiry_s = PRESENCE_EXPIRY_S;
    options.will_retained = true;
    options.inbox_messages_max = INBOX_MESSAGES;
    options.message_bytes_max = 1;
    return connection_new(&registry->presence, registry, "presence", &options, out_fault);
}

static void publish_presence(struct registry *registry, struct text payload)
{
    char topic[CONFIG_STRING_MAX + INSTANCE_MAX + 16];
    presence_topic(registry, topic, sizeof topic);
    const char *content_type = encoding_content_type(encoding_used(registry));
    struct broker_publication publication = {.topic = topic,
                                             .payload = payload,
                                             .qos = 1,
                                             .retained = true,
                                             .content_type = payload.len > 0 ? content_type : NULL,
                                             .expiry_s = payload.len > 0 ? PRESENCE_EXPIRY_S : 0};
    if (broker_publish(registry->presence.broker, &publication) != ERR_OK) {
        note(registry, LOG_WARN, "the registry's own state could not be published");
    }
}

void presence_tell(struct registry *registry)
{
    if (!registry->presence.connected) {
        return;
    }
    if (encode(registry, json_pack("{s:s, s:s, s:s, s:I}", "instance", registry->instance, "state", "online", "role",
                                   registry->active ? "active" : "standby", "at", (json_int_t)clock_wall_ms()))) {
        publish_presence(registry, buf_text(&registry->payload));
    }
    registry->presence_told_ms = clock_monotonic_ms();
}

void presence_connected(struct registry *registry)
{
    presence_tell(registry);
}

void presence_leave(struct registry *registry)
{
    if (registry->presence.connected) {
        publish_presence(registry, (struct text){"", 0});
    }
    connection_want(&registry->presence, false);
}

void presence_tick(struct registry *registry, int64_t now_ms)
{
    connection_tick(&registry->presence, now_ms);
    if (now_ms - registry->presence_told_ms > PRESENCE_AGAIN_MS) {
        presence_tell(registry);
    }
}

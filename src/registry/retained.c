/*
 * retained.c -- reads back what the broker keeps of the registry's own state topics, once after each subscription: a
 * broker may have lost it, or have come back with what is long outdated.
 */
#include "registry/retained.h"

#include "broker/broker.h"
#include "codec/message.h"
#include "domain/hearing.h"
#include "registry/internal.h"
#include "registry/ledger.h"
#include "registry/system.h"

#include <string.h>

/* Brokers that never bring a canary back must not keep alerts from being told. */
enum { READ_BACK_MAX_MS = 2000 };

bool retained_is_read_back(const char *filter)
{
    return strcmp(filter, "system") == 0 || strcmp(filter, "alert/+") == 0;
}

/* What stands below the root's level; absent where the topic is none of these. */
struct text retained_below(const struct registry *registry, struct text topic, const char *level)
{
    size_t root_len = registry->root.len;
    size_t level_len = strlen(level);
    if (topic.len < root_len + level_len || memcmp(topic.data, registry->root.data, root_len) != 0 ||
        memcmp(topic.data + root_len, level, level_len) != 0) {
        return (struct text){0};
    }
    return (struct text){topic.data + root_len + level_len, topic.len - root_len - level_len};
}

static void take(struct registry *registry, struct text rule, bool is_alert, struct text payload)
{
    violations_clear(&registry->violations);
    json_t *document = payload.len > 0 ? decode_document(registry->decoder, payload, &registry->violations) : NULL;
    if (is_alert) {
        ledger_read_back(registry, rule, document);
    } else {
        system_read_back(registry, document);
    }
    json_decref(document);
}

bool retained_take(struct registry *registry, const struct broker_message *message)
{
    struct text rule = retained_below(registry, message->topic, "/alert/");
    struct text rest = retained_below(registry, message->topic, "/system");
    bool is_system = rest.data != NULL && rest.len == 0;
    if (rule.data == NULL && !is_system) {
        return false;
    }
    if (message->retained && !registry->retained.known) {
        take(registry, rule, rule.data != NULL, message->payload);
    }
    return true;
}

/* The broker sends what is retained before it takes the canary that follows the subscription. */
void retained_tick(struct registry *registry, int64_t now_ms)
{
    struct retained *retained = &registry->retained;
    if (!registry->control.subscribed) {
        *retained = (struct retained){0};
        return;
    }
    if (retained->since_ms == 0) {
        retained->since_ms = now_ms;
    }
    bool is_heard = registry->listening && !hearing_is_deaf(&registry->hearing);
    retained->known = retained->known || is_heard || now_ms - retained->since_ms >= READ_BACK_MAX_MS;
}

/* intake.c -- the two connections of the active daemon: what they subscribe to, and who handles what arrives. */
#include "registry/intake.h"

#include "broker/broker.h"
#include "codec/message.h"
#include "codec/topic.h"
#include "registry/asker.h"
#include "registry/batch.h"
#include "registry/canary.h"
#include "registry/connection.h"
#include "registry/counters.h"
#include "registry/deregister.h"
#include "registry/gateway.h"
#include "registry/heartbeat.h"
#include "registry/inbound.h"
#include "registry/internal.h"
#include "registry/publish.h"
#include "registry/register.h"
#include "registry/request.h"
#include "registry/restate.h"
#include "registry/retained.h"
#include "registry/will.h"

#include <stdio.h>
#include <string.h>

enum { SESSION_EXPIRY_S = 86400, FILTERS_MAX = 16, FILTER_BYTES = CONFIG_STRING_MAX + 32 };

/*
 * What a storm brings is acknowledged on the connection that the replies go by, and mosquitto takes one packet of each
 * connection in a turn: a reply goes behind no more acknowledgements than this. The library's own limit is another one:
 * while messages come without a pause its receiving thread hardly ever leaves the lock to the sending one.
 */
enum { CONTROL_RECEIVE_MAXIMUM = 128 };

/* What is taken in faster than its replies go out would be answered by none in the end: the outbox has a cap. */
enum { REPLIES_MAX = 1024 };

static const char *const control_filters[] = {"worker/+/register",
                                              "worker/+/deregister",
                                              "worker/+/will",
                                              "gateway/+/register",
                                              "gateway/+/deregister",
                                              "gateway/+/will",
                                              "request/+/+",
                                              "canary",
                                              "system",
                                              "alert/+"};
static const char *const pulse_filters[] = {"worker/+/heartbeat", "gateway/+/heartbeat", "canary"};

enum err intake_new(struct registry *registry, struct fault *out_fault)
{
    const struct config *config = &registry->config;
    char pulse_id[CONFIG_STRING_MAX + 8];
    struct broker_options options = connection_options(registry, config->mqtt.client_id);
    options.persistent_session = true;
    options.session_expiry_s = SESSION_EXPIRY_S;
    options.receive_maximum = CONTROL_RECEIVE_MAXIMUM;
    options.inbox_messages_max = (size_t)config->mqtt.inbox_messages;
    options.inbox_bytes_max = (size_t)config->mqtt.inbox_bytes;
    options.message_bytes_max = MESSAGE_GATEWAY_BYTES_MAX;
    enum err err = connection_new(&registry->control, registry, "control", &options, out_fault);
    if (err != ERR_OK) {
        return err;
    }
    (void)snprintf(pulse_id, sizeof pulse_id, "%s-pulse", config->mqtt.client_id);
    options.client_id = pulse_id;
    options.persistent_session = false;
    options.session_expiry_s = 0;
    options.receive_maximum = 0;
    return connection_new(&registry->pulse, registry, "pulse", &options, out_fault);
}

void intake_connected(struct connection *connection)
{
    struct registry *registry = connection->registry;
    bool is_control = connection == &registry->control;
    const char *const *names = is_control ? control_filters : pulse_filters;
    size_t count = is_control ? sizeof control_filters / sizeof control_filters[0]
                              : sizeof pulse_filters / sizeof pulse_filters[0];
    char filters[FILTERS_MAX][FILTER_BYTES];
    struct broker_subscription subscriptions[FILTERS_MAX];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(filters[i], sizeof filters[i], "%.*s/%s", TEXT_ARG(registry->root), names[i]);
        subscriptions[i] = (struct broker_subscription){
            .filter = filters[i], .qos = 1, .retained_too = retained_is_read_back(names[i])};
    }
    struct fault fault = {0};
    if (broker_subscribe(connection->broker, subscriptions, count, &fault) != ERR_OK) {
        note(registry, LOG_WARN, "%s connection could not subscribe: %s", connection->name, fault.text);
    }
}

void intake_subscribed(struct connection *connection)
{
    struct registry *registry = connection->registry;
    if (registry->control.subscribed && registry->pulse.subscribed) {
        canary_interrupt(registry, "subscribed");
        note(registry, LOG_INFO, "listening to %s under %.*s", registry->config.mqtt.uri, TEXT_ARG(registry->root));
    }
    if (connection == &registry->control) {
        publish_kick(registry);
    }
}

bool intake_may_take(const struct connection *connection)
{
    const struct registry *registry = connection->registry;
    if (connection == &registry->pulse) {
        return registry->batches_open < BATCHES_MAX;
    }
    if (connection == &registry->presence) {
        return restate_may_take(registry);
    }
    return connection != &registry->control ||
           (registry->calls_open < CALLS_MAX && registry->feeds == 0 && !registry->replies_wait);
}

static size_t unacknowledged(const struct registry *registry)
{
    struct broker_counters counters = {0};
    broker_read_counters(registry->control.broker, &counters);
    return counters.unacknowledged;
}

void intake_look_at_replies(struct registry *registry)
{
    registry->replies_wait = registry->replies_wait || unacknowledged(registry) >= REPLIES_MAX;
}

void intake_tick(struct registry *registry)
{
    if (registry->replies_wait && unacknowledged(registry) < REPLIES_MAX / 2) {
        registry->replies_wait = false;
        connection_resume(&registry->control);
    }
}

void intake_call_done(struct registry *registry)
{
    if (registry->calls_open-- == CALLS_MAX) {
        connection_resume(&registry->control);
    }
}

static bool is_of_gateway(enum topic_kind kind)
{
    return kind >= TOPIC_GATEWAY_REGISTER && kind <= TOPIC_GATEWAY_WILL;
}

static size_t bytes_max(const struct topic *sender)
{
    if (sender->kind == TOPIC_REQUEST) {
        return request_bytes_max(sender->verb);
    }
    return is_of_gateway(sender->kind) ? MESSAGE_GATEWAY_BYTES_MAX : MESSAGE_BYTES_MAX;
}

static void refuse_too_large(struct registry *registry, const struct inbound *inbound, size_t bytes, size_t max)
{
    enum topic_kind kind = inbound->sender.kind;
    struct violations *violations = &registry->violations;
    violations_clear(violations);
    violations_add(violations, CODE_TOO_LARGE, "message must be at most %zu bytes (has %zu)", max, bytes);
    struct text worker_id = kind == TOPIC_REQUEST || is_of_gateway(kind) ? (struct text){0} : inbound->sender.id;
    if (kind == TOPIC_WORKER_WILL || kind == TOPIC_GATEWAY_WILL) {
        count_message(registry, kind, CODE_TOO_LARGE);
    } else {
        asker_refuse(asker_new(registry, inbound, worker_id, (struct text){0}), violations);
    }
}

void intake_message(struct connection *connection, const struct broker_message *message)
{
    struct registry *registry = connection->registry;
    struct inbound inbound = {.payload = message->payload,
                              .sender = topic_parse(registry->root, message->topic),
                              .encoding = encoding_of(message->payload),
                              .response_topic = message->response_topic,
                              .correlation = message->correlation};
    enum topic_kind kind = inbound.sender.kind;
    if (kind == TOPIC_CANARY) {
        handle_canary(connection, message);
        return;
    }
    if (kind == TOPIC_UNKNOWN && connection == &registry->control && retained_take(registry, message)) {
        return;
    }
    if (message->retained) {
        count_message(registry, kind, MESSAGE_RETAINED);
        note(registry, LOG_DEBUG, "ignored a retained message on %.*s", TEXT_ARG(message->topic));
        return;
    }
    if (message->payload_bytes > bytes_max(&inbound.sender)) {
        refuse_too_large(registry, &inbound, message->payload_bytes, bytes_max(&inbound.sender));
        return;
    }
    switch (kind) {
    case TOPIC_WORKER_REGISTER:
        handle_register(registry, &inbound);
        break;
    case TOPIC_WORKER_HEARTBEAT:
        handle_heartbeat(registry, &inbound);
        break;
    case TOPIC_WORKER_DEREGISTER:
        handle_deregister(registry, &inbound);
        break;
    case TOPIC_WORKER_WILL:
        handle_will(registry, &inbound);
        break;
    case TOPIC_GATEWAY_REGISTER:
        handle_gateway_register(registry, &inbound);
        break;
    case TOPIC_GATEWAY_HEARTBEAT:
        handle_gateway_heartbeat(registry, &inbound);
        break;
    case TOPIC_GATEWAY_DEREGISTER:
        handle_gateway_deregister(registry, &inbound);
        break;
    case TOPIC_GATEWAY_WILL:
        handle_gateway_will(registry, &inbound);
        break;
    case TOPIC_REQUEST:
        inbound.by = inbound.sender.id;
        handle_request(registry, &inbound);
        break;
    default:
        count_message(registry, kind, CODE_INVALID_PAYLOAD);
        note(registry, LOG_DEBUG, "ignored a message on %.*s", TEXT_ARG(message->topic));
        break;
    }
}

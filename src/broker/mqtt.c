/* mqtt.c -- a connection by the paho library: one of its clients for each attempt, thrown away with the connection. */
#include "broker/broker.h"

#include "broker/attempt.h"
#include "broker/inbox.h"
#include "broker/nodelay.h"
#include "broker/outbox.h"
#include "broker/property.h"
#include "broker/settings.h"
#include "broker/waker.h"

#include <MQTTAsync.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { FAILED_CODE_FIRST = 0x80, TLS_ERROR_BYTES = 160 };

/*
 * A client of the library is made for each attempt, so nothing that was unacknowledged when a connection ended is sent
 * again by the library later: whoever published it has been told, and decides. A client that lost its connection stays
 * until the next attempt, since the library's threads may be in it.
 */
struct broker {
    struct settings settings;
    struct inbox *inbox;
    struct outbox outbox;
    MQTTAsync client;
    char tls_error[TLS_ERROR_BYTES]; /* the library's threads only */
};

/*
 * The library guards what it has in common for all its clients against its own threads, but not one caller that
 * destroys a client against another that sends; so its callers take turns. Its threads never take this lock.
 */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

/*
 * The library writes every packet and step into a trace in memory, unless it is told to keep errors only: a third of
 * what a message costs it. MQTT_C_CLIENT_TRACE_LEVEL in the environment still has the last word.
 */
static void init_library(void)
{
    MQTTAsync_init_options options = MQTTAsync_init_options_initializer;
    options.do_openssl_init = 1;
    MQTTAsync_global_init(&options);
    MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
    waker_start();
}

static outbox_send_fn send_now;

static void destroy_client(struct broker *broker)
{
    outbox_close(&broker->outbox);
    (void)pthread_mutex_lock(&turn);
    if (broker->client != NULL) {
        MQTTAsync_destroy(&broker->client);
    }
    (void)pthread_mutex_unlock(&turn);
}

enum err broker_new(const struct broker_options *options, struct broker **out_broker, struct fault *out_fault)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct broker *broker = calloc(1, sizeof *broker);
    if (broker == NULL) {
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    outbox_init(&broker->outbox, send_now, broker);
    enum err err = settings_init(&broker->settings, options, out_fault);
    if (err == ERR_OK) {
        struct inbox_limits limits = {.messages_max = broker->settings.options.inbox_messages_max,
                                      .bytes_max = broker->settings.options.inbox_bytes_max,
                                      .payload_max = broker->settings.options.message_bytes_max};
        err = inbox_new(&limits, broker, &broker->inbox, out_fault);
    }
    if (err != ERR_OK) {
        broker_free(broker);
        return err;
    }
    (void)pthread_once(&once, init_library);
    *out_broker = broker;
    return ERR_OK;
}

void broker_free(struct broker *broker)
{
    if (broker == NULL) {
        return;
    }
    destroy_client(broker);
    inbox_free(broker->inbox);
    outbox_fini(&broker->outbox);
    settings_fini(&broker->settings);
    free(broker);
}

/* What the library's threads call, with its lock held: copy and return. */

static int on_message(void *context, char *topic, int topic_len, MQTTAsync_message *from)
{
    struct broker *broker = context;
    struct text payload = {from->payload, (size_t)from->payloadlen};
    struct broker_message message = {
        .topic = {topic, topic_len > 0 ? (size_t)topic_len : strlen(topic)},
        .payload = payload,
        .payload_bytes = payload.len,
        .qos = from->qos,
        .retained = from->retained != 0,
        .response_topic = property_text(&from->properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC),
        .correlation = property_text(&from->properties, MQTTPROPERTY_CODE_CORRELATION_DATA),
    };
    inbox_put_message(broker->inbox, &message);
    MQTTAsync_freeMessage(&from);
    MQTTAsync_free(topic);
    return 1;
}

static const char *describe_code(int code)
{
    const char *text =
        code >= FAILED_CODE_FIRST ? MQTTReasonCode_toString((enum MQTTReasonCodes)code) : MQTTAsync_strerror(code);
    return text != NULL ? text : "unknown reason";
}

static void on_connected(void *context, MQTTAsync_successData5 *success)
{
    struct broker *broker = context;
    nodelay_set(broker->settings.uri);
    outbox_open(&broker->outbox, property_receive_maximum(&success->properties));
    inbox_connected(broker->inbox, success->alt.connect.sessionPresent != 0);
}

static int failure_code(const MQTTAsync_failureData5 *failure)
{
    return (int)failure->reasonCode >= FAILED_CODE_FIRST ? (int)failure->reasonCode : failure->code;
}

static void on_connect_failed(void *context, MQTTAsync_failureData5 *failure)
{
    struct broker *broker = context;
    struct fault fault = {0};
    int code = failure_code(failure);
    const char *why = failure->message;
    if (code >= FAILED_CODE_FIRST || why == NULL) {
        why = describe_code(code);
    }
    if (broker->tls_error[0] != '\0') {
        why = broker->tls_error;
    }
    (void)fault_set(&fault, ERR_CLOSED, "%s: %s", broker->settings.options.uri, why);
    inbox_disconnected(broker->inbox, code, fault.text);
}

static void on_connection_lost(void *context, char *cause)
{
    (void)cause;
    struct broker *broker = context;
    struct fault fault = {0};
    (void)fault_set(&fault, ERR_CLOSED, "%s: the connection was lost", broker->settings.options.uri);
    outbox_close(&broker->outbox);
    inbox_disconnected(broker->inbox, MQTTASYNC_DISCONNECTED, fault.text);
}

static void on_server_disconnect(void *context, MQTTProperties *properties, enum MQTTReasonCodes code)
{
    struct broker *broker = context;
    struct fault fault = {0};
    struct text told = property_text(properties, MQTTPROPERTY_CODE_REASON_STRING);
    (void)fault_set(&fault, ERR_CLOSED, "%s: the broker ended the connection: %s%s%.*s", broker->settings.options.uri,
                    describe_code((int)code), told.len > 0 ? ": " : "", TEXT_ARG(told));
    outbox_close(&broker->outbox);
    inbox_disconnected(broker->inbox, (int)code, fault.text);
}

static int on_tls_error(const char *text, size_t len, void *context)
{
    struct broker *broker = context;
    (void)snprintf(broker->tls_error, sizeof broker->tls_error, "%.*s", (int)strcspn(text, "\n"), len > 0 ? text : "");
    return 1;
}

static void on_subscribed(void *context, MQTTAsync_successData5 *success)
{
    struct ticket *ticket = context;
    int count = success->alt.sub.reasonCodeCount;
    for (int i = 0; i < count; i++) {
        int code = (int)(count > 1 ? success->alt.sub.reasonCodes[i] : success->reasonCode);
        if (code >= FAILED_CODE_FIRST) {
            char reason[INBOX_REASON_BYTES];
            (void)snprintf(reason, sizeof reason, "filter %d of %d: %s", i + 1, count, describe_code(code));
            inbox_settle(ticket, BROKER_REFUSED, code, reason);
            return;
        }
    }
    inbox_settle(ticket, BROKER_SUBSCRIBED, 0, NULL);
}

static void on_subscription_refused(void *context, MQTTAsync_failureData5 *failure)
{
    int code = failure_code(failure);
    inbox_settle(context, BROKER_REFUSED, code, describe_code(code));
}

/* The outbox sends from here too: the library lets its callbacks do that. */

static void settle_publication(struct ticket *ticket, enum broker_event_kind kind, int code, const char *reason)
{
    struct broker *broker = inbox_owner(ticket);
    inbox_settle(ticket, kind, code, reason);
    outbox_settled(&broker->outbox);
}

static void on_published(void *context, MQTTAsync_successData5 *success)
{
    (void)success;
    settle_publication(context, BROKER_ACKED, 0, NULL);
}

static void on_refused(void *context, MQTTAsync_failureData5 *failure)
{
    int code = failure_code(failure);
    settle_publication(context, BROKER_REFUSED, code, describe_code(code));
}

/* What the loop calls. */

static int make_client(struct broker *broker)
{
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer5;
    create.maxBufferedMessages = INBOX_TICKETS_MAX + 1;
    int result = MQTTAsync_createWithOptions(&broker->client, broker->settings.uri, broker->settings.options.client_id,
                                             MQTTCLIENT_PERSISTENCE_NONE, NULL, &create);
    if (result == MQTTASYNC_SUCCESS) {
        result = MQTTAsync_setCallbacks(broker->client, broker, on_connection_lost, on_message, NULL);
    }
    if (result == MQTTASYNC_SUCCESS) {
        result = MQTTAsync_setDisconnected(broker->client, broker, on_server_disconnect);
    }
    return result;
}

enum err broker_connect(struct broker *broker, struct fault *out_fault)
{
    if (!inbox_is_idle(broker->inbox)) {
        return fault_set(out_fault, ERR_INVALID, "%s: connected or connecting already", broker->settings.options.uri);
    }
    destroy_client(broker);
    inbox_begin(broker->inbox);
    broker->tls_error[0] = '\0';
    (void)pthread_mutex_lock(&turn);
    int result = make_client(broker);
    if (result == MQTTASYNC_SUCCESS) {
        const struct attempt_listener listener = {
            .context = broker, .connected = on_connected, .failed = on_connect_failed, .tls_error = on_tls_error};
        result = attempt_start(broker->client, &broker->settings, &listener);
    }
    (void)pthread_mutex_unlock(&turn);
    if (result != MQTTASYNC_SUCCESS) {
        broker_disconnect(broker, 0);
        return fault_set(out_fault, ERR_CLOSED, "%s: %s", broker->settings.options.uri, describe_code(result));
    }
    return ERR_OK;
}

/* The library would look for the end of what is unacknowledged only every three seconds, so that is waited for here. */
void broker_disconnect(struct broker *broker, int timeout_ms)
{
    if (timeout_ms > 0) {
        (void)inbox_drained(broker->inbox, timeout_ms);
    }
    destroy_client(broker);
    inbox_shut(broker->inbox);
}

static enum err failed_to_send(struct ticket *ticket, int result)
{
    if (!inbox_withdraw(ticket)) {
        return ERR_OK;
    }
    switch (result) {
    case ATTEMPT_NO_MEMORY:
        return ERR_NO_MEMORY;
    case MQTTASYNC_MAX_BUFFERED_MESSAGES:
    case MQTTASYNC_NO_MORE_MSGIDS:
        return ERR_FULL;
    case MQTTASYNC_BAD_UTF8_STRING:
    case MQTTASYNC_BAD_QOS:
        return ERR_INVALID;
    default:
        return ERR_CLOSED;
    }
}

enum err broker_subscribe(struct broker *broker, const struct broker_subscription *subscriptions, size_t count,
                          struct fault *out_fault)
{
    enum { FILTERS_MAX = 64 };
    char *filters[FILTERS_MAX];
    int qos[FILTERS_MAX];
    MQTTSubscribe_options each[FILTERS_MAX];
    struct ticket *ticket = NULL;
    if (count == 0 || count > FILTERS_MAX) {
        return fault_set(out_fault, ERR_RANGE, "1 to %d filters can be subscribed to at once (given: %zu)", FILTERS_MAX,
                         count);
    }
    enum err err = inbox_promise(broker->inbox, 0, true, &ticket);
    if (err != ERR_OK) {
        return fault_set(out_fault, err, "%s: cannot subscribe: %s", broker->settings.options.uri, err_name(err));
    }
    for (size_t i = 0; i < count; i++) {
        union {
            const char *in;
            char *out;
        } filter = {.in = subscriptions[i].filter};
        filters[i] = filter.out;
        qos[i] = subscriptions[i].qos;
        each[i] = (MQTTSubscribe_options)MQTTSubscribe_options_initializer;
        each[i].retainAsPublished = 1;
        each[i].retainHandling = subscriptions[i].retained_too ? 0 : 2;
    }
    MQTTAsync_callOptions call = MQTTAsync_callOptions_initializer;
    call.onSuccess5 = on_subscribed;
    call.onFailure5 = on_subscription_refused;
    call.context = ticket;
    call.subscribeOptions = each[0];
    call.subscribeOptionsCount = (int)count;
    call.subscribeOptionsList = each;
    (void)pthread_mutex_lock(&turn);
    int result = MQTTAsync_subscribeMany(broker->client, (int)count, filters, qos, &call);
    (void)pthread_mutex_unlock(&turn);
    err = result == MQTTASYNC_SUCCESS ? ERR_OK : failed_to_send(ticket, result);
    return err == ERR_OK ? ERR_OK
                         : fault_set(out_fault, err, "%s: cannot subscribe to %s: %s", broker->settings.options.uri,
                                     subscriptions[0].filter, describe_code(result));
}

void broker_unsubscribe(struct broker *broker, const char *filter)
{
    MQTTAsync_responseOptions call = MQTTAsync_responseOptions_initializer;
    (void)pthread_mutex_lock(&turn);
    (void)MQTTAsync_unsubscribe(broker->client, filter, &call);
    (void)pthread_mutex_unlock(&turn);
}

static bool send_now(void *context, const struct broker_publication *publication, struct ticket *ticket)
{
    struct broker *broker = context;
    MQTTAsync_callOptions call = MQTTAsync_callOptions_initializer;
    call.onSuccess5 = on_published;
    call.onFailure5 = on_refused;
    call.context = ticket;
    bool good =
        property_add_text(&call.properties, MQTTPROPERTY_CODE_CONTENT_TYPE, text_of(publication->content_type)) &&
        property_add_number(&call.properties, MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL, publication->expiry_s) &&
        property_add_text(&call.properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC, text_of(publication->response_topic)) &&
        property_add_text(&call.properties, MQTTPROPERTY_CODE_CORRELATION_DATA, publication->correlation);
    const char *payload = publication->payload.data != NULL ? publication->payload.data : "";
    int result = good ? MQTTAsync_send(broker->client, publication->topic, (int)publication->payload.len, payload,
                                       publication->qos, publication->retained, &call)
                      : ATTEMPT_NO_MEMORY;
    MQTTProperties_free(&call.properties);
    if (result != MQTTASYNC_SUCCESS) {
        inbox_settle(ticket, BROKER_REFUSED, result, describe_code(result));
    }
    return result == MQTTASYNC_SUCCESS;
}

enum err broker_publish(struct broker *broker, const struct broker_publication *publication)
{
    struct ticket *ticket = NULL;
    if (publication->payload.len > INT_MAX) {
        return ERR_RANGE;
    }
    enum err err = inbox_promise(broker->inbox, publication->id, publication->id != 0 && publication->qos > 0, &ticket);
    if (err != ERR_OK) {
        return err;
    }
    (void)pthread_mutex_lock(&turn);
    err = outbox_put(&broker->outbox, publication, ticket);
    (void)pthread_mutex_unlock(&turn);
    return err != ERR_OK && inbox_withdraw(ticket) ? err : ERR_OK;
}

int broker_fd(const struct broker *broker)
{
    return inbox_fd(broker->inbox);
}

bool broker_next(struct broker *broker, struct broker_event *out_event)
{
    return inbox_next(broker->inbox, out_event);
}

void broker_read_counters(const struct broker *broker, struct broker_counters *out_counters)
{
    inbox_read_counters(broker->inbox, out_counters);
}

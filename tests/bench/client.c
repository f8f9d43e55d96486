/* client.c -- the library's callbacks, and the semaphore that they post. */
#include "bench/client.h"

#include "base/clock.h"
#include "broker/property.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

enum { KEEP_ALIVE_S = 20, CONNECT_S = 30 };

/* The handler of a signal knows nothing else. */
static struct client *ended_by_signals;

static void fail(struct client *client, const char *what, int code, const char *message)
{
    (void)fprintf(stderr, "%s: %s: %s (code %d)\n", client->plan.program, what,
                  message != NULL ? message : MQTTAsync_strerror(code), code);
    atomic_store(&client->failed, true);
    atomic_store(&client->ending, true);
    client_wake(client);
}

static void on_signal(int signal)
{
    (void)signal;
    atomic_store(&ended_by_signals->ending, true);
    client_wake(ended_by_signals);
}

void client_end_on_signals(struct client *client)
{
    const struct sigaction action = {.sa_handler = on_signal};
    ended_by_signals = client;
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
}

static void on_lost(void *context, char *cause)
{
    fail(context, "the connection was lost", MQTTASYNC_DISCONNECTED, cause);
}

static int on_message(void *context, char *topic, int topic_len, MQTTAsync_message *message)
{
    struct client *client = context;
    (void)topic_len;
    if (client->plan.arrived != NULL) {
        client->plan.arrived(client->plan.context, topic, message);
    }
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

static void on_failed(void *context, MQTTAsync_failureData5 *failure)
{
    fail(context, "could not connect, subscribe or publish", failure->code, failure->message);
}

static void be_ready(struct client *client)
{
    atomic_store(&client->ready, true);
    client_wake(client);
}

static void on_subscribed(void *context, MQTTAsync_successData5 *success)
{
    struct client *client = context;
    if ((int)success->reasonCode >= MQTTREASONCODE_UNSPECIFIED_ERROR) {
        fail(client, "the broker refused the subscription", (int)success->reasonCode,
             MQTTReasonCode_toString(success->reasonCode));
        return;
    }
    (void)fprintf(stderr, "subscribed\n");
    be_ready(client);
}

static void on_connected(void *context, MQTTAsync_successData5 *success)
{
    struct client *client = context;
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    (void)success;
    if (client->plan.topic == NULL) {
        be_ready(client);
        return;
    }
    response.onSuccess5 = on_subscribed;
    response.onFailure5 = on_failed;
    response.context = client;
    int result = MQTTAsync_subscribe(client->handle, client->plan.topic, client->plan.qos, &response);
    if (result != MQTTASYNC_SUCCESS) {
        fail(client, "could not subscribe", result, NULL);
    }
}

static void on_published(void *context, MQTTAsync_successData5 *success)
{
    struct client *client = context;
    (void)success;
    long left = atomic_fetch_sub(&client->unacknowledged, 1) - 1;
    if (left == client->plan.window / 2 || left == 0) {
        client_wake(client);
    }
}

static int connect_to_broker(struct client *client)
{
    MQTTProperties properties = MQTTProperties_initializer;
    MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer5;
    connect.keepAliveInterval = KEEP_ALIVE_S;
    connect.cleanstart = 1;
    connect.onSuccess5 = on_connected;
    connect.onFailure5 = on_failed;
    connect.context = client;
    connect.connectProperties = &properties;
    bool good = property_add_number(&properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, client->plan.receive_maximum);
    int result = good ? MQTTAsync_connect(client->handle, &connect) : MQTTASYNC_FAILURE;
    MQTTProperties_free(&properties);
    return result;
}

bool client_open(struct client *client, const struct client_plan *plan)
{
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer5;
    create.maxBufferedMessages = CLIENT_WINDOW_MAX;
    client->plan = *plan;
    client->filling = true;
    (void)sem_init(&client->news, 0, 0);
    int result = MQTTAsync_createWithOptions(&client->handle, plan->uri, plan->client_id, MQTTCLIENT_PERSISTENCE_NONE,
                                             NULL, &create);
    if (result == MQTTASYNC_SUCCESS) {
        result = MQTTAsync_setCallbacks(client->handle, client, on_lost, on_message, NULL);
    }
    if (result == MQTTASYNC_SUCCESS) {
        result = connect_to_broker(client);
    }
    if (result != MQTTASYNC_SUCCESS) {
        fail(client, plan->uri, result, NULL);
    }
    int64_t deadline_us = clock_monotonic_us() + CONNECT_S * 1000000LL;
    while (!atomic_load(&client->ready) && !client_is_ending(client)) {
        client_wait(client, deadline_us);
        if (clock_monotonic_us() >= deadline_us) {
            fail(client, plan->uri, MQTTASYNC_FAILURE, "no answer in time");
        }
    }
    return !atomic_load(&client->failed);
}

bool client_close(struct client *client)
{
    if (client->handle != NULL) {
        MQTTAsync_destroy(&client->handle);
    }
    return !atomic_load(&client->failed);
}

bool client_is_ending(const struct client *client)
{
    return atomic_load(&client->ending);
}

void client_wait(struct client *client, int64_t deadline_us)
{
    struct timespec until = {.tv_sec = deadline_us / 1000000, .tv_nsec = deadline_us % 1000000 * 1000};
    (void)sem_clockwait(&client->news, CLOCK_MONOTONIC, &until);
}

void client_wake(struct client *client)
{
    (void)sem_post(&client->news);
}

bool client_has_room(struct client *client)
{
    long unacknowledged = atomic_load(&client->unacknowledged);
    if (unacknowledged >= client->plan.window) {
        client->filling = false;
    } else if (unacknowledged <= client->plan.window / 2) {
        client->filling = true;
    }
    return client->filling;
}

void client_publish(struct client *client, const struct broker_publication *publication)
{
    MQTTAsync_callOptions call = MQTTAsync_callOptions_initializer;
    call.onSuccess5 = on_published;
    call.onFailure5 = on_failed;
    call.context = client;
    bool good =
        property_add_text(&call.properties, MQTTPROPERTY_CODE_CONTENT_TYPE, text_of(publication->content_type)) &&
        property_add_number(&call.properties, MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL, publication->expiry_s) &&
        property_add_text(&call.properties, MQTTPROPERTY_CODE_CORRELATION_DATA, publication->correlation);
    atomic_fetch_add(&client->unacknowledged, 1);
    int result = good ? MQTTAsync_send(client->handle, publication->topic, (int)publication->payload.len,
                                       publication->payload.data, 1, publication->retained, &call)
                      : MQTTASYNC_FAILURE;
    MQTTProperties_free(&call.properties);
    if (result != MQTTASYNC_SUCCESS) {
        fail(client, "could not publish", result, NULL);
    }
}

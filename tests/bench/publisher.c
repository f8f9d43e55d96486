/*
 * publisher.c -- the yardstick of the outflow: publishes as many messages as that many events make, and does nothing
 * else.
 *
 * Usage: bench_publisher [--uri URI] [--events N] [--event-bytes N] [--status-bytes N] [--window N] [--json]
 * For each event the retained status of a worker of its own and the event itself, QoS 1, with the topics and the
 * Content Type of Muster's; at most a window of them unacknowledged, filled up again when half of it is free. Prints
 * messages/s from the first to the last acknowledgement and the microseconds of CPU that each cost here.
 */
#include "bench/arguments.h"
#include "bench/report.h"

#include "base/clock.h"

#include <MQTTAsync.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TOPIC_BYTES = 96, PAYLOAD_MAX = 65536, WINDOW_MAX = 65535, ANSWER_S = 30 };

struct options {
    const char *uri;
    long events;
    long event_bytes;
    long status_bytes;
    long window;
    bool json;
};

struct publisher {
    struct options options;
    MQTTAsync client;
    MQTTAsync_callOptions call;
    sem_t wake; /* connected, half of the window free, or failed */
    atomic_bool failed;
    atomic_long acknowledged;
    atomic_long room; /* of the window, when the sender was woken last */
    char payload[PAYLOAD_MAX];
};

static void fail(struct publisher *publisher, const char *what, int code)
{
    (void)fprintf(stderr, "bench_publisher: %s: %s (code %d)\n", what, MQTTAsync_strerror(code), code);
    atomic_store(&publisher->failed, true);
    (void)sem_post(&publisher->wake);
}

static void on_lost(void *context, char *cause)
{
    (void)cause;
    fail(context, "the connection was lost", MQTTASYNC_DISCONNECTED);
}

/* Not called: nothing is subscribed to. The library wants it. */
static int on_message(void *context, char *topic, int topic_len, MQTTAsync_message *message)
{
    (void)context;
    (void)topic_len;
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

static void on_connected(void *context, MQTTAsync_successData5 *success)
{
    struct publisher *publisher = context;
    (void)success;
    (void)sem_post(&publisher->wake);
}

static void on_failed(void *context, MQTTAsync_failureData5 *failure)
{
    fail(context, "could not connect or publish", failure->code);
}

static void on_published(void *context, MQTTAsync_successData5 *success)
{
    struct publisher *publisher = context;
    (void)success;
    long acknowledged = atomic_fetch_add(&publisher->acknowledged, 1) + 1;
    long half = (publisher->options.window + 1) / 2;
    if (acknowledged % half == 0 || acknowledged == 2 * publisher->options.events) {
        atomic_fetch_add(&publisher->room, half);
        (void)sem_post(&publisher->wake);
    }
}

static bool wait_for_news(struct publisher *publisher)
{
    int64_t deadline_us = clock_monotonic_us() + ANSWER_S * 1000000LL;
    struct timespec until = {.tv_sec = deadline_us / 1000000, .tv_nsec = deadline_us % 1000000 * 1000};
    while (sem_clockwait(&publisher->wake, CLOCK_MONOTONIC, &until) != 0) {
        if (clock_monotonic_us() >= deadline_us) {
            fail(publisher, "no answer in time", MQTTASYNC_FAILURE);
        }
    }
    return !atomic_load(&publisher->failed);
}

static bool connect_and_wait(struct publisher *publisher)
{
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer5;
    MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer5;
    create.maxBufferedMessages = WINDOW_MAX;
    connect.keepAliveInterval = 20;
    connect.cleanstart = 1;
    connect.onSuccess5 = on_connected;
    connect.onFailure5 = on_failed;
    connect.context = publisher;
    int result = MQTTAsync_createWithOptions(&publisher->client, publisher->options.uri, "bench-publisher",
                                             MQTTCLIENT_PERSISTENCE_NONE, NULL, &create);
    if (result == MQTTASYNC_SUCCESS) {
        result = MQTTAsync_setCallbacks(publisher->client, publisher, on_lost, on_message, NULL);
    }
    if (result == MQTTASYNC_SUCCESS) {
        result = MQTTAsync_connect(publisher->client, &connect);
    }
    if (result != MQTTASYNC_SUCCESS) {
        fail(publisher, publisher->options.uri, result);
    }
    return result == MQTTASYNC_SUCCESS && wait_for_news(publisher);
}

static bool send_one(struct publisher *publisher, long number)
{
    const struct options *options = &publisher->options;
    bool status = number % 2 == 0;
    char topic[TOPIC_BYTES];
    (void)snprintf(topic, sizeof topic, "muster/v1/%s/bench-%07ld", status ? "status" : "event/unhealthy", number / 2);
    int result = MQTTAsync_send(publisher->client, topic, (int)(status ? options->status_bytes : options->event_bytes),
                                publisher->payload, 1, status, &publisher->call);
    if (result != MQTTASYNC_SUCCESS) {
        fail(publisher, "could not publish", result);
    }
    return result == MQTTASYNC_SUCCESS;
}

static bool publish_all(struct publisher *publisher)
{
    long all = 2 * publisher->options.events;
    long sent = 0;
    long allowed = publisher->options.window;
    bool good = true;
    while (good && atomic_load(&publisher->acknowledged) < all) {
        for (; good && sent < all && sent < allowed; sent++) {
            good = send_one(publisher, sent);
        }
        good = good && wait_for_news(publisher);
        allowed = publisher->options.window + atomic_load(&publisher->room);
    }
    return good;
}

static bool prepare(struct publisher *publisher)
{
    static char content_type[] = "application/json";
    MQTTProperty property = {.identifier = MQTTPROPERTY_CODE_CONTENT_TYPE,
                             .value.data = {.len = sizeof content_type - 1, .data = content_type}};
    memset(publisher->payload, 'x', sizeof publisher->payload);
    publisher->call = (MQTTAsync_callOptions)MQTTAsync_callOptions_initializer;
    publisher->call.onSuccess5 = on_published;
    publisher->call.onFailure5 = on_failed;
    publisher->call.context = publisher;
    (void)sem_init(&publisher->wake, 0, 0);
    return MQTTProperties_add(&publisher->call.properties, &property) == 0;
}

static void report(const struct publisher *publisher, double seconds, double used_us)
{
    const struct options *options = &publisher->options;
    struct report_rate rate = {.messages = 2 * options->events,
                               .payload_bytes = options->events * (options->event_bytes + options->status_bytes),
                               .seconds = seconds};
    rate.per_s = (double)rate.messages / seconds;
    rate.us_each = used_us / (double)rate.messages;
    report_print_rate(&rate, options->json);
}

static bool take_number(const char *value, long max, long *out)
{
    char *end = NULL;
    long number = strtol(value, &end, 10);
    bool good = end != value && *end == '\0' && number >= 1 && number <= max;
    *out = good ? number : *out;
    return good;
}

static bool take_option(void *context, const char *name, const char *value)
{
    struct options *options = context;
    if (strcmp(name, "--uri") == 0) {
        options->uri = value;
        return true;
    }
    return (strcmp(name, "--events") == 0 && take_number(value, 100000000, &options->events)) ||
           (strcmp(name, "--event-bytes") == 0 && take_number(value, PAYLOAD_MAX, &options->event_bytes)) ||
           (strcmp(name, "--status-bytes") == 0 && take_number(value, PAYLOAD_MAX, &options->status_bytes)) ||
           (strcmp(name, "--window") == 0 && take_number(value, WINDOW_MAX, &options->window));
}

int main(int argc, char **argv)
{
    static struct publisher publisher = {
        .options = {
            .uri = "tcp://127.0.0.1:1883", .events = 10000, .event_bytes = 360, .status_bytes = 370, .window = 128}};
    if (!arguments_read(argc, argv, take_option, &publisher.options, &publisher.options.json)) {
        (void)fprintf(stderr, "Usage: bench_publisher [--uri URI] [--events N] [--event-bytes N] [--status-bytes N] "
                              "[--window N] [--json]\n");
        return 2;
    }
    bool good = prepare(&publisher) && connect_and_wait(&publisher);
    int64_t began_us = clock_monotonic_us();
    int64_t used_before_us = clock_process_us();
    good = good && publish_all(&publisher);
    double seconds = (double)(clock_monotonic_us() - began_us) / 1e6;
    double used_us = (double)(clock_process_us() - used_before_us);
    if (good) {
        report(&publisher, seconds, used_us);
    }
    MQTTAsync_destroy(&publisher.client);
    MQTTProperties_free(&publisher.call.properties);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

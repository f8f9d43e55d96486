/*
 * counter.c -- the yardstick of the intake: an MQTT subscriber that counts what it gets and does nothing else with it.
 *
 * Usage: bench_counter [--uri URI] [--topic FILTER] [--qos 0|1] [--client-id ID] [--seconds S] [--json]
 * Says "subscribed" on stderr, counts until SIGTERM or SIGINT, or for S seconds from the first message, and prints
 * messages/s from the first to the last of them and the microseconds of CPU that each cost.
 */
#include "bench/arguments.h"
#include "bench/report.h"

#include "base/clock.h"

#include <MQTTAsync.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct options {
    const char *uri;
    const char *topic;
    const char *client_id;
    int qos;
    double seconds; /* 0: until a signal */
    bool json;
};

struct counter {
    struct options options;
    MQTTAsync client;
    atomic_bool failed;
    atomic_uint_least64_t messages;
    atomic_uint_least64_t bytes;
    atomic_int_least64_t first_us;
    atomic_int_least64_t last_us;
};

/* The handler of a signal knows nothing else. Posted by the first message, and by what ends the counting. */
static sem_t wake;
static atomic_bool ending;

static void on_signal(int signal)
{
    (void)signal;
    atomic_store(&ending, true);
    (void)sem_post(&wake);
}

static int on_message(void *context, char *topic, int topic_len, MQTTAsync_message *message)
{
    struct counter *counter = context;
    (void)topic_len;
    int64_t at_us = clock_monotonic_us();
    if (atomic_fetch_add(&counter->messages, 1) == 0) {
        atomic_store(&counter->first_us, at_us);
        (void)sem_post(&wake);
    }
    atomic_store(&counter->last_us, at_us);
    atomic_fetch_add(&counter->bytes, (uint64_t)message->payloadlen);
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

static void fail(struct counter *counter, const char *what, int code, const char *message)
{
    (void)fprintf(stderr, "bench_counter: %s: %s (code %d)\n", what,
                  message != NULL ? message : MQTTAsync_strerror(code), code);
    atomic_store(&counter->failed, true);
    atomic_store(&ending, true);
    (void)sem_post(&wake);
}

static void on_lost(void *context, char *cause)
{
    fail(context, "the connection was lost", MQTTASYNC_DISCONNECTED, cause);
}

static void on_subscribed(void *context, MQTTAsync_successData5 *success)
{
    struct counter *counter = context;
    if ((int)success->reasonCode >= MQTTREASONCODE_UNSPECIFIED_ERROR) {
        fail(counter, "the broker refused the subscription", (int)success->reasonCode,
             MQTTReasonCode_toString(success->reasonCode));
        return;
    }
    (void)fprintf(stderr, "subscribed\n");
}

static void on_failed(void *context, MQTTAsync_failureData5 *failure)
{
    fail(context, "could not connect or subscribe", failure->code, failure->message);
}

static void on_connected(void *context, MQTTAsync_successData5 *success)
{
    struct counter *counter = context;
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    (void)success;
    response.onSuccess5 = on_subscribed;
    response.onFailure5 = on_failed;
    response.context = counter;
    int result = MQTTAsync_subscribe(counter->client, counter->options.topic, counter->options.qos, &response);
    if (result != MQTTASYNC_SUCCESS) {
        fail(counter, "could not subscribe", result, NULL);
    }
}

static int start(struct counter *counter)
{
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer5;
    MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer5;
    connect.keepAliveInterval = 20;
    connect.cleanstart = 1;
    connect.onSuccess5 = on_connected;
    connect.onFailure5 = on_failed;
    connect.context = counter;
    int result = MQTTAsync_createWithOptions(&counter->client, counter->options.uri, counter->options.client_id,
                                             MQTTCLIENT_PERSISTENCE_NONE, NULL, &create);
    if (result == MQTTASYNC_SUCCESS) {
        result = MQTTAsync_setCallbacks(counter->client, counter, on_lost, on_message, NULL);
    }
    return result == MQTTASYNC_SUCCESS ? MQTTAsync_connect(counter->client, &connect) : result;
}

static void wait_until(int64_t deadline_us)
{
    struct timespec until = {.tv_sec = deadline_us / 1000000, .tv_nsec = deadline_us % 1000000 * 1000};
    (void)sem_clockwait(&wake, CLOCK_MONOTONIC, &until);
}

/* What wakes without a reason (a signal that is handled does) only has it look again. */
static void count(struct counter *counter)
{
    int64_t deadline_us = INT64_MAX;
    while (!atomic_load(&ending) && clock_monotonic_us() < deadline_us) {
        wait_until(deadline_us);
        if (counter->options.seconds > 0 && atomic_load(&counter->messages) > 0) {
            deadline_us = atomic_load(&counter->first_us) + (int64_t)(counter->options.seconds * 1e6);
        }
    }
}

static void report(struct counter *counter, double used_us)
{
    struct report_rate rate = {
        .messages = (int64_t)atomic_load(&counter->messages),
        .payload_bytes = (int64_t)atomic_load(&counter->bytes),
        .seconds = (double)(atomic_load(&counter->last_us) - atomic_load(&counter->first_us)) / 1e6,
    };
    rate.per_s = rate.messages > 1 ? (double)(rate.messages - 1) / rate.seconds : 0;
    rate.us_each = rate.messages > 0 ? used_us / (double)rate.messages : 0;
    report_print_rate(&rate, counter->options.json);
}

static bool take_option(void *context, const char *name, const char *value)
{
    struct options *options = context;
    if (strcmp(name, "--uri") == 0) {
        options->uri = value;
    } else if (strcmp(name, "--topic") == 0) {
        options->topic = value;
    } else if (strcmp(name, "--client-id") == 0) {
        options->client_id = value;
    } else if (strcmp(name, "--qos") == 0 && (strcmp(value, "0") == 0 || strcmp(value, "1") == 0)) {
        options->qos = value[0] - '0';
    } else if (strcmp(name, "--seconds") == 0) {
        options->seconds = strtod(value, NULL);
    } else {
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct counter counter = {.options = {.uri = "tcp://127.0.0.1:1883",
                                          .topic = "muster/v1/worker/+/heartbeat",
                                          .client_id = "bench-counter"}};
    const struct sigaction action = {.sa_handler = on_signal};
    if (!arguments_read(argc, argv, take_option, &counter.options, &counter.options.json)) {
        (void)fprintf(stderr, "Usage: bench_counter [--uri URI] [--topic FILTER] [--qos 0|1] [--client-id ID] "
                              "[--seconds S] [--json]\n");
        return 2;
    }
    (void)sem_init(&wake, 0, 0);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    int64_t used_before_us = clock_process_us();
    int result = start(&counter);
    if (result != MQTTASYNC_SUCCESS) {
        fail(&counter, counter.options.uri, result, NULL);
    }
    count(&counter);
    report(&counter, (double)(clock_process_us() - used_before_us));
    MQTTAsync_destroy(&counter.client);
    return atomic_load(&counter.failed) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/*
 * counter.c -- the yardstick of the intake: an MQTT subscriber that counts what it gets and does nothing else with it.
 *
 * Usage: bench_counter [--uri URI] [--topic FILTER] [--qos 0|1] [--client-id ID] [--seconds S] [--json]
 * Says "subscribed" on stderr, counts until SIGTERM or SIGINT, or for S seconds from the first message, and prints
 * messages/s from the first to the last of them and the microseconds of CPU that each cost.
 */
#include "bench/arguments.h"
#include "bench/client.h"
#include "bench/report.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    struct client client;
    atomic_uint_least64_t messages;
    atomic_uint_least64_t bytes;
    atomic_int_least64_t first_us;
    atomic_int_least64_t last_us;
};

static void on_message(void *context, const char *topic, const MQTTAsync_message *message)
{
    struct counter *counter = context;
    (void)topic;
    int64_t at_us = clock_monotonic_us();
    if (atomic_fetch_add(&counter->messages, 1) == 0) {
        atomic_store(&counter->first_us, at_us);
        client_wake(&counter->client);
    }
    atomic_store(&counter->last_us, at_us);
    atomic_fetch_add(&counter->bytes, (uint64_t)message->payloadlen);
}

/* What wakes without a reason (a signal that is handled does) only has it look again. */
static void count(struct counter *counter)
{
    int64_t deadline_us = INT64_MAX;
    while (!client_is_ending(&counter->client) && clock_monotonic_us() < deadline_us) {
        client_wait(&counter->client, deadline_us);
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
    if (!arguments_read(argc, argv, take_option, &counter.options, &counter.options.json)) {
        (void)fprintf(stderr, "Usage: bench_counter [--uri URI] [--topic FILTER] [--qos 0|1] [--client-id ID] "
                              "[--seconds S] [--json]\n");
        return 2;
    }
    const struct client_plan plan = {.program = "bench_counter",
                                     .uri = counter.options.uri,
                                     .client_id = counter.options.client_id,
                                     .topic = counter.options.topic,
                                     .qos = counter.options.qos,
                                     .arrived = on_message,
                                     .context = &counter};
    client_end_on_signals(&counter.client);
    int64_t used_before_us = clock_process_us();
    if (client_open(&counter.client, &plan)) {
        count(&counter);
    }
    report(&counter, (double)(clock_process_us() - used_before_us));
    return client_close(&counter.client) ? EXIT_SUCCESS : EXIT_FAILURE;
}

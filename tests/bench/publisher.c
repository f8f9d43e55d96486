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
#include "bench/client.h"
#include "bench/report.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOPIC_BYTES = 96, PAYLOAD_MAX = 65536, ANSWER_S = 30 };

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
    struct client client;
    char payload[PAYLOAD_MAX];
};

static void send_one(struct publisher *publisher, long number)
{
    const struct options *options = &publisher->options;
    bool status = number % 2 == 0;
    size_t bytes = (size_t)(status ? options->status_bytes : options->event_bytes);
    char topic[TOPIC_BYTES];
    (void)snprintf(topic, sizeof topic, "muster/v1/%s/bench-%07ld", status ? "status" : "event/unhealthy", number / 2);
    const struct broker_publication publication = {
        .topic = topic, .payload = {publisher->payload, bytes}, .retained = status, .content_type = "application/json"};
    client_publish(&publisher->client, &publication);
}

/* False where no answer comes, or the client has failed. */
static bool publish_all(struct publisher *publisher)
{
    struct client *client = &publisher->client;
    long all = 2 * publisher->options.events;
    long sent = 0;
    while (!client_is_ending(client) && (sent < all || atomic_load(&client->unacknowledged) > 0)) {
        int64_t deadline_us = clock_monotonic_us() + ANSWER_S * 1000000LL;
        for (; sent < all && client_has_room(client); sent++) {
            send_one(publisher, sent);
        }
        client_wait(client, deadline_us);
        if (clock_monotonic_us() >= deadline_us) {
            (void)fprintf(stderr, "bench_publisher: no answer in time\n");
            return false;
        }
    }
    return !client_is_ending(client);
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

static bool take_option(void *context, const char *name, const char *value)
{
    struct options *options = context;
    if (strcmp(name, "--uri") == 0) {
        options->uri = value;
        return true;
    }
    return (strcmp(name, "--events") == 0 && arguments_take_number(value, 100000000, &options->events)) ||
           (strcmp(name, "--event-bytes") == 0 && arguments_take_number(value, PAYLOAD_MAX, &options->event_bytes)) ||
           (strcmp(name, "--status-bytes") == 0 && arguments_take_number(value, PAYLOAD_MAX, &options->status_bytes)) ||
           (strcmp(name, "--window") == 0 && arguments_take_number(value, CLIENT_WINDOW_MAX, &options->window));
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
    const struct client_plan plan = {.program = "bench_publisher",
                                     .uri = publisher.options.uri,
                                     .client_id = "bench-publisher",
                                     .window = publisher.options.window};
    memset(publisher.payload, 'x', sizeof publisher.payload);
    bool good = client_open(&publisher.client, &plan);
    int64_t began_us = clock_monotonic_us();
    int64_t used_before_us = clock_process_us();
    good = good && publish_all(&publisher);
    double seconds = (double)(clock_monotonic_us() - began_us) / 1e6;
    double used_us = (double)(clock_process_us() - used_before_us);
    if (good) {
        report(&publisher, seconds, used_us);
    }
    good = client_close(&publisher.client) && good;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/*
 * answerer.c -- the yardstick of registrations: answers each as musterd would, and tells the world of it, but asks
 * nobody and keeps nothing.
 *
 * Usage: bench_answerer [--uri URI] [--status-bytes N] [--event-bytes N] [--window N] [--receive-maximum N] [--json]
 * Says "subscribed" on stderr. For each registration a reply, a retained status and an event, QoS 1, with the topics,
 * properties and lengths of musterd's; replies go first, for whoever registers waits for nothing else. Answers until
 * SIGTERM or SIGINT, tells the world the rest, and prints registrations/s from the first to the last acknowledgement
 * and the microseconds of CPU that each cost here.
 */
#include "bench/arguments.h"
#include "bench/client.h"
#include "bench/report.h"

#include "base/buf.h"
#include "base/clock.h"
#include "codec/document.h"
#include "codec/topic.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAYLOAD_MAX = 65536, TOPIC_BYTES = 192, REPLY_EXPIRY_S = 60 };

static const char root[] = "muster/v1";

struct options {
    const char *uri;
    long status_bytes;
    long event_bytes;
    long window;
    long receive_maximum;
    bool json;
};

/* Who has registered: answered first, told of afterwards. */
struct asker {
    struct asker *next;
    struct text id;
    struct text correlation;
    const char *reply_topic;
    char bytes[];
};

struct queue {
    struct asker *first;
    struct asker *last;
};

struct answerer {
    struct options options;
    struct client client;
    struct buf reply;
    char payload[PAYLOAD_MAX];
    pthread_mutex_t lock;
    struct queue asking; /* the library's thread fills it */
    struct queue answered;
    struct asker *half_told; /* its status is out, its event is not */
    int64_t first_us;
    int64_t last_us;
    long answers;
};

static void push(struct queue *queue, struct asker *asker)
{
    asker->next = NULL;
    if (queue->last != NULL) {
        queue->last->next = asker;
    } else {
        queue->first = asker;
    }
    queue->last = asker;
}

static struct asker *pop(struct queue *queue)
{
    struct asker *asker = queue->first;
    if (asker != NULL) {
        queue->first = asker->next;
        queue->last = queue->first != NULL ? queue->last : NULL;
    }
    return asker;
}

static struct text property_of(const MQTTAsync_message *message, enum MQTTPropertyCodes code)
{
    for (int i = 0; i < message->properties.count; i++) {
        const MQTTProperty *property = &message->properties.array[i];
        if (property->identifier == code) {
            return (struct text){property->value.data.data, (size_t)property->value.data.len};
        }
    }
    return (struct text){"", 0};
}

static char *keep(char *at, struct text *text)
{
    memcpy(at, text->data, text->len);
    text->data = at;
    at[text->len] = '\0';
    return at + text->len + 1;
}

static struct asker *asker_of(struct text id, const MQTTAsync_message *message)
{
    struct text reply_topic = property_of(message, MQTTPROPERTY_CODE_RESPONSE_TOPIC);
    struct text correlation = property_of(message, MQTTPROPERTY_CODE_CORRELATION_DATA);
    struct asker *asker = malloc(sizeof *asker + id.len + reply_topic.len + correlation.len + 3);
    if (asker == NULL) {
        abort();
    }
    char *at = keep(keep(asker->bytes, &id), &correlation);
    (void)keep(at, &reply_topic);
    asker->id = id;
    asker->correlation = correlation;
    asker->reply_topic = reply_topic.data;
    return asker;
}

static void on_registration(void *context, const char *topic, const MQTTAsync_message *message)
{
    struct answerer *answerer = context;
    struct text id = topic_parse(text_of(root), text_of(topic)).id;
    if (id.len == 0) {
        return;
    }
    struct asker *asker = asker_of(id, message);
    (void)pthread_mutex_lock(&answerer->lock);
    bool first = answerer->asking.first == NULL;
    if (answerer->first_us == 0) {
        answerer->first_us = clock_monotonic_us();
    }
    push(&answerer->asking, asker);
    (void)pthread_mutex_unlock(&answerer->lock);
    if (first) {
        client_wake(&answerer->client);
    }
}

static void answer(struct answerer *answerer, struct asker *asker)
{
    const struct broker_publication publication = {.topic = asker->reply_topic,
                                                   .payload = buf_text(&answerer->reply),
                                                   .content_type = encoding_content_type(ENCODING_MSGPACK),
                                                   .expiry_s = REPLY_EXPIRY_S,
                                                   .correlation = asker->correlation};
    client_publish(&answerer->client, &publication);
    answerer->answers++;
    push(&answerer->answered, asker);
}

static void tell(struct answerer *answerer, const struct asker *asker, bool status)
{
    const struct options *options = &answerer->options;
    char topic[TOPIC_BYTES];
    (void)snprintf(topic, sizeof topic, "%s/%s/%s", root, status ? "status" : "event/registered", asker->id.data);
    size_t bytes = (size_t)(status ? options->status_bytes : options->event_bytes);
    const struct broker_publication publication = {.topic = topic,
                                                   .payload = {answerer->payload, bytes},
                                                   .retained = status,
                                                   .content_type = encoding_content_type(ENCODING_JSON)};
    client_publish(&answerer->client, &publication);
}

/* False where there is nothing to be sent. */
static bool send_next(struct answerer *answerer)
{
    (void)pthread_mutex_lock(&answerer->lock);
    struct asker *asker = pop(&answerer->asking);
    (void)pthread_mutex_unlock(&answerer->lock);
    if (asker != NULL) {
        answer(answerer, asker);
    } else if (answerer->half_told != NULL) {
        tell(answerer, answerer->half_told, false);
        free(answerer->half_told);
        answerer->half_told = NULL;
    } else if ((asker = pop(&answerer->answered)) != NULL) {
        tell(answerer, asker, true);
        answerer->half_told = asker;
    }
    return asker != NULL;
}

static bool is_done(const struct answerer *answerer)
{
    return answerer->answered.first == NULL && answerer->half_told == NULL &&
           atomic_load(&answerer->client.unacknowledged) == 0;
}

static void answer_all(struct answerer *answerer)
{
    struct client *client = &answerer->client;
    long done = 0;
    while (!atomic_load(&client->failed) && !(client_is_ending(client) && is_done(answerer))) {
        client_wait(client, INT64_MAX);
        while (client_has_room(client) && send_next(answerer)) {
        }
        if (answerer->answers > done && is_done(answerer)) {
            done = answerer->answers;
            answerer->last_us = clock_monotonic_us();
        }
    }
}

/* As long as musterd's, for it is made like those: of a worker with three tags, two capabilities and a zone. */
static bool make_reply(struct buf *out)
{
    static const struct {
        const char *name;
        const char *value;
    } kept[] = {{"name", "worker-0000000"},
                {"status", "ACTIVE"},
                {"health", "HEALTHY"},
                {"epoch", "1700000000000000"},
                {"revision", "1"},
                {"registeredAt", "1700000000000"},
                {"lastHeartbeatAt", "1700000000000"},
                {"updatedAt", "1700000000000"},
                {"currentJobCount", "0"},
                {"availableCapacity", "10"},
                {"maxConcurrentJobs", "10"},
                {"errorCount", "0"},
                {"consecutiveFailures", "0"},
                {"tags", "[\"blue\",\"fast\",\"night\"]"},
                {"capabilities", "[\"java\",\"render\"]"},
                {"zone", "z1"}};
    enum { KEPT = sizeof kept / sizeof kept[0], INTERVAL_MS = 600000, TIMEOUT_MS = 3600000 };
    struct field fields[KEPT];
    for (size_t i = 0; i < KEPT; i++) {
        fields[i] = (struct field){text_of(kept[i].name), text_of(kept[i].value)};
    }
    const struct reply reply = {.code = CODE_OK,
                                .message = text_of("Worker registered successfully"),
                                .worker_id = text_of("worker-0000000"),
                                .epoch = {.set = true, .value = 1700000000000000},
                                .heartbeat_interval_ms = {.set = true, .value = INTERVAL_MS},
                                .heartbeat_timeout_ms = {.set = true, .value = TIMEOUT_MS},
                                .worker_fields = fields,
                                .worker_field_count = KEPT};
    return encode_reply(&reply, ENCODING_MSGPACK, out) == ERR_OK;
}

static void report(const struct answerer *answerer, double used_us)
{
    const struct options *options = &answerer->options;
    long bytes = (long)answerer->reply.len + options->status_bytes + options->event_bytes;
    struct report_rate rate = {.messages = answerer->answers,
                               .payload_bytes = answerer->answers * bytes,
                               .seconds = (double)(answerer->last_us - answerer->first_us) / 1e6};
    rate.per_s = rate.messages > 0 ? (double)rate.messages / rate.seconds : 0;
    rate.us_each = rate.messages > 0 ? used_us / (double)rate.messages : 0;
    report_print_rate(&rate, options->json);
}

static bool take_option(void *context, const char *name, const char *value)
{
    struct options *options = context;
    if (strcmp(name, "--uri") == 0) {
        options->uri = value;
        return true;
    }
    return (strcmp(name, "--status-bytes") == 0 && arguments_take_number(value, PAYLOAD_MAX, &options->status_bytes)) ||
           (strcmp(name, "--event-bytes") == 0 && arguments_take_number(value, PAYLOAD_MAX, &options->event_bytes)) ||
           (strcmp(name, "--window") == 0 && arguments_take_number(value, CLIENT_WINDOW_MAX, &options->window)) ||
           (strcmp(name, "--receive-maximum") == 0 &&
            arguments_take_number(value, UINT16_MAX, &options->receive_maximum));
}

int main(int argc, char **argv)
{
    static struct answerer answerer = {.options = {.uri = "tcp://127.0.0.1:1883",
                                                   .status_bytes = 394,
                                                   .event_bytes = 195,
                                                   .window = 128,
                                                   .receive_maximum = 128},
                                       .lock = PTHREAD_MUTEX_INITIALIZER};
    const struct options *options = &answerer.options;
    if (!arguments_read(argc, argv, take_option, &answerer.options, &answerer.options.json)) {
        (void)fprintf(stderr, "Usage: bench_answerer [--uri URI] [--status-bytes N] [--event-bytes N] [--window N] "
                              "[--receive-maximum N] [--json]\n");
        return 2;
    }
    const struct client_plan plan = {.program = "bench_answerer",
                                     .uri = options->uri,
                                     .client_id = "bench-answerer",
                                     .topic = "muster/v1/worker/+/register",
                                     .qos = 1,
                                     .arrived = on_registration,
                                     .context = &answerer,
                                     .window = options->window,
                                     .receive_maximum = (unsigned)options->receive_maximum};
    memset(answerer.payload, 'x', sizeof answerer.payload);
    MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
    client_end_on_signals(&answerer.client);
    int64_t used_before_us = clock_process_us();
    bool good = make_reply(&answerer.reply) && client_open(&answerer.client, &plan);
    if (good) {
        answer_all(&answerer);
        report(&answerer, (double)(clock_process_us() - used_before_us));
    }
    good = client_close(&answerer.client) && good;
    buf_fini(&answerer.reply);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

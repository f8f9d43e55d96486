/*
 * lateness.c -- how late is a silent worker noticed? Among many live workers some go silent; beside it, in the same
 * run, the same number of keys expires in a Redis that nobody helps.
 *
 * Usage: bench_lateness [--json] [workers [silent [timeout_ms]]]; prints a Markdown table, or one JSON document.
 */
#include "bench/arguments.h"
#include "bench/report.h"

#include "base/clock.h"
#include "codec/message.h"
#include "support/process.h"
#include "support/recorder.h"
#include "support/redis_client.h"
#include "support/server.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WINDOW = 1000,         /* registrations that wait for their answer */
    BEATS_A_TIMEOUT = 3,   /* heartbeats */
    ROUND_STEPS = 1000,    /* a round of heartbeats is sent in this many steps */
    PATIENCE_MS = 1200000, /* for what must come, also with a million; bare events are waited for two timeouts */
    ID_BYTES = 32,
};

struct bench {
    int workers;
    int silent;
    int timeout_ms;
    bool json;
    char folder[FOLDER_PATH_MAX];
    struct server mosquitto;
    struct server redis;
    struct server bare;
    struct process daemon;
    struct recorder *events;
    struct broker *fleet;
    bool is_subscribed;
    int answered;
    int refused;
};

static void die(const char *what, const struct fault *fault)
{
    (void)fprintf(stderr, "bench_lateness: %s: %s\n", what, fault != NULL ? fault->text : "gave up waiting");
    exit(EXIT_FAILURE);
}

/* Every workers/silent-th one goes silent, so that they are spread over the round. */
static bool is_silent(const struct bench *bench, int worker)
{
    int every = bench->workers / bench->silent;
    return worker % every == 0 && worker / every < bench->silent;
}

static void drain(struct bench *bench)
{
    struct broker_event event;
    while (broker_next(bench->fleet, &event)) {
        if (event.kind == BROKER_SUBSCRIBED) {
            bench->is_subscribed = true;
        } else if (event.kind == BROKER_MESSAGE) {
            bool is_ok = memmem(event.message.payload.data, event.message.payload.len, "\"ok\"", 4) != NULL;
            bench->answered += is_ok;
            bench->refused += !is_ok;
        } else if (event.kind == BROKER_DISCONNECTED) {
            die("the fleet's connection was lost", &(struct fault){.text = "by the broker"});
        } else if (event.kind == BROKER_CONNECTED) {
            struct fault fault = {0};
            struct broker_subscription replies = {.filter = "muster/v1/reply/worker/+", .qos = 0};
            if (broker_subscribe(bench->fleet, &replies, 1, &fault) != ERR_OK) {
                die("subscribe", &fault);
            }
        }
    }
}

static void wait_for_fleet(struct bench *bench, int timeout_ms)
{
    struct pollfd readable = {.fd = broker_fd(bench->fleet), .events = POLLIN};
    (void)poll(&readable, 1, timeout_ms);
    drain(bench);
}

static void start_servers(struct bench *bench)
{
    static const char *const filters[] = {"muster/v1/event/unhealthy/+", NULL};
    static const char roomy[] = "set_tcp_nodelay true\nmax_inflight_messages 0\nmax_queued_messages 0\n";
    struct fault fault = {0};
    char log[FOLDER_PATH_MAX + 16];
    char mqtt[128];
    char redis[FOLDER_PATH_MAX + 128];
    if (folder_new(bench->folder, &fault) != ERR_OK ||
        server_start_mosquitto(&bench->mosquitto, roomy, &fault) != ERR_OK ||
        server_start_redis(&bench->redis, NULL, &fault) != ERR_OK ||
        server_start_redis(&bench->bare, "notify-keyspace-events Ex\n", &fault) != ERR_OK) {
        die("servers", &fault);
    }
    (void)snprintf(log, sizeof log, "%s/daemon.log", bench->folder);
    (void)snprintf(mqtt, sizeof mqtt, "mqtt.uri=%s", bench->mosquitto.uri);
    (void)snprintf(redis, sizeof redis, "redis.uri=%s", bench->redis.socket_uri);
    const char *const argv[] = {MUSTER_BIN_DIR "/musterd",
                                "-o",
                                mqtt,
                                "-o",
                                redis,
                                "-o",
                                "worker.min_heartbeat_timeout_ms=100",
                                "-o",
                                "http.listen=",
                                NULL};
    struct broker_options options = {.uri = bench->mosquitto.uri, .client_id = "fleet", .inbox_messages_max = 200000};
    if (process_start(&bench->daemon, argv, NULL, log, &fault) != ERR_OK ||
        recorder_open(bench->mosquitto.uri, "events", filters, &bench->events, &fault) != ERR_OK ||
        broker_new(&options, &bench->fleet, &fault) != ERR_OK || broker_connect(bench->fleet, &fault) != ERR_OK) {
        die("clients", &fault);
    }
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    char *said = NULL;
    do {
        free(said);
        wait_for_fleet(bench, 20);
        said = process_log(&bench->daemon);
    } while (!(bench->is_subscribed && said != NULL && strstr(said, "listening to") != NULL) &&
             clock_monotonic_ms() < deadline_ms);
    free(said);
}

static void publish(struct bench *bench, int worker, const char *verb, int qos, struct text payload)
{
    char topic[96];
    (void)snprintf(topic, sizeof topic, "muster/v1/worker/w-%d/%s", worker, verb);
    struct broker_publication publication = {.topic = topic, .payload = payload, .qos = qos};
    while (broker_publish(bench->fleet, &publication) != ERR_OK) {
        wait_for_fleet(bench, 1);
    }
}

static void register_fleet(struct bench *bench)
{
    char payload[128];
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    for (int sent = 0; bench->answered + bench->refused < bench->workers;) {
        if (sent < bench->workers && sent - bench->answered - bench->refused < WINDOW) {
            (void)snprintf(payload, sizeof payload,
                           "{\"name\":\"Worker %d\",\"maxConcurrentJobs\":10,\"heartbeatTimeoutMs\":%d}", sent,
                           bench->timeout_ms);
            publish(bench, sent++, "register", 1, text_of(payload));
            drain(bench);
        } else {
            wait_for_fleet(bench, 100);
        }
        if (clock_monotonic_ms() > deadline_ms) {
            die("registrations", NULL);
        }
    }
    if (bench->refused > 0) {
        die("registrations", &(struct fault){.text = "some were refused"});
    }
}

/* Noticing is measured on a fleet that has settled: all registrations have been told to the world. */
static void wait_until_told(struct bench *bench)
{
    struct fault fault = {0};
    struct redis_client *client = NULL;
    char last[64];
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    if (redis_client_new(&bench->redis, &client, &fault) != ERR_OK) {
        die("Redis", &fault);
    }
    for (bool told = false; !told;) {
        const redisReply *reply = redis_reply(client, "XREVRANGE muster:{0}:events + - COUNT 1");
        (void)snprintf(last, sizeof last, "%s", reply->element[0]->element[0]->str);
        const char *cursor = redis_text(client, "GET muster:{0}:cursor");
        told = cursor != NULL && strcmp(cursor, last) == 0;
        wait_for_fleet(bench, 100);
        if (clock_monotonic_ms() > deadline_ms) {
            die("the registrations' events", NULL);
        }
    }
    redis_client_free(client);
}

/* One round of heartbeats, spread over its time. */
static void beat(struct bench *bench, bool with_silent)
{
    static const char heartbeat[] =
        "{\"status\":\"ACTIVE\",\"currentJobCount\":3,\"cpuUsage\":45.5,\"memoryUsage\":67.8}";
    int64_t round_ms = bench->timeout_ms / BEATS_A_TIMEOUT;
    int64_t start_ms = clock_monotonic_ms();
    int sent = 0;
    for (int step = 1; step <= ROUND_STEPS; step++) {
        int until = (int)((int64_t)bench->workers * step / ROUND_STEPS);
        for (; sent < until; sent++) {
            if (with_silent || !is_silent(bench, sent)) {
                publish(bench, sent, "heartbeat", 0, (struct text){heartbeat, sizeof heartbeat - 1});
            }
        }
        int64_t rest_ms = start_ms + round_ms * step / ROUND_STEPS - clock_monotonic_ms();
        wait_for_fleet(bench, rest_ms > 0 ? (int)rest_ms : 0);
        while ((rest_ms = start_ms + round_ms * step / ROUND_STEPS - clock_monotonic_ms()) > 0) {
            wait_for_fleet(bench, (int)rest_ms);
        }
    }
}

/* The same numbers of keys, with deadlines in the same stretch of time; all others live on. */
static void fill_bare(struct bench *bench, struct redis_client *client, int64_t *deadlines_ms)
{
    int64_t now_ms = clock_wall_ms();
    int64_t round_ms = bench->timeout_ms / BEATS_A_TIMEOUT;
    int dying = 0;
    for (int i = 0; i < bench->workers; i++) {
        bool dies = is_silent(bench, i);
        int64_t deadline_ms = now_ms + bench->timeout_ms + round_ms * i / bench->workers;
        if (dies) {
            deadlines_ms[dying] = deadline_ms;
            (void)redis_reply(client, "SET dying:%d 1 PXAT %lld", dying, (long long)deadline_ms);
            dying++;
        } else {
            (void)redis_reply(client, "SET live:%d 1 PX %d", i, 100 * bench->timeout_ms);
        }
    }
}

static redisContext *subscribe_bare(const struct bench *bench)
{
    redisContext *context = redisConnectUnix(bench->bare.socket_path);
    redisReply *reply = context != NULL ? redisCommand(context, "SUBSCRIBE __keyevent@0__:expired") : NULL;
    if (reply == NULL) {
        die("bare Redis", &(struct fault){.text = "cannot subscribe"});
    }
    freeReplyObject(reply);
    return context;
}

/* Takes what has come by now; late_ms of those that came, in order of coming. */
static int take_bare(redisContext *context, const int64_t *deadlines_ms, double *late_ms, int taken)
{
    struct pollfd readable = {.fd = context->fd, .events = POLLIN};
    void *reply = NULL;
    while (poll(&readable, 1, 0) > 0 && redisBufferRead(context) == REDIS_OK) {
        while (redisGetReplyFromReader(context, &reply) == REDIS_OK && reply != NULL) {
            const redisReply *message = reply;
            int number = 0;
            if (message->elements == 3 && sscanf(message->element[2]->str, "dying:%d", &number) == 1) {
                late_ms[taken++] = (double)(clock_wall_ms() - deadlines_ms[number]);
            }
            freeReplyObject(reply);
        }
    }
    return taken;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(const double *sorted, int count, double share)
{
    int index = (int)ceil(share * count) - 1;
    return count > 0 ? sorted[index > 0 ? index : 0] : NAN;
}

/* What is told of one way to notice. */
struct row {
    const char *name; /* in JSON */
    const char *title;
    double *late_ms;
    int count;
};

static void print_table(const struct bench *bench, const struct row *rows, size_t count)
{
    (void)printf("\n%d live workers, %d silent, timeout %d ms; milliseconds past the deadline:\n\n", bench->workers,
                 bench->silent, bench->timeout_ms);
    (void)printf("| | p50 | p99 | most | noticed |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        (void)printf("| %s | %.0f | %.0f | %.0f | %d of %d |\n", rows[i].title,
                     percentile(rows[i].late_ms, rows[i].count, 0.5), percentile(rows[i].late_ms, rows[i].count, 0.99),
                     percentile(rows[i].late_ms, rows[i].count, 1), rows[i].count, bench->silent);
    }
}

static void print_json(const struct bench *bench, const struct row *rows, size_t count)
{
    json_t *document = json_object();
    for (size_t i = 0; i < count; i++) {
        json_t *figures = json_pack("{s:i, s:i}", "noticed", rows[i].count, "of", bench->silent);
        if (rows[i].count > 0) {
            (void)json_object_update_new(figures, json_pack("{s:f, s:f, s:f}", "p50Ms",
                                                            percentile(rows[i].late_ms, rows[i].count, 0.5), "p99Ms",
                                                            percentile(rows[i].late_ms, rows[i].count, 0.99), "maxMs",
                                                            percentile(rows[i].late_ms, rows[i].count, 1)));
        }
        (void)json_object_set_new(document, rows[i].name, figures);
    }
    report_print_json(document, 0);
}

static void print(const struct bench *bench, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        qsort(rows[i].late_ms, (size_t)rows[i].count, sizeof *rows[i].late_ms, compare);
    }
    if (bench->json) {
        print_json(bench, rows, count);
    } else {
        print_table(bench, rows, count);
    }
}

static int64_t number_at(const char *payload, const char *name)
{
    const char *at = strstr(payload, name);
    return at != NULL ? strtoll(at + strlen(name), NULL, 10) : 0;
}

static int read_events(struct bench *bench, double *noticed_ms, double *told_ms)
{
    int count = 0;
    for (size_t i = 0; recorder_all(bench->events, i) != NULL && count < bench->silent; i++) {
        const struct record *record = recorder_all(bench->events, i);
        int worker = 0;
        if (sscanf(record->topic, "muster/v1/event/unhealthy/w-%d", &worker) != 1 || !is_silent(bench, worker)) {
            die("a worker that kept heartbeating was called unhealthy", &(struct fault){.text = "see the log"});
        }
        int64_t deadline_ms = number_at(record->payload, "\"deadline\":");
        noticed_ms[count] = (double)(number_at(record->payload, "\"at\":") - deadline_ms);
        told_ms[count] = (double)(record->wall_ms - deadline_ms);
        count++;
    }
    return count;
}

static double *numbers(int count)
{
    double *list = calloc((size_t)count, sizeof *list);
    if (list == NULL) {
        die("memory", &(struct fault){.text = "none left"});
    }
    return list;
}

static void measure(struct bench *bench)
{
    struct fault fault = {0};
    struct redis_client *client = NULL;
    int64_t *deadlines_ms = calloc((size_t)bench->silent, sizeof *deadlines_ms);
    double *bare_ms = numbers(bench->silent);
    double *noticed_ms = numbers(bench->silent);
    double *told_ms = numbers(bench->silent);
    if (deadlines_ms == NULL || redis_client_new(&bench->bare, &client, &fault) != ERR_OK) {
        die("bare Redis", &fault);
    }
    register_fleet(bench);
    (void)fprintf(stderr, "%d workers registered\n", bench->workers);
    redisContext *context = subscribe_bare(bench);
    for (int round = 0; round < BEATS_A_TIMEOUT; round++) {
        beat(bench, true);
    }
    wait_until_told(bench);
    beat(bench, true);
    fill_bare(bench, client, deadlines_ms);
    (void)fprintf(stderr, "%d go silent\n", bench->silent);
    int bare = 0;
    for (int round = 0; round < 3 * BEATS_A_TIMEOUT; round++) {
        beat(bench, false);
        bare = take_bare(context, deadlines_ms, bare_ms, bare);
    }
    int noticed = read_events(bench, noticed_ms, told_ms);
    const struct row rows[] = {
        {"noticed", "Muster: noticed", noticed_ms, noticed},
        {"told", "Muster: told to a subscriber", told_ms, noticed},
        {"bare", "bare Redis events, default settings", bare_ms, bare},
    };
    print(bench, rows, sizeof rows / sizeof rows[0]);
    redisFree(context);
    redis_client_free(client);
    free(deadlines_ms);
    free(bare_ms);
    free(noticed_ms);
    free(told_ms);
    if (noticed < bench->silent) {
        die("not all silent workers were noticed", NULL);
    }
}

int main(int argc, char **argv)
{
    static struct bench bench;
    bench.json = arguments_take_flag(&argc, &argv, "--json");
    bench.workers = arguments_number(argc, argv, 1, 100000);
    bench.silent = arguments_number(argc, argv, 2, 1000);
    bench.timeout_ms = arguments_number(argc, argv, 3, 30000);
    if (bench.silent < 1 || bench.workers < bench.silent || bench.timeout_ms < 100) {
        (void)fprintf(stderr, "usage: bench_lateness [--json] [workers [silent [timeout_ms]]]\n");
        return 2;
    }
    start_servers(&bench);
    measure(&bench);
    recorder_free(bench.events);
    broker_free(bench.fleet);
    process_stop(&bench.daemon, SIGTERM);
    server_free(&bench.mosquitto);
    server_free(&bench.redis);
    server_free(&bench.bare);
    folder_remove(bench.folder);
    return 0;
}

/* fleet.c -- each worker is a small state machine, driven by time and by the replies that it gets. */
#include "e2e/chaos/fleet.h"

#include "base/clock.h"
#include "broker/broker.h"
#include "e2e/chaos/diary.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PENDING_MAX = 8192, RETRY_MS = 400, RECONNECT_MS = 100, LATE_WILL_MS = 300, CLONE_MS = 2500, DRAIN_MS = 600 };

enum kind { STEADY, DYING, FLAPPING, RESTARTING, CLONED, LEAVING, DRAINING, CONTRADICTING, KINDS };
static const char *const kind_names[KINDS] = {"steady", "dying",   "flapping", "restarting",
                                              "cloned", "leaving", "draining", "contradicting"};
static const size_t kind_shares[KINDS] = {14, 6, 5, 5, 3, 3, 3, 3};

struct worker {
    char id[32];
    enum kind kind;
    bool lists_jobs; /* else its heartbeats say the same again and again */
    int boot;
    int connection;
    int64_t epoch; /* 0: not registered */
    int64_t seq;
    int64_t next_beat_ms; /* monotonic */
    int64_t next_try_ms;
    int64_t turn_ms; /* when it does what is special about its kind */
    int64_t silent_until_ms;
    int64_t will_ms; /* when the late will of the boot before is sent */
    int64_t clone_until_ms;
    int64_t contradict_until_ms;
    int64_t idle_from_ms; /* draining: when its jobs are done; 0: it does not drain */
    int64_t last_beat_wall_ms;
    bool dead;
    bool leaving;
    bool left;
};

struct pending {
    size_t worker;
    int64_t sent_ms; /* wall */
};

struct fleet {
    struct worker workers[FLEET_WORKERS];
    struct broker *broker;
    bool connected;
    bool subscribed;
    bool connecting;
    int64_t retry_ms;
    uint64_t next_id;
    struct pending pending[PENDING_MAX]; /* heartbeats without acknowledgement, by id */
    unsigned random;
    int64_t active_until_ms;
    int64_t merge_ms;
    json_t *diary;
};

static unsigned draw(struct fleet *fleet, unsigned below)
{
    fleet->random = fleet->random * 1103515245U + 12345U;
    return (fleet->random >> 16) % below;
}

static void make_worker(struct fleet *fleet, size_t index, enum kind kind, int64_t active_ms)
{
    struct worker *worker = &fleet->workers[index];
    int64_t now_ms = clock_monotonic_ms();
    bool is_plain = kind == STEADY || kind == DYING || kind == FLAPPING;
    *worker = (struct worker){.kind = kind, .boot = 1, .connection = 1, .lists_jobs = !is_plain || index % 2 == 0};
    (void)snprintf(worker->id, sizeof worker->id, "%s-%zu", kind_names[kind], index);
    worker->next_try_ms = now_ms + draw(fleet, 500);
    worker->turn_ms = now_ms + 3000 + draw(fleet, (unsigned)(active_ms > 4000 ? active_ms - 3000 : 1000));
    diary_add(fleet->diary, "worker",
              json_pack("{s:s, s:s, s:i, s:I, s:b}", "id", worker->id, "kind", kind_names[kind], "timeoutMs",
                        FLEET_TIMEOUT_MS, "mergeMs", (json_int_t)fleet->merge_ms, "listsJobs", worker->lists_jobs));
}

struct fleet *fleet_new(const char *broker_uri, unsigned seed, int64_t active_ms, int64_t merge_ms, json_t *diary)
{
    struct fleet *fleet = calloc(1, sizeof *fleet);
    struct broker_options options = {
        .uri = broker_uri, .client_id = "fleet", .keep_alive_s = 2, .connect_timeout_s = 2};
    struct fault fault = {0};
    if (fleet == NULL || broker_new(&options, &fleet->broker, &fault) != ERR_OK) {
        (void)fprintf(stderr, "fleet: %s\n", fault.text);
        exit(EXIT_FAILURE);
    }
    fleet->diary = diary;
    fleet->merge_ms = merge_ms;
    fleet->random = seed;
    fleet->next_id = 1;
    fleet->active_until_ms = clock_monotonic_ms() + active_ms;
    size_t index = 0;
    for (enum kind kind = STEADY; kind < KINDS; kind++) {
        for (size_t i = 0; i < kind_shares[kind]; i++) {
            make_worker(fleet, index++, kind, active_ms);
        }
    }
    return fleet;
}

void fleet_free(struct fleet *fleet)
{
    if (fleet != NULL) {
        broker_free(fleet->broker);
        free(fleet);
    }
}

/* Returns the id of the publication, 0 where it could not be sent. */
static uint64_t publish(struct fleet *fleet, const struct worker *worker, const char *verb, const char *payload)
{
    char topic[128];
    (void)snprintf(topic, sizeof topic, "muster/v1/worker/%s/%s", worker->id, verb);
    struct broker_publication publication = {
        .topic = topic, .payload = text_of(payload), .qos = 1, .correlation = text_of(verb), .id = fleet->next_id};
    return broker_publish(fleet->broker, &publication) == ERR_OK ? fleet->next_id++ : 0;
}

static void send_register(struct fleet *fleet, const struct worker *worker)
{
    char payload[512];
    (void)snprintf(payload, sizeof payload,
                   "{\"name\":\"%s\",\"maxConcurrentJobs\":10,\"heartbeatTimeoutMs\":%d,\"heartbeatIntervalMs\":%d,"
                   "\"zone\":\"%s\",\"tags\":[\"chaos\",\"%s\"],\"capabilities\":[\"fail\"],\"bootId\":\"b%d\","
                   "\"connection\":%d}",
                   worker->id, FLEET_TIMEOUT_MS, FLEET_INTERVAL_MS,
                   worker->id[strlen(worker->id) - 1] % 2 == 0 ? "east" : "west", kind_names[worker->kind],
                   worker->boot, worker->connection);
    (void)publish(fleet, worker, "register", payload);
}

/* A job is named after its worker and epoch: what has been orphaned is never held again. */
static void send_beat(struct fleet *fleet, size_t index, bool contradicts, bool is_idle)
{
    struct worker *worker = &fleet->workers[index];
    char jobs[80] = "\"jobs\":[]";
    char payload[320];
    int64_t now_ms = clock_wall_ms();
    if (!worker->lists_jobs) {
        (void)snprintf(jobs, sizeof jobs, "\"currentJobCount\":1");
    } else if (!is_idle) {
        (void)snprintf(jobs, sizeof jobs, "\"jobs\":[\"%s-%lld\"]", worker->id, (long long)worker->epoch);
    }
    (void)snprintf(payload, sizeof payload,
                   "{\"status\":\"%s\",%s,\"bootId\":\"b%d\",\"connection\":%d,\"epoch\":%lld,"
                   "\"seq\":%lld,\"sentAt\":%lld}",
                   contradicts || is_idle ? "IDLE" : "BUSY", jobs, worker->boot, worker->connection,
                   (long long)worker->epoch, (long long)++worker->seq, (long long)now_ms);
    uint64_t id = publish(fleet, worker, "heartbeat", payload);
    if (id != 0) {
        fleet->pending[id % PENDING_MAX] = (struct pending){.worker = index, .sent_ms = now_ms};
        worker->last_beat_wall_ms = now_ms;
    }
}

static void send_of_boot(struct fleet *fleet, const struct worker *worker, const char *verb, int boot)
{
    char payload[96];
    (void)snprintf(payload, sizeof payload, "{\"bootId\":\"b%d\",\"connection\":1}", boot);
    (void)publish(fleet, worker, verb, payload);
}

static void start_again(struct worker *worker, int64_t now_ms)
{
    worker->boot++;
    worker->epoch = 0;
    worker->seq = 0;
    worker->next_try_ms = now_ms;
}

/* What is special about its kind; only a registered worker does it. */
static void take_turn(struct fleet *fleet, struct worker *worker, int64_t now_ms)
{
    bool again = now_ms + 4000 < fleet->active_until_ms;
    worker->turn_ms = again ? now_ms + 2500 + draw(fleet, 3000) : INT64_MAX;
    switch (worker->kind) {
    case DYING:
        worker->dead = true;
        diary_add(fleet->diary, "death",
                  json_pack("{s:s, s:I}", "id", worker->id, "at", (json_int_t)worker->last_beat_wall_ms));
        break;
    case FLAPPING:
        worker->silent_until_ms = now_ms + FLEET_TIMEOUT_MS + fleet->merge_ms + 200;
        break;
    case RESTARTING:
        start_again(worker, now_ms);
        worker->will_ms = now_ms + LATE_WILL_MS;
        break;
    case CLONED:
        start_again(worker, now_ms);
        worker->clone_until_ms = now_ms + CLONE_MS;
        break;
    case LEAVING:
        worker->leaving = true;
        worker->next_try_ms = now_ms;
        break;
    case DRAINING:
        worker->leaving = true;
        worker->next_try_ms = now_ms;
        worker->idle_from_ms = now_ms + DRAIN_MS;
        break;
    case CONTRADICTING:
        worker->contradict_until_ms = now_ms + FLEET_INTERVAL_MS + draw(fleet, 2 * FLEET_INTERVAL_MS);
        break;
    default:
        break;
    }
}

static void try_again(struct fleet *fleet, struct worker *worker, int64_t now_ms)
{
    worker->next_try_ms = now_ms + RETRY_MS;
    if (!worker->leaving) {
        send_register(fleet, worker);
    } else if (worker->kind == DRAINING) {
        (void)publish(fleet, worker, "deregister", "{\"drain\":true}");
    } else {
        (void)publish(fleet, worker, "deregister", "{\"forceDeregister\":true}");
    }
}

static void beat(struct fleet *fleet, size_t index, int64_t now_ms)
{
    struct worker *worker = &fleet->workers[index];
    bool is_idle = worker->idle_from_ms != 0 && now_ms >= worker->idle_from_ms;
    worker->next_beat_ms = now_ms + FLEET_INTERVAL_MS;
    send_beat(fleet, index, now_ms < worker->contradict_until_ms, is_idle);
    if (now_ms < worker->clone_until_ms) {
        send_of_boot(fleet, worker, "heartbeat", worker->boot - 1);
    }
}

static void act(struct fleet *fleet, size_t index, int64_t now_ms)
{
    struct worker *worker = &fleet->workers[index];
    if (worker->dead || worker->left) {
        return;
    }
    if (worker->epoch != 0 && worker->last_beat_wall_ms != 0 && now_ms >= worker->turn_ms && worker->kind != STEADY &&
        !worker->leaving) {
        take_turn(fleet, worker, now_ms);
    }
    if (worker->will_ms != 0 && now_ms >= worker->will_ms) {
        worker->will_ms = 0;
        send_of_boot(fleet, worker, "will", worker->boot - 1);
    }
    if ((worker->epoch == 0 || worker->leaving) && now_ms >= worker->next_try_ms) {
        try_again(fleet, worker, now_ms);
    }
    bool is_silent = worker->dead || now_ms < worker->silent_until_ms || (worker->leaving && worker->kind != DRAINING);
    if (worker->epoch != 0 && !is_silent && now_ms >= worker->next_beat_ms) {
        beat(fleet, index, now_ms);
    }
}

static struct worker *worker_of(struct fleet *fleet, struct text topic)
{
    static const char prefix[] = "muster/v1/reply/worker/";
    size_t len = sizeof prefix - 1;
    for (size_t i = 0; i < FLEET_WORKERS && topic.len > len; i++) {
        struct worker *worker = &fleet->workers[i];
        if (text_is((struct text){topic.data + len, topic.len - len}, worker->id)) {
            return worker;
        }
    }
    return NULL;
}

static void take_goodbye(struct fleet *fleet, struct worker *worker)
{
    if (worker->leaving && !worker->left) {
        worker->left = true;
        diary_add(fleet->diary, "leave", json_pack("{s:s, s:I}", "id", worker->id, "at", (json_int_t)clock_wall_ms()));
    }
}

static void take_ok(struct fleet *fleet, struct worker *worker, const json_t *reply, struct text correlation)
{
    int64_t epoch = json_integer_value(json_object_get(reply, "epoch"));
    if (text_is(correlation, "deregister")) {
        if (worker->kind != DRAINING) {
            take_goodbye(fleet, worker);
        }
        return;
    }
    if (text_is(correlation, "register")) {
        diary_add(fleet->diary, "answer",
                  json_pack("{s:s, s:I, s:I}", "id", worker->id, "epoch", (json_int_t)epoch, "at",
                            (json_int_t)clock_wall_ms()));
    }
    if (epoch > worker->epoch && (worker->epoch != 0 || text_is(correlation, "register"))) {
        worker->epoch = epoch;
    }
}

static void take_reply(struct fleet *fleet, const struct broker_message *message)
{
    struct worker *worker = worker_of(fleet, message->topic);
    json_t *reply = json_loadb(message->payload.data, message->payload.len, 0, NULL);
    const char *code = json_string_value(json_object_get(reply, "code"));
    if (worker == NULL || code == NULL) {
        json_decref(reply);
        return;
    }
    if (strcmp(code, "ok") == 0) {
        take_ok(fleet, worker, reply, message->correlation);
    } else if (strcmp(code, "deregistered") == 0 || (strcmp(code, "unknown_worker") == 0 && worker->leaving)) {
        take_goodbye(fleet, worker);
    } else if (strcmp(code, "unknown_worker") == 0) {
        worker->epoch = 0;
    }
    json_decref(reply);
}

static void take_event(struct fleet *fleet, const struct broker_event *event)
{
    struct fault fault = {0};
    const struct broker_subscription replies = {.filter = "muster/v1/reply/worker/+", .qos = 1};
    const struct pending *pending = &fleet->pending[event->id % PENDING_MAX];
    switch (event->kind) {
    case BROKER_CONNECTED:
        fleet->connecting = false;
        fleet->connected = broker_subscribe(fleet->broker, &replies, 1, &fault) == ERR_OK;
        break;
    case BROKER_DISCONNECTED:
        fleet->connecting = false;
        fleet->connected = false;
        fleet->subscribed = false;
        fleet->retry_ms = clock_monotonic_ms() + RECONNECT_MS;
        break;
    case BROKER_SUBSCRIBED:
        fleet->subscribed = true;
        break;
    case BROKER_MESSAGE:
        take_reply(fleet, &event->message);
        break;
    case BROKER_ACKED:
        if (pending->sent_ms != 0) {
            diary_add(fleet->diary, "beat",
                      json_pack("{s:s, s:I, s:I}", "id", fleet->workers[pending->worker].id, "sentAt",
                                (json_int_t)pending->sent_ms, "ackedAt", (json_int_t)clock_wall_ms()));
        }
        fleet->pending[event->id % PENDING_MAX] = (struct pending){0};
        break;
    case BROKER_REFUSED:
        fleet->pending[event->id % PENDING_MAX] = (struct pending){0};
        break;
    }
}

void fleet_step(struct fleet *fleet, int wait_ms)
{
    struct pollfd readable = {.fd = broker_fd(fleet->broker), .events = POLLIN};
    struct broker_event event;
    struct fault fault = {0};
    int64_t now_ms = clock_monotonic_ms();
    if (!fleet->connected && !fleet->connecting && now_ms >= fleet->retry_ms) {
        fleet->connecting = broker_connect(fleet->broker, &fault) == ERR_OK;
        fleet->retry_ms = now_ms + RECONNECT_MS;
    }
    for (size_t i = 0; fleet->subscribed && i < FLEET_WORKERS; i++) {
        act(fleet, i, now_ms);
    }
    (void)poll(&readable, 1, wait_ms);
    while (broker_next(fleet->broker, &event)) {
        take_event(fleet, &event);
    }
}

const char *fleet_id(const struct fleet *fleet, size_t worker)
{
    return fleet->workers[worker].id;
}

bool fleet_is_there(const struct fleet *fleet, size_t worker)
{
    return !fleet->workers[worker].dead && !fleet->workers[worker].left;
}

bool fleet_is_settled(const struct fleet *fleet)
{
    for (size_t i = 0; i < FLEET_WORKERS; i++) {
        const struct worker *worker = &fleet->workers[i];
        bool waits = fleet_is_there(fleet, i) &&
                     (worker->epoch == 0 || worker->leaving || clock_monotonic_ms() < worker->silent_until_ms);
        if (waits) {
            return false;
        }
    }
    return true;
}

/* probe.c -- one worker at a time: resting, asking, seeking (registration, then heartbeat), leaving. */
#include "e2e/chaos/probe.h"

#include "base/clock.h"
#include "broker/broker.h"
#include "e2e/chaos/diary.h"
#include "e2e/chaos/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRY_MS = 200, RECONNECT_MS = 100, OWN_STEP_MS = 100 };

enum probe_state { PROBE_RESTS, PROBE_ASKS, PROBE_REGISTERS, PROBE_BEATS, PROBE_HAS_FOUND, PROBE_LEAVES };

struct probe {
    struct broker *broker;
    json_t *diary;
    enum probe_state state;
    int number;
    char id[32];
    bool connected;
    bool connecting;
    bool subscribed;
    int64_t retry_ms;
    int64_t try_ms;
    int64_t stepped_ms;
    int64_t own_delay_ms;
};

struct probe *probe_new(const char *broker_uri, json_t *diary)
{
    struct probe *probe = calloc(1, sizeof *probe);
    struct broker_options options = {
        .uri = broker_uri, .client_id = "probe", .keep_alive_s = 2, .connect_timeout_s = 2};
    struct fault fault = {0};
    if (probe == NULL || broker_new(&options, &probe->broker, &fault) != ERR_OK) {
        (void)fprintf(stderr, "probe: %s\n", fault.text);
        exit(EXIT_FAILURE);
    }
    probe->diary = diary;
    return probe;
}

void probe_free(struct probe *probe)
{
    if (probe != NULL) {
        broker_free(probe->broker);
        free(probe);
    }
}

/* The correlation says what was asked and when: a reply tells it back. */
static bool publish(struct probe *probe, const char *verb, const char *payload, int64_t wall_ms)
{
    char topic[128];
    char response[128];
    char correlation[64];
    (void)snprintf(topic, sizeof topic, "muster/v1/worker/%s/%s", probe->id, verb);
    (void)snprintf(response, sizeof response, "muster/v1/reply/worker/%s/probe", probe->id);
    (void)snprintf(correlation, sizeof correlation, "%s %lld", verb, (long long)wall_ms);
    struct broker_publication publication = {.topic = topic,
                                             .payload = text_of(payload),
                                             .qos = 1,
                                             .response_topic = response,
                                             .correlation = text_of(correlation)};
    return broker_publish(probe->broker, &publication) == ERR_OK;
}

static bool ask_to_register(struct probe *probe, int64_t wall_ms)
{
    char payload[160];
    (void)snprintf(payload, sizeof payload,
                   "{\"name\":\"%s\",\"maxConcurrentJobs\":1,\"heartbeatTimeoutMs\":%d,\"bootId\":\"p\"}", probe->id,
                   FLEET_TIMEOUT_MS);
    return publish(probe, "register", payload, wall_ms);
}

static void act(struct probe *probe)
{
    int64_t wall_ms = clock_wall_ms();
    switch (probe->state) {
    case PROBE_ASKS:
        if (ask_to_register(probe, wall_ms)) {
            diary_add(probe->diary, "ask", json_pack("{s:s, s:I}", "id", probe->id, "at", (json_int_t)wall_ms));
        }
        break;
    case PROBE_REGISTERS:
        (void)ask_to_register(probe, wall_ms);
        break;
    case PROBE_BEATS:
        (void)publish(probe, "heartbeat", "{\"bootId\":\"p\"}", wall_ms);
        break;
    case PROBE_LEAVES:
        (void)publish(probe, "deregister", "{\"forceDeregister\":true}", wall_ms);
        break;
    case PROBE_RESTS:
    case PROBE_HAS_FOUND:
        break;
    }
}

static void take_registered(struct probe *probe, const json_t *reply)
{
    diary_add(probe->diary, "answer",
              json_pack("{s:s, s:I, s:I}", "id", probe->id, "epoch",
                        (json_int_t)json_integer_value(json_object_get(reply, "epoch")), "at",
                        (json_int_t)clock_wall_ms()));
    if (probe->state == PROBE_REGISTERS) {
        probe->state = PROBE_BEATS;
        probe->try_ms = 0;
    }
}

static void take_left(struct probe *probe)
{
    if (probe->state == PROBE_LEAVES) {
        probe->state = PROBE_RESTS;
        diary_add(probe->diary, "leave", json_pack("{s:s, s:I}", "id", probe->id, "at", (json_int_t)clock_wall_ms()));
    }
}

static void take_answer(struct probe *probe, const char *verb, long long asked_ms, const json_t *reply)
{
    const char *code = json_string_value(json_object_get(reply, "code"));
    bool is_ok = code != NULL && strcmp(code, "ok") == 0;
    if (strcmp(verb, "register") == 0) {
        diary_add(probe->diary, "told",
                  json_pack("{s:s, s:I, s:s, s:I}", "id", probe->id, "askedAt", (json_int_t)asked_ms, "code",
                            code != NULL ? code : "", "at", (json_int_t)clock_wall_ms()));
        if (is_ok) {
            take_registered(probe, reply);
        }
    } else if (strcmp(verb, "heartbeat") == 0 && probe->state == PROBE_BEATS) {
        probe->state = is_ok                                                 ? PROBE_HAS_FOUND
                       : code != NULL && strcmp(code, "unknown_worker") == 0 ? PROBE_REGISTERS
                                                                             : PROBE_BEATS;
    } else if (strcmp(verb, "deregister") == 0 && (is_ok || (code != NULL && strcmp(code, "unknown_worker") == 0))) {
        take_left(probe);
    }
}

static void take_reply(struct probe *probe, const struct broker_message *message)
{
    char verb[16];
    char correlation[64];
    long long asked_ms = 0;
    (void)snprintf(correlation, sizeof correlation, "%.*s", TEXT_ARG(message->correlation));
    char own[96];
    int len = snprintf(own, sizeof own, "muster/v1/reply/worker/%s/probe", probe->id);
    bool is_own = message->topic.len == (size_t)len && memcmp(message->topic.data, own, message->topic.len) == 0;
    json_t *reply = json_loadb(message->payload.data, message->payload.len, 0, NULL);
    if (is_own && reply != NULL && sscanf(correlation, "%15s %lld", verb, &asked_ms) == 2) {
        take_answer(probe, verb, asked_ms, reply);
    }
    json_decref(reply);
}

static void take_event(struct probe *probe, const struct broker_event *event)
{
    struct fault fault = {0};
    const struct broker_subscription replies = {.filter = "muster/v1/reply/worker/+/probe", .qos = 1};
    switch (event->kind) {
    case BROKER_CONNECTED:
        probe->connecting = false;
        probe->connected = broker_subscribe(probe->broker, &replies, 1, &fault) == ERR_OK;
        break;
    case BROKER_DISCONNECTED:
        probe->connecting = false;
        probe->connected = false;
        probe->subscribed = false;
        probe->retry_ms = clock_monotonic_ms() + RECONNECT_MS;
        break;
    case BROKER_SUBSCRIBED:
        probe->subscribed = true;
        break;
    case BROKER_MESSAGE:
        take_reply(probe, &event->message);
        break;
    case BROKER_ACKED:
    case BROKER_REFUSED:
        break;
    }
}

void probe_step(struct probe *probe)
{
    struct broker_event event;
    struct fault fault = {0};
    int64_t now_ms = clock_monotonic_ms();
    int64_t step_ms = now_ms - probe->stepped_ms;
    probe->own_delay_ms += step_ms > OWN_STEP_MS ? step_ms - OWN_STEP_MS : 0;
    probe->stepped_ms = now_ms;
    if (!probe->connected && !probe->connecting && now_ms >= probe->retry_ms) {
        probe->connecting = broker_connect(probe->broker, &fault) == ERR_OK;
        probe->retry_ms = now_ms + RECONNECT_MS;
    }
    if (probe->subscribed && now_ms >= probe->try_ms) {
        probe->try_ms = now_ms + TRY_MS;
        act(probe);
    }
    while (broker_next(probe->broker, &event)) {
        take_event(probe, &event);
    }
}

/* A worker of its own for each fault, since the one before may still be on its way out. */
static void become_another(struct probe *probe)
{
    (void)snprintf(probe->id, sizeof probe->id, "probe-%d", ++probe->number);
    diary_add(probe->diary, "worker",
              json_pack("{s:s, s:s, s:i}", "id", probe->id, "kind", "probe", "timeoutMs", FLEET_TIMEOUT_MS));
}

void probe_ask(struct probe *probe)
{
    become_another(probe);
    probe->state = PROBE_ASKS;
    probe->try_ms = 0;
}

void probe_seek(struct probe *probe)
{
    if (probe->state != PROBE_ASKS) {
        become_another(probe);
    }
    probe->state = PROBE_REGISTERS;
    probe->try_ms = 0;
    probe->stepped_ms = clock_monotonic_ms();
    probe->own_delay_ms = 0;
}

bool probe_has_found(const struct probe *probe)
{
    return probe->state == PROBE_HAS_FOUND;
}

void probe_rest(struct probe *probe)
{
    probe->state = PROBE_LEAVES;
    probe->try_ms = 0;
}

bool probe_rests(const struct probe *probe)
{
    return probe->state == PROBE_RESTS;
}

int64_t probe_own_delay_ms(const struct probe *probe)
{
    return probe->own_delay_ms;
}

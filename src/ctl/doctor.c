/* doctor.c -- musterctl doctor: looks, one thing after another, and lets diagnosis judge. */
#include "base/clock.h"
#include "ctl/command.h"
#include "ctl/diagnosis.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    CANARY_MS = 1000,
    QUIET_MS = 300, /* without another retained message: all have come */
    LOOK_MAX_MS = 3000,
    TOPIC_MAX = 256,
};

/* What a subscription of its own has brought. */
struct probe {
    size_t heard;
    size_t kept;
    char first_topic[TOPIC_MAX]; /* of what is kept */
    json_t *documents;           /* of what is kept; NULL: not wanted */
    int64_t latest_ms;           /* monotonic: when the last of it came */
};

struct doctor {
    struct call *call;
    struct diagnosis diagnosis;
};

static void on_heard(void *owner, struct text topic, json_t *document)
{
    (void)topic;
    (void)document;
    struct probe *probe = owner;
    probe->heard++;
}

static void on_kept(void *owner, struct text topic, json_t *document)
{
    struct probe *probe = owner;
    if (probe->kept++ == 0) {
        (void)snprintf(probe->first_topic, sizeof probe->first_topic, "%.*s", TEXT_ARG(topic));
    }
    if (probe->documents != NULL && document != NULL) {
        (void)json_array_append(probe->documents, document);
    }
    probe->latest_ms = clock_monotonic_ms();
}

/* Listens until nothing retained has come for quiet_ms; LOOK_MAX_MS at most. */
static void listen_until_quiet(struct session *session, struct probe *probe, int64_t quiet_ms)
{
    int64_t began_ms = clock_monotonic_ms();
    int64_t until_ms = began_ms + quiet_ms;
    probe->latest_ms = began_ms;
    while (session_connected(session) && clock_monotonic_ms() < until_ms) {
        session_wait(session, until_ms);
        until_ms = probe->latest_ms + quiet_ms;
        until_ms = until_ms < began_ms + LOOK_MAX_MS ? until_ms : began_ms + LOOK_MAX_MS;
    }
}

/* Each subscription has a connection of its own: a refused one, or a flood on it, spoils no other. */
static enum err probe_filter(struct doctor *doctor, const char *filter, int64_t quiet_ms, struct probe *probe,
                             struct fault *out_fault)
{
    const char *const filters[] = {filter};
    struct session *session = NULL;
    enum err err = session_new(doctor->call->session_options, &session, out_fault);
    if (err == ERR_OK) {
        session_listen(session, filters, 1,
                       &(struct session_listener){.owner = probe, .heard = on_heard, .kept = on_kept});
        err = session_connect(session, out_fault);
    }
    if (err == ERR_OK) {
        listen_until_quiet(session, probe, quiet_ms);
    }
    session_free(session);
    return err;
}

/* ---- what is looked at */

static bool look_at_broker(struct doctor *doctor)
{
    struct call *call = doctor->call;
    struct fault fault = {0};
    int64_t began_ms = clock_monotonic_ms();
    if (session_connect(call->session, &fault) != ERR_OK) {
        diagnosis_unreachable(&doctor->diagnosis, session_lost_code(call->session), fault.text);
        return false;
    }
    diagnosis_add(&doctor->diagnosis, VERDICT_OK, "broker", NULL, "%s speaks MQTT 5, connected in %" PRId64 " ms",
                  call->options->access.uri, clock_monotonic_ms() - began_ms);
    return true;
}

static void look_at_subscriptions(struct doctor *doctor)
{
    static const char *const wanted[] = {"status/+", "event/+/+", "system", "alert/+", "registry/+"};
    size_t refused = 0;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        struct probe probe = {0};
        struct fault fault = {0};
        if (probe_filter(doctor, wanted[i], 0, &probe, &fault) != ERR_OK) {
            refused++;
            diagnosis_add(&doctor->diagnosis, VERDICT_FAIL, "access",
                          "grant an operator to read it in the broker's ACL, as topics/acl does", "%s: %s", wanted[i],
                          fault.text);
        }
    }
    if (refused == 0) {
        diagnosis_add(&doctor->diagnosis, VERDICT_OK, "access", NULL,
                      "the broker takes every subscription of an operator");
    }
}

static void look_at_presence(struct doctor *doctor)
{
    struct probe probe = {.documents = json_array()};
    struct fault fault = {0};
    if (probe_filter(doctor, "registry/+", QUIET_MS, &probe, &fault) == ERR_OK) {
        diagnosis_presence(&doctor->diagnosis, probe.documents, clock_wall_ms());
    }
    json_decref(probe.documents);
}

/* The clock is compared with the middle of the request's time. */
static bool look_at_answer(struct doctor *doctor)
{
    struct call *call = doctor->call;
    struct diagnosis *diagnosis = &doctor->diagnosis;
    struct fault fault = {0};
    json_t *request = json_object();
    json_t *reply = NULL;
    int64_t began_ms = clock_monotonic_ms();
    int64_t wall_ms = clock_wall_ms();
    enum err err = session_request(call->session, "system-health", request, &reply, &fault);
    int64_t took_ms = clock_monotonic_ms() - began_ms;
    json_decref(request);
    if (err != ERR_OK) {
        diagnosis_add(
            diagnosis, VERDICT_FAIL, "answer",
            "is a registry active, is --topic-root its own, and may this user write request/CLIENT/+ and read "
            "reply/client/CLIENT/#?",
            "%s", fault.text);
        return false;
    }
    diagnosis_answer(diagnosis, took_ms);
    const json_t *timestamp = json_object_get(reply, "timestamp");
    if (json_is_integer(timestamp)) {
        diagnosis_clock(diagnosis, (int64_t)json_integer_value(timestamp) - (wall_ms + took_ms / 2), took_ms / 2 + 1);
    }
    if (json_is_true(json_object_get(reply, "success"))) {
        diagnosis_fleet(diagnosis, reply);
    } else {
        diagnosis_add(diagnosis, VERDICT_FAIL, "answer", "its log tells why; can it reach Redis?", "it was: %s",
                      json_string_value(json_object_get(reply, "message")));
    }
    json_decref(reply);
    return true;
}

static void look_at_redis(struct doctor *doctor)
{
    struct fault fault = {0};
    json_t *request = json_object();
    json_t *reply = NULL;
    if (session_request(doctor->call->session, "config", request, &reply, &fault) == ERR_OK) {
        diagnosis_redis(&doctor->diagnosis, reply);
    } else {
        diagnosis_add(&doctor->diagnosis, VERDICT_FAIL, "redis", NULL, "%s", fault.text);
    }
    json_decref(request);
    json_decref(reply);
}

static void look_at_alerts(struct doctor *doctor)
{
    struct fault fault = {0};
    json_t *request = json_object();
    json_t *reply = NULL;
    if (session_request(doctor->call->session, "alerts", request, &reply, &fault) == ERR_OK) {
        diagnosis_alerts(&doctor->diagnosis, reply);
    } else {
        diagnosis_add(&doctor->diagnosis, VERDICT_FAIL, "alert", NULL, "%s", fault.text);
    }
    json_decref(request);
    json_decref(reply);
}

static void look_at_hearing(struct doctor *doctor)
{
    struct probe probe = {0};
    struct fault fault = {0};
    int64_t during_ms = CANARY_MS;
    if (probe_filter(doctor, "canary", during_ms, &probe, &fault) == ERR_OK) {
        diagnosis_canaries(&doctor->diagnosis, probe.heard, during_ms, doctor->call->options->access.username == NULL);
    } else {
        diagnosis_canaries(&doctor->diagnosis, 0, during_ms, false);
    }
}

static void look_at_retained(struct doctor *doctor)
{
    static const char *const filters[] = {"worker/+/+", "gateway/+/+", "request/+/+"};
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        struct probe probe = {0};
        struct fault fault = {0};
        if (probe_filter(doctor, filters[i], QUIET_MS, &probe, &fault) == ERR_OK) {
            diagnosis_retained(&doctor->diagnosis, filters[i], probe.kept, probe.first_topic);
        } else {
            diagnosis_add(&doctor->diagnosis, VERDICT_OK, "retained", NULL, "%s may not be read, as is usual",
                          filters[i]);
        }
    }
}

static enum command_status look(struct doctor *doctor)
{
    if (!look_at_broker(doctor)) {
        return COMMAND_NO_ANSWER;
    }
    look_at_subscriptions(doctor);
    look_at_presence(doctor);
    bool answered = look_at_answer(doctor);
    if (answered) {
        look_at_redis(doctor);
        look_at_alerts(doctor);
    }
    look_at_hearing(doctor);
    look_at_retained(doctor);
    if (!answered) {
        return COMMAND_NO_ANSWER;
    }
    return diagnosis_worst(&doctor->diagnosis) == VERDICT_OK ? COMMAND_DONE : COMMAND_REFUSED;
}

enum command_status doctor_run(struct call *call)
{
    struct doctor doctor = {.call = call};
    enum command_status status = look(&doctor);
    if (call->output->json) {
        json_t *document = diagnosis_json(&doctor.diagnosis);
        output_json(call->output, document);
        json_decref(document);
    } else {
        struct buf lines = {0};
        diagnosis_append(&lines, &doctor.diagnosis, call->output->colour);
        output_text(call->output, buf_text(&lines));
        buf_fini(&lines);
    }
    return status;
}

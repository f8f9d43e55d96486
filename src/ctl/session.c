/* session.c -- waiting for the broker with poll; a reply is known by its topic and its correlation. */
#include "ctl/session.h"

#include "base/clock.h"
#include "broker/broker.h"
#include "codec/message.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    GOODBYE_MS = 500,
    DOCUMENT_BYTES_MAX = 16 * 1024 * 1024, /* a page of many workers */
    TOPIC_MAX = 1024,
    CORRELATION_MAX = 32,
};

struct asked {
    uint64_t id; /* of the publication and, as text, of the reply; 0: nothing is asked */
    char correlation[CORRELATION_MAX];
    json_t *reply;
    struct fault refusal;
};

struct session {
    struct session_options options;
    struct broker *broker;
    struct decoder *decoder;
    char mark[17]; /* random: tells this session from others of the same client */
    char reply_topic[TOPIC_MAX];
    struct session_listener listener;
    const char *const *filters;
    size_t filter_count;
    bool connected;
    bool ready; /* subscribed */
    struct fault lost;
    int lost_code;
    uint64_t last_id;
    struct asked asked;
};

static enum err make_broker(struct session *session, struct fault *out_fault)
{
    const struct session_options *options = &session->options;
    char client_id[48];
    (void)snprintf(client_id, sizeof client_id, "musterctl-%s", session->mark);
    struct broker_options broker_options = access_options(options->access, options->password);
    broker_options.client_id = client_id;
    broker_options.connect_timeout_s = (int)((options->timeout_ms + 999) / 1000);
    return broker_new(&broker_options, &session->broker, out_fault);
}

static enum err set_up(struct session *session, struct fault *out_fault)
{
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) {
        return fault_set(out_fault, ERR_IO, "the system has no random numbers");
    }
    (void)snprintf(session->mark, sizeof session->mark, "%016" PRIx64, random);
    int len = snprintf(session->reply_topic, sizeof session->reply_topic, "%s/reply/client/%s/%s",
                       session->options.access->topic_root, session->options.client, session->mark);
    if (len < 0 || (size_t)len >= sizeof session->reply_topic) {
        return fault_set(out_fault, ERR_INVALID, "the topic root is longer than %d bytes", TOPIC_MAX);
    }
    session->decoder = decoder_new(DOCUMENT_BYTES_MAX);
    if (session->decoder == NULL) {
        return fault_set(out_fault, ERR_NO_MEMORY, "no memory");
    }
    return make_broker(session, out_fault);
}

enum err session_new(const struct session_options *options, struct session **out_session, struct fault *out_fault)
{
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        return fault_set(out_fault, ERR_NO_MEMORY, "no memory");
    }
    session->options = *options;
    enum err err = set_up(session, out_fault);
    if (err != ERR_OK) {
        session_free(session);
        return err;
    }
    *out_session = session;
    return ERR_OK;
}

void session_free(struct session *session)
{
    if (session == NULL) {
        return;
    }
    if (session->connected) {
        broker_disconnect(session->broker, GOODBYE_MS);
    }
    broker_free(session->broker);
    decoder_free(session->decoder);
    json_decref(session->asked.reply);
    free(session);
}

void session_listen(struct session *session, const char *const *filters, size_t count,
                    const struct session_listener *listener)
{
    session->filters = filters;
    session->filter_count = count < SESSION_FILTERS_MAX ? count : SESSION_FILTERS_MAX;
    session->listener = *listener;
}

bool session_connected(const struct session *session)
{
    return session->ready;
}

const char *session_lost(const struct session *session)
{
    return session->lost.text;
}

int session_lost_code(const struct session *session)
{
    return session->lost_code;
}

static bool is_ended(const struct session *session)
{
    return session->options.signals != NULL && session->options.signals->ended;
}

/* ---- what arrives */

static void lose(struct session *session, enum err code, int reason_code, struct text reason)
{
    session->lost_code = reason_code;
    session->connected = false;
    session->ready = false;
    (void)fault_set(&session->lost, code, "%.*s", TEXT_ARG(reason));
}

static void subscribe(struct session *session)
{
    char filters[SESSION_FILTERS_MAX][TOPIC_MAX];
    struct broker_subscription subscriptions[SESSION_FILTERS_MAX + 1];
    size_t count = 0;
    subscriptions[count++] = (struct broker_subscription){.filter = session->reply_topic, .qos = 1};
    for (size_t i = 0; i < session->filter_count; i++) {
        (void)snprintf(filters[i], sizeof filters[i], "%s/%s", session->options.access->topic_root,
                       session->filters[i]);
        /* A whole fleet's retained statuses would crowd replies out of the inbox, so they come only where wanted. */
        subscriptions[count++] = (struct broker_subscription){
            .filter = filters[i], .qos = 1, .retained_too = session->listener.kept != NULL};
    }
    struct fault fault = {0};
    enum err err = broker_subscribe(session->broker, subscriptions, count, &fault);
    if (err != ERR_OK) {
        lose(session, err, 0, text_of(fault.text));
    }
}

/* JSON from the registry may nest deeper than what workers may send: a list holds workers that hold capabilities. */
static json_t *decode(struct session *session, struct text payload)
{
    if (encoding_of(payload) == ENCODING_JSON) {
        return json_loadb(payload.data, payload.len, JSON_REJECT_DUPLICATES, NULL);
    }
    struct violations violations;
    violations.count = 0;
    return decode_document(session->decoder, payload, &violations);
}

static void take_reply(struct session *session, const struct broker_message *message)
{
    struct asked *asked = &session->asked;
    if (asked->id != 0 && asked->reply == NULL && text_is(message->correlation, asked->correlation)) {
        asked->reply = decode(session, message->payload);
        if (asked->reply == NULL) {
            (void)fault_set(&asked->refusal, ERR_INVALID, "the reply cannot be understood");
        }
    }
}

static void take_message(struct session *session, const struct broker_message *message)
{
    size_t root_len = strlen(session->options.access->topic_root);
    if (text_is(message->topic, session->reply_topic)) {
        take_reply(session, message);
        return;
    }
    const struct session_listener *listener = &session->listener;
    if (listener->heard == NULL || message->topic.len <= root_len) {
        return;
    }
    struct text topic = {message->topic.data + root_len + 1, message->topic.len - root_len - 1};
    json_t *document = message->payload.len > 0 ? decode(session, message->payload) : NULL;
    if (message->retained && listener->kept != NULL) {
        listener->kept(listener->owner, topic, document);
    } else if (document != NULL || message->payload.len == 0) {
        listener->heard(listener->owner, topic, document);
    }
    json_decref(document);
}

static void take_refusal(struct session *session, const struct broker_event *event)
{
    if (event->id == 0) {
        lose(session, ERR_REFUSED, event->reason_code, event->reason);
    } else if (event->id == session->asked.id) {
        (void)fault_set(&session->asked.refusal, ERR_REFUSED, "the broker refused the request: %.*s",
                        TEXT_ARG(event->reason));
    }
}

static void take_event(struct session *session, const struct broker_event *event)
{
    switch (event->kind) {
    case BROKER_CONNECTED:
        session->connected = true;
        subscribe(session);
        break;
    case BROKER_DISCONNECTED:
        lose(session, ERR_CLOSED, event->reason_code, event->reason);
        break;
    case BROKER_SUBSCRIBED:
        session->ready = true;
        break;
    case BROKER_MESSAGE:
        take_message(session, &event->message);
        break;
    case BROKER_ACKED:
        break;
    case BROKER_REFUSED:
        take_refusal(session, event);
        break;
    }
}

static bool take_all(struct session *session)
{
    struct broker_event event;
    bool any = false;
    while (broker_next(session->broker, &event)) {
        take_event(session, &event);
        any = true;
    }
    return any;
}

void session_wait(struct session *session, int64_t until_ms)
{
    if (take_all(session)) {
        return;
    }
    int64_t rest_ms = until_ms - clock_monotonic_ms();
    struct signals *signals = session->options.signals;
    struct pollfd fds[] = {{.fd = broker_fd(session->broker), .events = POLLIN},
                           {.fd = signals != NULL ? signals->fd : -1, .events = POLLIN}};
    rest_ms = rest_ms < 0 ? 0 : rest_ms;
    (void)poll(fds, 2, rest_ms > 60000 ? 60000 : (int)rest_ms);
    if (signals != NULL && (fds[1].revents & POLLIN) != 0) {
        signals_read(signals);
    }
    (void)take_all(session);
}

/* ---- what is wanted */

enum err session_connect(struct session *session, struct fault *out_fault)
{
    const struct session_options *options = &session->options;
    if (session->connected) {
        broker_disconnect(session->broker, GOODBYE_MS);
    }
    session->connected = false;
    session->ready = false;
    session->lost = (struct fault){.code = ERR_OK};
    int64_t until_ms = clock_monotonic_ms() + options->timeout_ms;
    enum err err = broker_connect(session->broker, out_fault);
    if (err != ERR_OK) {
        return err;
    }
    while (!session->ready && session->lost.code == ERR_OK && !is_ended(session) && clock_monotonic_ms() < until_ms) {
        session_wait(session, until_ms);
    }
    if (session->ready) {
        return ERR_OK;
    }
    if (is_ended(session)) {
        return fault_set(out_fault, ERR_CLOSED, "interrupted");
    }
    if (session->lost.code != ERR_OK) {
        return fault_set(out_fault, session->lost.code, "no connection to %s: %s", options->access->uri,
                         session->lost.text);
    }
    return fault_set(out_fault, ERR_TIMEOUT, "no connection to %s within %" PRId64 " ms", options->access->uri,
                     options->timeout_ms);
}

static enum err publish(struct session *session, const char *verb, const json_t *request, struct fault *out_fault)
{
    const struct session_options *options = &session->options;
    struct asked *asked = &session->asked;
    char topic[TOPIC_MAX];
    (void)snprintf(topic, sizeof topic, "%s/request/%s/%s", options->access->topic_root, options->client, verb);
    struct buf payload = {0};
    enum err err = encode_document(request, ENCODING_JSON, &payload);
    if (err == ERR_OK) {
        struct broker_publication publication = {
            .topic = topic,
            .payload = buf_text(&payload),
            .qos = 1,
            .content_type = encoding_content_type(ENCODING_JSON),
            .expiry_s = (uint32_t)((options->timeout_ms + 999) / 1000),
            .response_topic = session->reply_topic,
            .correlation = text_of(asked->correlation),
            .id = asked->id,
        };
        err = broker_publish(session->broker, &publication);
    }
    buf_fini(&payload);
    return err == ERR_OK ? ERR_OK : fault_set(out_fault, err, "the request could not be sent: %s", err_name(err));
}

static enum err await_reply(struct session *session, const char *verb, json_t **out_reply, struct fault *out_fault)
{
    struct asked *asked = &session->asked;
    int64_t until_ms = clock_monotonic_ms() + session->options.timeout_ms;
    while (asked->reply == NULL && asked->refusal.code == ERR_OK && session->ready && !is_ended(session) &&
           clock_monotonic_ms() < until_ms) {
        session_wait(session, until_ms);
    }
    if (asked->reply != NULL) {
        *out_reply = asked->reply;
        asked->reply = NULL;
        return ERR_OK;
    }
    if (asked->refusal.code != ERR_OK) {
        return fault_set(out_fault, asked->refusal.code, "%s", asked->refusal.text);
    }
    if (is_ended(session)) {
        return fault_set(out_fault, ERR_CLOSED, "interrupted");
    }
    if (!session->ready) {
        return fault_set(out_fault, ERR_CLOSED, "the connection was lost before an answer to %s: %s", verb,
                         session->lost.text);
    }
    return fault_set(out_fault, ERR_TIMEOUT, "no answer to %s within %" PRId64 " ms; is musterd running?", verb,
                     session->options.timeout_ms);
}

enum err session_request(struct session *session, const char *verb, const json_t *request, json_t **out_reply,
                         struct fault *out_fault)
{
    struct asked *asked = &session->asked;
    enum err err = session->ready ? ERR_OK : session_connect(session, out_fault);
    if (err != ERR_OK) {
        return err;
    }
    *asked = (struct asked){.id = ++session->last_id};
    (void)snprintf(asked->correlation, sizeof asked->correlation, "%" PRIu64, asked->id);
    err = publish(session, verb, request, out_fault);
    if (err == ERR_OK) {
        err = await_reply(session, verb, out_reply, out_fault);
    }
    asked->id = 0;
    return err;
}

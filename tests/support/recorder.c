/* recorder.c -- a thread that empties a broker's inbox into a list, and those who wait for what gets there. */
#include "support/recorder.h"

#include "base/clock.h"
#include "support/match.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MS = 10000, FAREWELL_MS = 2000, FILTERS_MAX = 16, CORRELATION_BYTES = 32 };

/* The lock makes "one thread at a time" of the broker's "one thread"; the conditions are signalled at each change. */
struct recorder {
    struct broker *broker;
    pthread_t thread;
    bool has_thread;
    int stop_fd;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct record **records;
    size_t count;
    size_t cap;
    size_t mark;
    bool connected;
    bool session_present;
    unsigned disconnects; /* so far, and how many of them have been waited for */
    unsigned disconnects_seen;
    unsigned subscribed; /* answers to subscriptions so far */
    uint64_t last_id;
    uint64_t settled_id; /* the publication that was answered last */
    struct reason {
        int code; /* 0: accepted */
        char text[sizeof((struct fault *)0)->text];
    } answer, end; /* to what was sent last; of the last connection */
};

static char *copy_text(char **at, struct text text)
{
    char *copy = *at;
    if (text.data == NULL) {
        return NULL;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    *at += text.len + 1;
    return copy;
}

static struct record *new_record(const struct broker_message *message, size_t index)
{
    size_t bytes = message->topic.len + message->payload.len + message->response_topic.len + message->correlation.len;
    struct record *record = malloc(sizeof *record + bytes + 4);
    if (record == NULL) {
        abort();
    }
    char *at = (char *)(record + 1);
    *record = (struct record){.index = index,
                              .at_ms = clock_monotonic_ms(),
                              .wall_ms = clock_wall_ms(),
                              .payload_len = message->payload.len,
                              .payload_bytes = message->payload_bytes,
                              .qos = message->qos,
                              .retained = message->retained,
                              .correlation_len = message->correlation.len};
    record->topic = copy_text(&at, message->topic);
    record->payload = copy_text(&at, message->payload);
    record->response_topic = copy_text(&at, message->response_topic);
    record->correlation = copy_text(&at, message->correlation);
    return record;
}

static void keep(struct recorder *recorder, const struct broker_message *message)
{
    if (recorder->count == recorder->cap) {
        recorder->cap = recorder->cap == 0 ? 64 : recorder->cap * 2;
        struct record **more = realloc(recorder->records, recorder->cap * sizeof(struct record *));
        if (more == NULL) {
            abort();
        }
        recorder->records = more;
    }
    recorder->records[recorder->count] = new_record(message, recorder->count);
    recorder->count++;
}

static void note_reason(struct reason *reason, const struct broker_event *event)
{
    reason->code = event->reason_code;
    (void)snprintf(reason->text, sizeof reason->text, "%.*s", TEXT_ARG(event->reason));
}

static void take(struct recorder *recorder, const struct broker_event *event)
{
    switch (event->kind) {
    case BROKER_CONNECTED:
        recorder->connected = true;
        recorder->session_present = event->session_present;
        break;
    case BROKER_DISCONNECTED:
        recorder->connected = false;
        recorder->disconnects++;
        note_reason(&recorder->end, event);
        break;
    case BROKER_MESSAGE:
        keep(recorder, &event->message);
        break;
    case BROKER_SUBSCRIBED:
    case BROKER_ACKED:
    case BROKER_REFUSED:
        note_reason(&recorder->answer, event);
        if (event->id == 0) {
            recorder->subscribed++;
        } else {
            recorder->settled_id = event->id;
        }
        break;
    }
}

static void *receive(void *arg)
{
    struct recorder *recorder = arg;
    struct pollfd fds[] = {{.fd = broker_fd(recorder->broker), .events = POLLIN},
                           {.fd = recorder->stop_fd, .events = POLLIN}};
    while (fds[1].revents == 0) {
        (void)poll(fds, 2, -1);
        struct broker_event event;
        (void)pthread_mutex_lock(&recorder->lock);
        while (broker_next(recorder->broker, &event)) {
            take(recorder, &event);
        }
        (void)pthread_cond_broadcast(&recorder->changed);
        (void)pthread_mutex_unlock(&recorder->lock);
    }
    return NULL;
}

/* Waits, with the lock held, for a change; false when the time has come. */
static bool wait_for_change(struct recorder *recorder, int64_t deadline_ms)
{
    const struct timespec until = {.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000L};
    return pthread_cond_timedwait(&recorder->changed, &recorder->lock, &until) == 0;
}

static enum err start(struct recorder *recorder, const struct broker_options *options, struct fault *out_fault)
{
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&recorder->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    (void)pthread_mutex_init(&recorder->lock, NULL);
    recorder->stop_fd = eventfd(0, EFD_CLOEXEC);
    enum err err = broker_new(options, &recorder->broker, out_fault);
    if (err != ERR_OK) {
        return err;
    }
    if (recorder->stop_fd < 0 || pthread_create(&recorder->thread, NULL, receive, recorder) != 0) {
        return fault_set(out_fault, ERR_IO, "no thread for the recorder");
    }
    recorder->has_thread = true;
    return ERR_OK;
}

enum err recorder_new(const struct broker_options *options, const char *const filters[], struct recorder **out_recorder,
                      struct fault *out_fault)
{
    struct recorder *recorder = calloc(1, sizeof *recorder);
    if (recorder == NULL) {
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    enum err err = start(recorder, options, out_fault);
    if (err == ERR_OK) {
        err = recorder_connect(recorder, out_fault);
    }
    if (err == ERR_OK && filters != NULL) {
        err = recorder_subscribe(recorder, filters, out_fault);
    }
    if (err != ERR_OK) {
        recorder_free(recorder);
        return err;
    }
    *out_recorder = recorder;
    return ERR_OK;
}

enum err recorder_open(const char *uri, const char *client_id, const char *const filters[],
                       struct recorder **out_recorder, struct fault *out_fault)
{
    const struct broker_options options = {.uri = uri, .client_id = client_id};
    return recorder_new(&options, filters, out_recorder, out_fault);
}

void recorder_free(struct recorder *recorder)
{
    if (recorder == NULL) {
        return;
    }
    if (recorder->has_thread) {
        (void)eventfd_write(recorder->stop_fd, 1);
        (void)pthread_join(recorder->thread, NULL);
        broker_disconnect(recorder->broker, 0);
    }
    broker_free(recorder->broker);
    for (size_t i = 0; i < recorder->count; i++) {
        free(recorder->records[i]);
    }
    free(recorder->records);
    if (recorder->stop_fd >= 0) {
        (void)close(recorder->stop_fd);
    }
    (void)pthread_cond_destroy(&recorder->changed);
    (void)pthread_mutex_destroy(&recorder->lock);
    free(recorder);
}

enum err recorder_connect(struct recorder *recorder, struct fault *out_fault)
{
    int64_t deadline_ms = clock_monotonic_ms() + ANSWER_MS;
    (void)pthread_mutex_lock(&recorder->lock);
    unsigned disconnects = recorder->disconnects;
    enum err err = broker_connect(recorder->broker, out_fault);
    while (err == ERR_OK && !recorder->connected) {
        if (recorder->disconnects != disconnects) {
            recorder->disconnects_seen = recorder->disconnects;
            err = fault_set(out_fault, ERR_CLOSED, "%s (code %d)", recorder->end.text, recorder->end.code);
        } else if (!wait_for_change(recorder, deadline_ms)) {
            err = fault_set(out_fault, ERR_TIMEOUT, "no connection to the broker within %d ms", ANSWER_MS);
        }
    }
    (void)pthread_mutex_unlock(&recorder->lock);
    return err;
}

void recorder_disconnect(struct recorder *recorder)
{
    (void)pthread_mutex_lock(&recorder->lock);
    broker_disconnect(recorder->broker, FAREWELL_MS);
    recorder->connected = false;
    (void)pthread_mutex_unlock(&recorder->lock);
}

enum err recorder_subscribe(struct recorder *recorder, const char *const filters[], struct fault *out_fault)
{
    struct broker_subscription subscriptions[FILTERS_MAX];
    size_t count = 0;
    for (; filters[count] != NULL && count < FILTERS_MAX; count++) {
        subscriptions[count] = (struct broker_subscription){.filter = filters[count], .qos = 1, .retained_too = true};
    }
    int64_t deadline_ms = clock_monotonic_ms() + ANSWER_MS;
    (void)pthread_mutex_lock(&recorder->lock);
    unsigned answers = recorder->subscribed;
    enum err err = broker_subscribe(recorder->broker, subscriptions, count, out_fault);
    while (err == ERR_OK && recorder->subscribed == answers) {
        if (!recorder->connected) {
            err = fault_set(out_fault, ERR_CLOSED, "%s", recorder->end.text);
        } else if (!wait_for_change(recorder, deadline_ms)) {
            err = fault_set(out_fault, ERR_TIMEOUT, "no answer to a subscription within %d ms", ANSWER_MS);
        }
    }
    if (err == ERR_OK && recorder->answer.code != 0) {
        err = fault_set(out_fault, ERR_REFUSED, "%s (code %d)", recorder->answer.text, recorder->answer.code);
    }
    (void)pthread_mutex_unlock(&recorder->lock);
    return err;
}

bool recorder_wait_disconnected(struct recorder *recorder, int timeout_ms, int *out_reason_code)
{
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    (void)pthread_mutex_lock(&recorder->lock);
    while (recorder->disconnects == recorder->disconnects_seen && wait_for_change(recorder, deadline_ms)) {
    }
    bool lost = recorder->disconnects != recorder->disconnects_seen;
    if (lost) {
        recorder->disconnects_seen = recorder->disconnects;
        *out_reason_code = recorder->end.code;
    }
    (void)pthread_mutex_unlock(&recorder->lock);
    return lost;
}

bool recorder_is_connected(struct recorder *recorder)
{
    (void)pthread_mutex_lock(&recorder->lock);
    bool connected = recorder->connected;
    (void)pthread_mutex_unlock(&recorder->lock);
    return connected;
}

bool recorder_session_was_present(struct recorder *recorder)
{
    (void)pthread_mutex_lock(&recorder->lock);
    bool present = recorder->session_present;
    (void)pthread_mutex_unlock(&recorder->lock);
    return present;
}

enum err recorder_publish(struct recorder *recorder, const struct broker_publication *publication,
                          struct fault *out_fault)
{
    int64_t deadline_ms = clock_monotonic_ms() + ANSWER_MS;
    (void)pthread_mutex_lock(&recorder->lock);
    struct broker_publication numbered = *publication;
    numbered.id = publication->qos > 0 ? ++recorder->last_id : 0;
    enum err err = broker_publish(recorder->broker, &numbered);
    if (err != ERR_OK) {
        (void)fault_set(out_fault, err, "%s: cannot be published: %s", publication->topic, err_name(err));
    }
    while (err == ERR_OK && numbered.id != 0 && recorder->settled_id != numbered.id) {
        if (!wait_for_change(recorder, deadline_ms)) {
            err = fault_set(out_fault, ERR_TIMEOUT, "%s: not acknowledged within %d ms", publication->topic, ANSWER_MS);
        }
    }
    if (err == ERR_OK && numbered.id != 0 && recorder->answer.code != 0) {
        err = fault_set(out_fault, ERR_REFUSED, "%s: %s (code %d)", publication->topic, recorder->answer.text,
                        recorder->answer.code);
    }
    (void)pthread_mutex_unlock(&recorder->lock);
    return err;
}

enum err recorder_tell(struct recorder *recorder, const char *topic, const char *payload, struct fault *out_fault)
{
    const struct broker_publication publication = {.topic = topic, .payload = text_of(payload), .qos = 1};
    return recorder_publish(recorder, &publication, out_fault);
}

/* What a search asks of a message. */
struct wanted {
    const char *topic;
    const char *like;
    const char *fragment;
    struct text correlation;
};

static bool is_wanted(const struct record *record, void *context)
{
    const struct wanted *wanted = context;
    if (!match_topic(wanted->topic, record->topic)) {
        return false;
    }
    if (wanted->correlation.data != NULL &&
        !text_equal(wanted->correlation, (struct text){record->correlation, record->correlation_len})) {
        return false;
    }
    return (wanted->like == NULL || match_json(wanted->like, record->payload, record->payload_len)) &&
           (wanted->fragment == NULL || strstr(record->payload, wanted->fragment) != NULL);
}

const struct record *recorder_wait_where(struct recorder *recorder, record_predicate_fn *predicate, void *context,
                                         int timeout_ms)
{
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    const struct record *found = NULL;
    (void)pthread_mutex_lock(&recorder->lock);
    size_t next = recorder->mark;
    do {
        while (found == NULL && next < recorder->count) {
            const struct record *record = recorder->records[next++];
            found = predicate(record, context) ? record : NULL;
        }
    } while (found == NULL && wait_for_change(recorder, deadline_ms));
    (void)pthread_mutex_unlock(&recorder->lock);
    return found;
}

static const struct record *wait_for(struct recorder *recorder, struct wanted *wanted, int timeout_ms)
{
    const struct record *found = recorder_wait_where(recorder, is_wanted, wanted, timeout_ms);
    if (found == NULL) {
        (void)fprintf(stderr, "nothing on %s like %s within %d ms\n", wanted->topic,
                      wanted->like != NULL       ? wanted->like
                      : wanted->fragment != NULL ? wanted->fragment
                                                 : "anything",
                      timeout_ms);
        recorder_print(recorder);
    }
    return found;
}

const struct record *recorder_wait(struct recorder *recorder, const char *topic, const char *like, int timeout_ms)
{
    struct wanted wanted = {.topic = topic, .like = like};
    return wait_for(recorder, &wanted, timeout_ms);
}

const struct record *recorder_wait_text(struct recorder *recorder, const char *topic, const char *fragment,
                                        int timeout_ms)
{
    struct wanted wanted = {.topic = topic, .fragment = fragment};
    return wait_for(recorder, &wanted, timeout_ms);
}

const struct record *recorder_request(struct recorder *recorder, const struct broker_publication *publication,
                                      int timeout_ms, struct fault *out_fault)
{
    char correlation[CORRELATION_BYTES];
    (void)pthread_mutex_lock(&recorder->lock);
    (void)snprintf(correlation, sizeof correlation, "request-%" PRIu64, recorder->last_id + 1);
    (void)pthread_mutex_unlock(&recorder->lock);
    struct broker_publication request = *publication;
    request.correlation = text_of(correlation);
    if (recorder_publish(recorder, &request, out_fault) != ERR_OK) {
        return NULL;
    }
    struct wanted wanted = {.topic = publication->response_topic, .correlation = request.correlation};
    const struct record *reply = recorder_wait_where(recorder, is_wanted, &wanted, timeout_ms);
    if (reply == NULL) {
        (void)fault_set(out_fault, ERR_TIMEOUT, "%s: no reply on %s within %d ms", publication->topic,
                        publication->response_topic, timeout_ms);
    }
    return reply;
}

const struct record *recorder_find(struct recorder *recorder, const char *topic, const char *like)
{
    struct wanted wanted = {.topic = topic, .like = like};
    return recorder_wait_where(recorder, is_wanted, &wanted, 0);
}

const struct record *recorder_last(struct recorder *recorder, const char *topic, const char *like)
{
    struct wanted wanted = {.topic = topic, .like = like};
    const struct record *found = NULL;
    (void)pthread_mutex_lock(&recorder->lock);
    for (size_t i = recorder->count; found == NULL && i > recorder->mark; i--) {
        found = is_wanted(recorder->records[i - 1], &wanted) ? recorder->records[i - 1] : NULL;
    }
    (void)pthread_mutex_unlock(&recorder->lock);
    return found;
}

size_t recorder_count(struct recorder *recorder, const char *topic, const char *like)
{
    struct wanted wanted = {.topic = topic, .like = like};
    size_t count = 0;
    (void)pthread_mutex_lock(&recorder->lock);
    for (size_t i = recorder->mark; i < recorder->count; i++) {
        count += is_wanted(recorder->records[i], &wanted) ? 1 : 0;
    }
    (void)pthread_mutex_unlock(&recorder->lock);
    return count;
}

bool recorder_stays_silent(struct recorder *recorder, const char *topic, const char *like, int duration_ms)
{
    struct wanted wanted = {.topic = topic, .like = like};
    return recorder_wait_where(recorder, is_wanted, &wanted, duration_ms) == NULL;
}

void recorder_mark(struct recorder *recorder)
{
    (void)pthread_mutex_lock(&recorder->lock);
    recorder->mark = recorder->count;
    (void)pthread_mutex_unlock(&recorder->lock);
}

const struct record *recorder_all(struct recorder *recorder, size_t index)
{
    (void)pthread_mutex_lock(&recorder->lock);
    const struct record *record = index < recorder->count ? recorder->records[index] : NULL;
    (void)pthread_mutex_unlock(&recorder->lock);
    return record;
}

void recorder_print(struct recorder *recorder)
{
    (void)pthread_mutex_lock(&recorder->lock);
    for (size_t i = recorder->mark; i < recorder->count; i++) {
        const struct record *record = recorder->records[i];
        (void)fprintf(stderr, "%" PRId64 " %s%s %.*s\n", record->at_ms, record->topic,
                      record->retained ? " (retained)" : "", (int)record->payload_len, record->payload);
    }
    (void)pthread_mutex_unlock(&recorder->lock);
}

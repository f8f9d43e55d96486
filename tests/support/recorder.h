/* recorder.h -- an MQTT 5 client of a test: keeps all that it receives, with the time, and waits for what must come. */
#ifndef MUSTER_TESTS_SUPPORT_RECORDER_H
#define MUSTER_TESTS_SUPPORT_RECORDER_H

#include "broker/broker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recorder;

/* One message received; it lives until recorder_free. All texts are terminated as well. */
struct record {
    size_t index;    /* counted from 0, in the order of arrival */
    int64_t at_ms;   /* clock_monotonic_ms at arrival */
    int64_t wall_ms; /* clock_wall_ms at arrival */
    const char *topic;
    const char *payload;
    size_t payload_len;
    size_t payload_bytes; /* as sent; more than payload_len where the inbox cut it off */
    int qos;
    bool retained;
    const char *response_topic; /* NULL: none */
    const char *correlation;    /* NULL: none */
    size_t correlation_len;
};

/*
 * recorder_new connects and returns when it is connected and subscribed to the filters (NULL at the end, or NULL for
 * none; QoS 1, with what is retained there), 10 seconds at most. options as for broker_new. A thread of its own
 * receives, so times are those of arrival. All functions may be called from any one thread.
 */
enum err recorder_new(const struct broker_options *options, const char *const filters[], struct recorder **out_recorder,
                      struct fault *out_fault) MUST_USE;

/* recorder_open is recorder_new for a broker's uri and a client id, with a clean session. */
enum err recorder_open(const char *uri, const char *client_id, const char *const filters[],
                       struct recorder **out_recorder, struct fault *out_fault) MUST_USE;
void recorder_free(struct recorder *recorder);

/* recorder_connect connects a disconnected one (again) and waits; recorder_disconnect ends in good order. */
enum err recorder_connect(struct recorder *recorder, struct fault *out_fault) MUST_USE;
void recorder_disconnect(struct recorder *recorder);

/* recorder_subscribe subscribes (QoS 1) and waits; ERR_REFUSED with the broker's reason. */
enum err recorder_subscribe(struct recorder *recorder, const char *const filters[], struct fault *out_fault) MUST_USE;

/* recorder_wait_disconnected waits for the loss of the connection and tells its reason code. */
bool recorder_wait_disconnected(struct recorder *recorder, int timeout_ms, int *out_reason_code);
bool recorder_is_connected(struct recorder *recorder);
bool recorder_session_was_present(struct recorder *recorder);

/* recorder_publish publishes and, with QoS 1, waits for the acknowledgement; publication->id is chosen by the recorder.
 */
enum err recorder_publish(struct recorder *recorder, const struct broker_publication *publication,
                          struct fault *out_fault) MUST_USE;

/* recorder_tell publishes a text with QoS 1, not retained, without properties. */
enum err recorder_tell(struct recorder *recorder, const char *topic, const char *payload,
                       struct fault *out_fault) MUST_USE;

/*
 * recorder_request publishes with correlation data of its own and waits for the message with the same: the reply. The
 * recorder must be subscribed to publication->response_topic. NULL when none came, with the reason in out_fault.
 */
const struct record *recorder_request(struct recorder *recorder, const struct broker_publication *publication,
                                      int timeout_ms, struct fault *out_fault);

/*
 * What is looked for: topic is a filter (+ and # as in MQTT). like is NULL for anything, "" for an empty payload, else
 * a JSON object of which every member must be in the payload with the same value, objects within it likewise (so
 * {"to":{"health":"FAILED"}} is found in an event). Only messages that came since the last recorder_mark count.
 */
const struct record *recorder_find(struct recorder *recorder, const char *topic, const char *like); /* the oldest */
const struct record *recorder_last(struct recorder *recorder, const char *topic, const char *like); /* the newest */
size_t recorder_count(struct recorder *recorder, const char *topic, const char *like);

/* recorder_wait returns the oldest such message as soon as there is one; NULL after timeout_ms, told on standard error.
 */
const struct record *recorder_wait(struct recorder *recorder, const char *topic, const char *like, int timeout_ms);

/* recorder_wait_text looks for a fragment of the payload instead. */
const struct record *recorder_wait_text(struct recorder *recorder, const char *topic, const char *fragment,
                                        int timeout_ms);

/* recorder_wait_where looks for what the predicate says; it is asked once for each message since the mark. */
typedef bool record_predicate_fn(const struct record *record, void *context);
const struct record *recorder_wait_where(struct recorder *recorder, record_predicate_fn *predicate, void *context,
                                         int timeout_ms);

/* recorder_stays_silent returns true when no such message is there, nor comes within duration_ms. */
bool recorder_stays_silent(struct recorder *recorder, const char *topic, const char *like, int duration_ms);

/* recorder_mark sets what came before now aside. recorder_all returns a message by its index, marked or not; or NULL.
 */
void recorder_mark(struct recorder *recorder);
const struct record *recorder_all(struct recorder *recorder, size_t index);

/* recorder_print writes all messages since the mark to standard error, for a test that fails. */
void recorder_print(struct recorder *recorder);

#endif

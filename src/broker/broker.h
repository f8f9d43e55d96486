/*
 * broker.h -- one MQTT 5 connection, its messages handed over through a bounded inbox. Knows nothing of workers.
 *
 * The owner calls everything from one thread (the loop). The MQTT library's threads only copy into the inbox and make
 * broker_fd readable. Reconnecting is the owner's: it alone knows whether it may.
 */
#ifndef MUSTER_BROKER_BROKER_H
#define MUSTER_BROKER_BROKER_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct broker;

/* Strings are copied by broker_new. NULL or 0 where not wanted. */
struct broker_options {
    const char *uri; /* tcp://host:port mqtt://… ssl://… mqtts://… ws://… wss://… */
    const char *client_id;
    const char *username;
    const char *password;
    const char *ca_file; /* PEM; NULL: the system's, where the uri asks for TLS */
    const char *certificate_file;
    const char *key_file;
    bool persistent_session; /* the broker keeps the session for session_expiry_s; else it starts clean */
    uint32_t session_expiry_s;
    uint16_t keep_alive_s;    /* 0: 20 */
    uint16_t receive_maximum; /* unacknowledged messages the broker may send at once; 0: the protocol's 65535 */
    int connect_timeout_s;    /* 0: 5 */
    const char *will_topic;   /* NULL: no will; QoS 1, retained as will_retained says */
    struct text will_payload;
    const char *will_content_type;
    uint32_t will_expiry_s; /* 0: never */
    bool will_retained;
    size_t inbox_messages_max; /* 0: 10000 */
    size_t inbox_bytes_max;    /* 0: 64 MiB */
    size_t message_bytes_max;  /* longer payloads are cut off in the inbox, with their true length told; 0: no limit */
};

/* broker_new checks the uri and makes the client; nothing is sent yet. broker_free(NULL) is safe and waits for
 * the library's threads to be done with this client. */
enum err broker_new(const struct broker_options *options, struct broker **out_broker, struct fault *out_fault) MUST_USE;
void broker_free(struct broker *broker);

/*
 * broker_connect starts one attempt; BROKER_CONNECTED or BROKER_DISCONNECTED follows. ERR_INVALID while an earlier one,
 * or its connection, has not ended by BROKER_DISCONNECTED or broker_disconnect. connect_timeout_s is seen up to three
 * seconds late.
 */
enum err broker_connect(struct broker *broker, struct fault *out_fault) MUST_USE;

/*
 * broker_disconnect waits up to timeout_ms until all that was published is written and acknowledged, then ends the
 * connection in good order (no will is sent). No event follows but BROKER_MESSAGE, of what had been received.
 */
void broker_disconnect(struct broker *broker, int timeout_ms);

struct broker_subscription {
    const char *filter;
    int qos;
    bool retained_too; /* what is retained now comes as well (Retain Handling 0); else only what is published from now
                          on */
};

/* Retain As Published. BROKER_SUBSCRIBED follows, or BROKER_REFUSED. */
enum err broker_subscribe(struct broker *broker, const struct broker_subscription *subscriptions, size_t count,
                          struct fault *out_fault) MUST_USE;

/* broker_unsubscribe asks for no more of the filter; nothing is told of the answer. */
void broker_unsubscribe(struct broker *broker, const char *filter);

struct broker_publication {
    const char *topic;
    struct text payload;
    int qos;
    bool retained;
    bool ahead;                 /* somebody waits for it: it overtakes those that wait to be sent and are not */
    const char *content_type;   /* NULL: none */
    uint32_t expiry_s;          /* 0: never */
    const char *response_topic; /* NULL: none */
    struct text correlation;    /* data NULL: none */
    uint64_t id;                /* not 0, QoS 1: BROKER_ACKED or BROKER_REFUSED with this id follows */
};

/*
 * broker_publish copies and queues; ERR_CLOSED when not connected, ERR_FULL when too many are unacknowledged. What the
 * library does not take (a topic that is not UTF-8) is BROKER_REFUSED.
 */
enum err broker_publish(struct broker *broker, const struct broker_publication *publication) MUST_USE;

enum broker_event_kind {
    BROKER_CONNECTED,
    BROKER_DISCONNECTED, /* an attempt failed, or the connection ended; reason and reason_code say why */
    BROKER_SUBSCRIBED,
    BROKER_MESSAGE,
    BROKER_ACKED,   /* the broker has publication id */
    BROKER_REFUSED, /* publication id, or the subscription (id 0), was refused; also, before BROKER_DISCONNECTED, of
                       each publication that was open then: it is not sent again, and may or may not have arrived */
};

struct broker_message {
    struct text topic;
    struct text payload;
    size_t payload_bytes; /* as sent; more than payload.len where it was cut off */
    int qos;
    bool retained;
    struct text response_topic; /* data NULL: none */
    struct text correlation;    /* data NULL: none */
};

struct broker_event {
    enum broker_event_kind kind;
    struct broker_message message; /* of BROKER_MESSAGE */
    uint64_t id;                   /* of BROKER_ACKED, BROKER_REFUSED */
    int reason_code;               /* MQTT 5 reason code, or the library's error */
    bool session_present;          /* of BROKER_CONNECTED */
    struct text reason;            /* a sentence; of BROKER_DISCONNECTED, BROKER_REFUSED */
};

/* broker_fd is readable while the inbox holds something; the owner does not read it. */
int broker_fd(const struct broker *broker);

/* broker_next takes the oldest occurrence; false when there is none. Its texts live until the next call. */
bool broker_next(struct broker *broker, struct broker_event *out_event);

/*
 * Messages received, and dropped because the inbox was full (each drop is also an interruption of hearing); what was
 * published or subscribed to and has not been acknowledged, of which broker_publish takes 16384.
 */
struct broker_counters {
    uint64_t received;
    uint64_t dropped;
    size_t inbox_messages;
    size_t inbox_bytes;
    size_t unacknowledged;
};
void broker_read_counters(const struct broker *broker, struct broker_counters *out_counters);

#endif

/*
 * session.h -- one operator's connection to the registry through the broker: requests and their replies, and what the
 * registry tells the world meanwhile. Knows no verb. One thread.
 */
#ifndef MUSTER_CTL_SESSION_H
#define MUSTER_CTL_SESSION_H

#include "base/err.h"
#include "base/text.h"
#include "broker/access.h"
#include "ctl/signals.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;

/* Strings are the caller's and outlive the session; NULL where not wanted. */
struct session_options {
    const struct access *access;
    const char *client; /* the id in the request topic; the broker's ACL ties it to the user name */
    const char *password;
    int64_t timeout_ms;      /* for a connection, and for each reply */
    struct signals *signals; /* ended: nothing is waited for any more; NULL: not looked at */
};

/* Who hears what is published on the filters of session_listen; topics are below the root ("status/w1"). */
struct session_listener {
    void *owner;
    /* document is NULL where the payload is empty; who wants to keep it takes a reference. */
    void (*heard)(void *owner, struct text topic, json_t *document);
    /* Where it is not NULL, what is retained comes too, to this one; document is NULL where it cannot be decoded. */
    void (*kept)(void *owner, struct text topic, json_t *document);
};

/* session_new checks the uri; nothing is connected yet. session_free(NULL) is safe, and says goodbye. */
enum err session_new(const struct session_options *options, struct session **out_session,
                     struct fault *out_fault) MUST_USE;
void session_free(struct session *session);

enum { SESSION_FILTERS_MAX = 2 };

/* session_listen says what session_connect subscribes to: filters below the root, which outlive the session. */
void session_listen(struct session *session, const char *const *filters, size_t count,
                    const struct session_listener *listener);

/*
 * session_connect connects and subscribes, also again after the connection was lost. ERR_TIMEOUT; ERR_REFUSED by the
 * broker; ERR_CLOSED when there was no connection, or signals->ended.
 */
enum err session_connect(struct session *session, struct fault *out_fault) MUST_USE;
bool session_connected(const struct session *session);

/* session_lost returns why the connection was lost, as a sentence. */
const char *session_lost(const struct session *session);

/* session_lost_code returns the MQTT reason code of that, or the library's error. */
int session_lost_code(const struct session *session);

/*
 * session_request asks, connecting first where needed, and waits for the reply, which the caller owns. What is heard
 * meanwhile goes to the listener. ERR_TIMEOUT: no answer; ERR_REFUSED: the broker did not pass it on; ERR_CLOSED.
 */
enum err session_request(struct session *session, const char *verb, const json_t *request, json_t **out_reply,
                         struct fault *out_fault) MUST_USE;

/* session_wait returns when something came, or at until_ms of the monotonic clock. Connected or not. */
void session_wait(struct session *session, int64_t until_ms);

#endif

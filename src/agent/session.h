/*
 * session.h -- one boot of a worker as a state machine: what is to be done next, and when. Pure; no clock, no I/O.
 *
 * The owner tells it what happened (session_connected, …), asks session_next what to do until there is nothing, and
 * waits as long as it says. All times are monotonic milliseconds.
 */
#ifndef MUSTER_AGENT_SESSION_H
#define MUSTER_AGENT_SESSION_H

#include "base/backoff.h"
#include "domain/code.h"
#include "domain/worker.h"
#include "muster/agent.h"

enum session_link {
    SESSION_OFFLINE,     /* → CONNECTING when retry_at_ms has come */
    SESSION_CONNECTING,  /* → SUBSCRIBING, OFFLINE */
    SESSION_SUBSCRIBING, /* → ONLINE, OFFLINE */
    SESSION_ONLINE,      /* → OFFLINE */
};

struct session {
    enum session_link link;
    int64_t link_deadline_ms; /* of CONNECTING and SUBSCRIBING */
    int64_t retry_at_ms;
    struct backoff connect_backoff;
    int64_t connection; /* of this boot: grows with each attempt */

    bool asked;      /* a registration has been sent: the registry may know this boot */
    bool registered; /* answered, and not unknown since */
    int64_t register_at_ms;
    int64_t register_not_before_ms; /* the registry's own limit */
    struct backoff register_backoff;

    int64_t epoch;
    int64_t interval_ms;
    int64_t timeout_ms; /* 0: not known yet */
    int64_t heartbeat_at_ms;
    int64_t heartbeat_sent_ms;
    int64_t seq;
    bool fresh; /* on this connection there has been no heartbeat yet */
    struct backoff spread;
    bool ask; /* heartbeats want an answer, until one has come */
    int64_t ask_again_at_ms;
    struct backoff ask_again;
    int64_t ask_not_before_ms;

    bool draining;
    bool drain_told;
    bool leaving;
    enum muster_stop how;
    int64_t leave_deadline_ms;
    int64_t goodbye_at_ms;
    struct backoff goodbye_backoff;

    bool ended;
    enum muster_result result;
};

/* session_init begins a boot that is to connect at once; the seed makes its jitter its own. */
void session_init(struct session *session, uint64_t seed, int64_t now_ms);

enum session_action {
    SESSION_NOTHING,    /* wait for wait_ms, or until something happens */
    SESSION_CONNECT,    /* with session->connection in the will */
    SESSION_DISCONNECT, /* give the attempt up: it takes too long; then session_lost */
    SESSION_REGISTER,
    SESSION_HEARTBEAT, /* with session->seq */
    SESSION_DEREGISTER,
    SESSION_END, /* session->result says why; the last action */
};
struct session_step {
    enum session_action action;
    int64_t wait_ms;
    bool asks;  /* of HEARTBEAT: wants an answer */
    bool drain; /* of DEREGISTER */
    bool force;
};
struct session_step session_next(struct session *session, int64_t now_ms);

/* What happened to the connection. session_lost: it failed, ended, or was given up. */
void session_connected(struct session *session, int64_t now_ms);
void session_subscribed(struct session *session, int64_t now_ms);
void session_lost(struct session *session, int64_t now_ms);

/* What a reply answers. UNASKED ones may be meant for another process with the same id. */
enum session_question { SESSION_UNASKED, SESSION_REGISTRATION, SESSION_BEAT, SESSION_GOODBYE };
struct session_reply {
    enum session_question question;
    enum reply_code code;
    struct opt_int epoch;
    struct opt_int heartbeat_interval_ms;
    struct opt_int heartbeat_timeout_ms;
    struct opt_int retry_after_ms;
};

/* session_take_reply returns true where the epoch has advanced: jobs told as revoked are to be given up. */
bool session_take_reply(struct session *session, const struct session_reply *reply, int64_t now_ms);

/* What the owner, or a command, wants. */
void session_reregister(struct session *session, int64_t now_ms);
void session_drain(struct session *session, int64_t now_ms);
void session_beat(struct session *session, bool ask, int64_t now_ms);
void session_leave(struct session *session, enum muster_stop how, int64_t timeout_ms, int64_t now_ms);

/* session_state tells where it stands. */
enum muster_state session_state(const struct session *session);

#endif

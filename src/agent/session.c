/* session.c -- the transitions of one boot, and its times. */
#include "agent/session.h"

enum {
    CONNECT_FIRST_MS = 250,
    CONNECT_MAX_MS = 30000,
    CONNECT_UNKNOWN_MAX_MS = 5000, /* while the heartbeat timeout is not known */
    CONNECT_SHARE = 4,             /* of the heartbeat timeout: back well before the silence counts */
    CONNECT_MIN_MS = 20,
    LINK_MS = 10000,
    REGISTER_FIRST_MS = 2000,
    REGISTER_MAX_MS = 30000,
    GOODBYE_FIRST_MS = 1000,
    GOODBYE_MAX_MS = 8000,
    HEARTBEAT_DEFAULT_MS = 10000,
    HEARTBEAT_GAP_MS = 20, /* between two, however often they are asked for */
    ASK_GAP_MS = 1000,
    ASK_AGAIN_MS = 300000, /* at the latest: the registry may have other wishes by then */
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void session_init(struct session *session, uint64_t seed, int64_t now_ms)
{
    *session = (struct session){
        .retry_at_ms = now_ms,
        .register_at_ms = now_ms,
        .register_not_before_ms = now_ms,
        .interval_ms = HEARTBEAT_DEFAULT_MS,
        .heartbeat_sent_ms = now_ms - HEARTBEAT_GAP_MS,
        .ask_not_before_ms = now_ms,
    };
    backoff_init(&session->connect_backoff, CONNECT_FIRST_MS, CONNECT_UNKNOWN_MAX_MS, seed);
    backoff_init(&session->register_backoff, REGISTER_FIRST_MS, REGISTER_MAX_MS, seed + 1);
    backoff_init(&session->goodbye_backoff, GOODBYE_FIRST_MS, GOODBYE_MAX_MS, seed + 2);
    backoff_init(&session->ask_again, ASK_AGAIN_MS, ASK_AGAIN_MS, seed + 3);
    backoff_init(&session->spread, HEARTBEAT_DEFAULT_MS, HEARTBEAT_DEFAULT_MS, seed + 4);
}

static void end(struct session *session, enum muster_result result)
{
    session->ended = true;
    session->result = result;
}

/* ---------------------------------------------------------------------------------------- what to do next */

static struct session_step wait_until(int64_t at_ms, int64_t now_ms)
{
    return (struct session_step){.action = SESSION_NOTHING, .wait_ms = most(at_ms - now_ms, 0)};
}

static struct session_step say_goodbye(struct session *session, int64_t now_ms)
{
    session->goodbye_at_ms = now_ms + backoff_next_ms(&session->goodbye_backoff);
    return (struct session_step){.action = SESSION_DEREGISTER,
                                 .drain = !session->leaving,
                                 .force = session->leaving && session->how == MUSTER_STOP_FORCE};
}

static struct session_step say_register(struct session *session, int64_t now_ms)
{
    session->asked = true;
    session->register_at_ms = now_ms + backoff_next_ms(&session->register_backoff);
    return (struct session_step){.action = SESSION_REGISTER};
}

/* The second one comes at a time of its own, so that a fleet that came at once does not stay in step. */
static int64_t next_interval_ms(struct session *session)
{
    if (!session->fresh) {
        return session->interval_ms;
    }
    session->fresh = false;
    session->spread.first_ms = session->interval_ms;
    session->spread.max_ms = session->interval_ms;
    return backoff_next_ms(&session->spread);
}

static struct session_step say_alive(struct session *session, int64_t now_ms)
{
    bool wants_answer = session->ask || now_ms >= session->ask_again_at_ms;
    struct session_step step = {.action = SESSION_HEARTBEAT,
                                .asks = wants_answer && now_ms >= session->ask_not_before_ms};
    if (step.asks) {
        session->ask_not_before_ms = now_ms + ASK_GAP_MS;
    }
    session->seq++;
    session->heartbeat_sent_ms = now_ms;
    session->heartbeat_at_ms += next_interval_ms(session);
    if (session->heartbeat_at_ms <= now_ms) {
        session->heartbeat_at_ms = now_ms + session->interval_ms;
    }
    return step;
}

static struct session_step next_online(struct session *session, int64_t now_ms)
{
    bool has_goodbye = session->leaving || (session->registered && session->draining && !session->drain_told);
    if (has_goodbye && now_ms >= session->goodbye_at_ms) {
        return say_goodbye(session, now_ms);
    }
    if (session->leaving) {
        return wait_until(session->goodbye_at_ms, now_ms);
    }
    if (!session->registered) {
        int64_t due_ms = most(session->register_at_ms, session->register_not_before_ms);
        return now_ms >= due_ms ? say_register(session, now_ms) : wait_until(due_ms, now_ms);
    }
    int64_t due_ms = most(session->heartbeat_at_ms, session->heartbeat_sent_ms + HEARTBEAT_GAP_MS);
    if (now_ms >= due_ms) {
        return say_alive(session, now_ms);
    }
    return wait_until(has_goodbye ? least(due_ms, session->goodbye_at_ms) : due_ms, now_ms);
}

static struct session_step next_of_link(struct session *session, int64_t now_ms)
{
    switch (session->link) {
    case SESSION_OFFLINE:
        if (now_ms >= session->retry_at_ms) {
            session->link = SESSION_CONNECTING;
            session->link_deadline_ms = now_ms + LINK_MS;
            session->connection++;
            return (struct session_step){.action = SESSION_CONNECT};
        }
        return wait_until(session->retry_at_ms, now_ms);
    case SESSION_CONNECTING:
    case SESSION_SUBSCRIBING:
        if (now_ms >= session->link_deadline_ms) {
            return (struct session_step){.action = SESSION_DISCONNECT};
        }
        return wait_until(session->link_deadline_ms, now_ms);
    case SESSION_ONLINE:
        break;
    }
    return next_online(session, now_ms);
}

struct session_step session_next(struct session *session, int64_t now_ms)
{
    if (session->leaving && !session->ended) {
        if (!session->asked || session->how == MUSTER_STOP_LEAVE) {
            end(session, MUSTER_OK);
        } else if (now_ms >= session->leave_deadline_ms) {
            end(session, MUSTER_TIMEOUT);
        }
    }
    if (session->ended) {
        return (struct session_step){.action = SESSION_END};
    }
    struct session_step step = next_of_link(session, now_ms);
    if (step.action == SESSION_NOTHING && session->leaving) {
        step.wait_ms = least(step.wait_ms, session->leave_deadline_ms - now_ms);
    }
    return step;
}

/* ---------------------------------------------------------------------------------------- the connection */

void session_connected(struct session *session, int64_t now_ms)
{
    if (session->link == SESSION_CONNECTING) {
        session->link = SESSION_SUBSCRIBING;
        session->link_deadline_ms = now_ms + LINK_MS;
    }
}

void session_subscribed(struct session *session, int64_t now_ms)
{
    if (session->link != SESSION_SUBSCRIBING) {
        return;
    }
    session->link = SESSION_ONLINE;
    session->goodbye_at_ms = now_ms;
    session->register_at_ms = now_ms;
    /* The registry learns the connection's number at once, so that the will of the one before is nothing. */
    session->heartbeat_at_ms = now_ms;
    session->fresh = true;
    session->ask = true;
}

void session_lost(struct session *session, int64_t now_ms)
{
    session->link = SESSION_OFFLINE;
    session->retry_at_ms = now_ms + backoff_next_ms(&session->connect_backoff);
}

/* ---------------------------------------------------------------------------------------- replies */

static void take_timing(struct session *session, const struct session_reply *reply, int64_t now_ms)
{
    if (reply->heartbeat_interval_ms.set && reply->heartbeat_interval_ms.value > 0) {
        session->interval_ms = reply->heartbeat_interval_ms.value;
        session->heartbeat_at_ms = least(session->heartbeat_at_ms, now_ms + session->interval_ms);
    }
    if (reply->heartbeat_timeout_ms.set && reply->heartbeat_timeout_ms.value > 0) {
        session->timeout_ms = reply->heartbeat_timeout_ms.value;
        int64_t max_ms = most(least(session->timeout_ms / CONNECT_SHARE, CONNECT_MAX_MS), CONNECT_MIN_MS);
        session->connect_backoff.max_ms = max_ms;
        session->connect_backoff.first_ms = least(CONNECT_FIRST_MS, max_ms);
    }
}

/* A heartbeat of an older epoch was no sign of life: the next one is due at once. */
static bool take_epoch(struct session *session, const struct session_reply *reply, int64_t now_ms)
{
    if (!reply->epoch.set || reply->epoch.value <= session->epoch) {
        return false;
    }
    session->epoch = reply->epoch.value;
    session->heartbeat_at_ms = now_ms;
    return true;
}

static bool take_success(struct session *session, const struct session_reply *reply, int64_t now_ms)
{
    take_timing(session, reply, now_ms);
    switch (reply->question) {
    case SESSION_REGISTRATION:
        session->registered = true;
        session->heartbeat_at_ms = now_ms;
        backoff_reset(&session->register_backoff);
        break;
    case SESSION_GOODBYE:
        if (session->leaving) {
            end(session, MUSTER_OK);
        } else {
            session->drain_told = true;
            session_beat(session, true, now_ms);
        }
        break;
    case SESSION_UNASKED:
    case SESSION_BEAT:
        break;
    }
    return take_epoch(session, reply, now_ms);
}

static void be_unknown(struct session *session, int64_t now_ms)
{
    session->registered = false;
    session->drain_told = false;
    session->register_at_ms = now_ms;
}

/* Refused for now, or for good where asking again would bring the same. */
static void take_refused_registration(struct session *session, const struct session_reply *reply, int64_t now_ms)
{
    switch (reply->code) {
    case CODE_RATE_LIMITED:
        if (reply->retry_after_ms.set && reply->retry_after_ms.value > 0) {
            int64_t wait_ms = least(reply->retry_after_ms.value, INT64_C(86400000));
            /* Beyond the limit by a little that differs, or a fleet that was refused together comes back together. */
            int64_t jitter_ms = (int64_t)(session->register_backoff.random % (uint64_t)(wait_ms / 10 + 1));
            session->register_not_before_ms = now_ms + wait_ms + jitter_ms;
        }
        break;
    case CODE_UNAVAILABLE:
    case CODE_REGISTRY_FULL:
    case CODE_UNKNOWN_WORKER:
        break;
    case CODE_SUPERSEDED:
        end(session, MUSTER_SUPERSEDED);
        break;
    case CODE_DEREGISTERED:
        end(session, MUSTER_DEREGISTERED);
        break;
    default:
        end(session, MUSTER_REFUSED);
        break;
    }
}

static void take_refused_beat(struct session *session, enum reply_code code, int64_t now_ms)
{
    switch (code) {
    case CODE_UNKNOWN_WORKER:
        be_unknown(session, now_ms);
        break;
    case CODE_SUPERSEDED:
        end(session, MUSTER_SUPERSEDED);
        break;
    case CODE_DEREGISTERED:
        end(session, session->draining ? MUSTER_OK : MUSTER_DEREGISTERED);
        break;
    default:
        break;
    }
}

static void take_refused_goodbye(struct session *session, enum reply_code code, int64_t now_ms)
{
    bool retries = code == CODE_RATE_LIMITED || code == CODE_UNAVAILABLE;
    bool is_gone = code == CODE_UNKNOWN_WORKER || code == CODE_DEREGISTERED || code == CODE_SUPERSEDED;
    if (!session->leaving) {
        /* Whoever drains is not to stop for a goodbye that failed; where it matters, the heartbeat's answer says so. */
        if (!retries) {
            session_beat(session, true, now_ms);
        }
    } else if (!retries) {
        end(session, is_gone ? MUSTER_OK : code == CODE_ACTIVE_JOBS ? MUSTER_ACTIVE_JOBS : MUSTER_REFUSED);
    }
}

bool session_take_reply(struct session *session, const struct session_reply *reply, int64_t now_ms)
{
    if (session->ended) {
        return false;
    }
    if (reply->question != SESSION_UNASKED) {
        backoff_reset(&session->connect_backoff);
    }
    if (reply->question == SESSION_BEAT) {
        session->ask = false;
        session->ask_again_at_ms = now_ms + backoff_next_ms(&session->ask_again);
    }
    if (reply->code == CODE_OK) {
        return take_success(session, reply, now_ms);
    }
    switch (reply->question) {
    case SESSION_UNASKED:
        /* It may be the answer to another process with this id, which would be the one to stop: so ask. */
        session_beat(session, true, now_ms);
        break;
    case SESSION_REGISTRATION:
        take_refused_registration(session, reply, now_ms);
        break;
    case SESSION_BEAT:
        take_refused_beat(session, reply->code, now_ms);
        break;
    case SESSION_GOODBYE:
        take_refused_goodbye(session, reply->code, now_ms);
        break;
    }
    return false;
}

/* ---------------------------------------------------------------------------------------- wishes */

void session_reregister(struct session *session, int64_t now_ms)
{
    be_unknown(session, now_ms);
    backoff_reset(&session->register_backoff);
}

void session_drain(struct session *session, int64_t now_ms)
{
    if (!session->draining) {
        session->draining = true;
        session->goodbye_at_ms = now_ms;
        backoff_reset(&session->goodbye_backoff);
    }
}

void session_beat(struct session *session, bool ask, int64_t now_ms)
{
    int64_t at_ms = now_ms;
    if (ask) {
        at_ms = most(now_ms, session->ask_not_before_ms);
        session->ask = true;
    }
    session->heartbeat_at_ms = least(session->heartbeat_at_ms, at_ms);
}

void session_leave(struct session *session, enum muster_stop how, int64_t timeout_ms, int64_t now_ms)
{
    if (!session->leaving) {
        session->leaving = true;
        session->how = how;
        session->leave_deadline_ms = now_ms + timeout_ms;
        session->goodbye_at_ms = now_ms;
        backoff_reset(&session->goodbye_backoff);
    }
}

enum muster_state session_state(const struct session *session)
{
    if (session->ended) {
        return MUSTER_ENDED;
    }
    if (session->link != SESSION_ONLINE) {
        return MUSTER_CONNECTING;
    }
    if (!session->registered) {
        return MUSTER_REGISTERING;
    }
    return session->draining ? MUSTER_DRAINING : MUSTER_REGISTERED;
}

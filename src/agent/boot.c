/* boot.c -- the agent's thread: waits, listens to the broker and to its owner, and does what the session says. */
#include "agent/boot.h"

#include "base/clock.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { FAREWELL_MS = 1000 };

void boot_tell_problem(struct boot *boot, const char *format, ...)
{
    const struct muster_agent_options *options = &boot->profile->options;
    char sentence[MUSTER_SENTENCE_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    if (options->on_problem != NULL) {
        options->on_problem(options->context, sentence);
    }
}

static void describe(const struct boot *boot, enum muster_state state, char out[MUSTER_SENTENCE_MAX])
{
    const struct session *session = &boot->session;
    if (state == MUSTER_REGISTERED || state == MUSTER_DRAINING) {
        (void)snprintf(out, MUSTER_SENTENCE_MAX, "%s, epoch %lld, a heartbeat every %lld ms", muster_state_name(state),
                       (long long)session->epoch, (long long)session->interval_ms);
    } else if (state == MUSTER_ENDED && session->result == MUSTER_TIMEOUT) {
        (void)snprintf(out, MUSTER_SENTENCE_MAX, "the registry has not answered the deregistration");
    } else if (state == MUSTER_ENDED && session->result != MUSTER_OK) {
        (void)snprintf(out, MUSTER_SENTENCE_MAX, "%s", boot->why.text);
    } else if (state == MUSTER_ENDED) {
        (void)snprintf(out, MUSTER_SENTENCE_MAX, "%s",
                       session->asked && session->how != MUSTER_STOP_LEAVE ? "deregistered" : "left without a goodbye");
    } else {
        (void)snprintf(out, MUSTER_SENTENCE_MAX, "%s", muster_state_name(state));
    }
}

void boot_tell_state(struct boot *boot)
{
    const struct muster_agent_options *options = &boot->profile->options;
    const struct session *session = &boot->session;
    enum muster_state state = session_state(session);
    agent_publish(boot->agent, state, session->result, session->epoch);
    if (state == boot->told) {
        return;
    }
    boot->told = state;
    if (options->on_state != NULL) {
        char sentence[MUSTER_SENTENCE_MAX];
        describe(boot, state, sentence);
        options->on_state(options->context, state, session->result, sentence);
    }
}

/* ---------------------------------------------------------------------------------------- the connection */

static void give_up(struct boot *boot)
{
    broker_free(boot->broker);
    boot->broker = NULL;
    session_lost(&boot->session, clock_monotonic_ms());
}

static void connect_broker(struct boot *boot)
{
    struct broker_options options = boot->profile->broker;
    struct fault fault = {.text = "out of memory"};
    struct buf will = {0};
    broker_free(boot->broker);
    boot->broker = NULL;
    enum err err = send_append_will(boot, &will);
    if (err == ERR_OK) {
        options.client_id = boot->client_id;
        options.will_payload = buf_text(&will);
        options.will_content_type = encoding_content_type(ENCODING_MSGPACK);
        err = broker_new(&options, &boot->broker, &fault);
    }
    if (err == ERR_OK) {
        err = broker_connect(boot->broker, &fault);
    }
    buf_fini(&will);
    if (err != ERR_OK) {
        boot_tell_problem(boot, "%s", fault.text);
        give_up(boot);
    }
}

static void handle_event(struct boot *boot, const struct broker_event *event)
{
    int64_t now_ms = clock_monotonic_ms();
    switch (event->kind) {
    case BROKER_CONNECTED:
        session_connected(&boot->session, now_ms);
        if (!send_subscribe(boot)) {
            give_up(boot);
        }
        break;
    case BROKER_SUBSCRIBED:
        session_subscribed(&boot->session, now_ms);
        break;
    case BROKER_DISCONNECTED:
        boot_tell_problem(boot, "%.*s", TEXT_ARG(event->reason));
        session_lost(&boot->session, now_ms);
        break;
    case BROKER_MESSAGE:
        receive_message(boot, &event->message);
        break;
    case BROKER_REFUSED:
        boot_tell_problem(boot, "the broker refused the %s: %.*s", event->id == 0 ? "subscription" : "publication",
                          TEXT_ARG(event->reason));
        if (event->id == 0) {
            give_up(boot);
        }
        break;
    case BROKER_ACKED:
        break;
    }
}

static void take_events(struct boot *boot)
{
    struct broker_event event;
    while (boot->broker != NULL && !boot->session.ended && broker_next(boot->broker, &event)) {
        handle_event(boot, &event);
        boot_tell_state(boot);
    }
}

/* ---------------------------------------------------------------------------------------- the thread */

static void take_wishes(struct boot *boot)
{
    struct wishes wishes = agent_take_wishes(boot->agent);
    int64_t now_ms = clock_monotonic_ms();
    if (wishes.beat) {
        session_beat(&boot->session, false, now_ms);
    }
    if (wishes.drain) {
        session_drain(&boot->session, now_ms);
    }
    if (wishes.stop) {
        session_leave(&boot->session, wishes.how, wishes.timeout_ms, now_ms);
    }
}

static void perform(struct boot *boot, const struct session_step *step)
{
    switch (step->action) {
    case SESSION_CONNECT:
        connect_broker(boot);
        break;
    case SESSION_DISCONNECT:
        boot_tell_problem(boot, "%s: no answer", boot->profile->options.broker_uri);
        give_up(boot);
        break;
    case SESSION_REGISTER:
        send_register(boot);
        break;
    case SESSION_HEARTBEAT:
        send_heartbeat(boot, step->asks);
        break;
    case SESSION_DEREGISTER:
        send_deregister(boot, step->drain, step->force);
        break;
    case SESSION_NOTHING:
    case SESSION_END:
        break;
    }
}

static void wait_for_something(const struct boot *boot, int64_t wait_ms)
{
    struct pollfd fds[2] = {{.fd = boot->agent->wake_fd, .events = POLLIN}, {.fd = -1, .events = POLLIN}};
    if (boot->broker != NULL) {
        fds[1].fd = broker_fd(boot->broker);
    }
    (void)poll(fds, 2, wait_ms < INT_MAX ? (int)wait_ms : INT_MAX);
}

static void live(struct boot *boot)
{
    struct session_step step = {.action = SESSION_NOTHING};
    while (step.action != SESSION_END) {
        take_wishes(boot);
        take_events(boot);
        step = session_next(&boot->session, clock_monotonic_ms());
        boot_tell_state(boot);
        if (step.action == SESSION_NOTHING) {
            wait_for_something(boot, step.wait_ms);
        } else {
            perform(boot, &step);
        }
    }
}

struct boot *boot_new(struct muster_agent *agent)
{
    const struct profile *profile = &agent->profile;
    struct boot *boot = calloc(1, sizeof *boot);
    if (boot == NULL) {
        return NULL;
    }
    boot->agent = agent;
    boot->profile = profile;
    boot->told = MUSTER_STOPPED;
    session_init(&boot->session, agent->seed, clock_monotonic_ms());
    (void)snprintf(boot->reply_topic, sizeof boot->reply_topic, "%s/%s", profile->reply_topic, agent->boot_id);
    (void)snprintf(boot->own_client_id, sizeof boot->own_client_id, "%s-%.8s", profile->options.worker_id,
                   agent->boot_id);
    boot->client_id = profile->options.client_id != NULL ? profile->options.client_id : boot->own_client_id;
    boot->decoder = decoder_new(MESSAGE_GATEWAY_BYTES_MAX);
    if (boot->decoder == NULL) {
        boot_free(boot);
        return NULL;
    }
    return boot;
}

void boot_run(struct boot *boot)
{
    live(boot);
    if (boot->broker != NULL) {
        broker_disconnect(boot->broker, FAREWELL_MS);
    }
}

void boot_free(struct boot *boot)
{
    if (boot != NULL) {
        broker_free(boot->broker);
        decoder_free(boot->decoder);
        buf_fini(&boot->payload);
        free(boot);
    }
}

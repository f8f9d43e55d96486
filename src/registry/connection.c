/* connection.c -- one connection to the broker on the loop: its inbox drained, its loss noticed, its return tried. */
#include "registry/connection.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "broker/broker.h"
#include "registry/announce.h"
#include "registry/canary.h"
#include "registry/heartbeat.h"
#include "registry/intake.h"
#include "registry/internal.h"
#include "registry/presence.h"
#include "registry/probe.h"
#include "registry/publish.h"
#include "registry/restate.h"
#include "registry/will.h"

#include <unistd.h>

enum { RETRY_FIRST_MS = 100, RETRY_MAX_MS = 1000, GATHER_US = 1000, EVENTS_A_TURN = 512, SILENT_MAX_MS = 2500 };

static bool is_intake(const struct connection *connection)
{
    return connection == &connection->registry->control || connection == &connection->registry->pulse;
}

static void on_lost(struct connection *connection, const struct broker_event *event)
{
    struct registry *registry = connection->registry;
    bool was_connected = connection->connected;
    connection->connected = false;
    connection->connecting = false;
    connection->subscribed = false;
    connection->silent = false;
    connection->down_at_ms = clock_monotonic_ms();
    connection->retry_at_ms = connection->down_at_ms + backoff_next_ms(&connection->backoff);
    note(registry, LOG_WARN, "%s connection to the broker %s: %.*s (code %d)", connection->name,
         was_connected ? "lost" : "failed", TEXT_ARG(event->reason), event->reason_code);
    if (is_intake(connection)) {
        canary_interrupt(registry, "connection to the broker lost");
    }
    if (connection == &registry->presence) {
        restate_cut_off(registry);
    }
    if (connection == &registry->control) {
        will_interrupt(registry);
        announce_lost(registry);
        publish_failed(registry, "connection to the broker lost");
    }
}

static void on_connected(struct connection *connection, bool session_present)
{
    connection->connecting = false;
    connection->connected = true;
    connection->heard_ms = clock_monotonic_ms();
    connection->silent = false;
    note(connection->registry, LOG_INFO, "%s connection to the broker is up", connection->name);
    if (connection == &connection->registry->probe) {
        probe_connected(connection->registry);
    } else if (connection == &connection->registry->presence) {
        backoff_reset(&connection->backoff);
        presence_connected(connection->registry);
    } else {
        if (connection == &connection->registry->control && session_present) {
            restate_session_kept(connection->registry);
        } else if (connection == &connection->registry->control) {
            restate_session_lost(connection->registry);
        }
        intake_connected(connection);
    }
}

static void on_refused(struct connection *connection, const struct broker_event *event)
{
    struct registry *registry = connection->registry;
    if (event->id == 0) {
        note(registry, LOG_ERROR, "the broker refused the %s subscription: %.*s (code %d)", connection->name,
             TEXT_ARG(event->reason), event->reason_code);
        broker_disconnect(connection->broker, 0);
        on_lost(connection, event);
    } else if (connection == &registry->control && !announce_settled(registry, event->id, false)) {
        publish_failed(registry, "the broker refused a publication");
    }
}

static void on_subscribed(struct connection *connection)
{
    backoff_reset(&connection->backoff);
    connection->subscribed = true;
    if (is_intake(connection)) {
        intake_subscribed(connection);
    } else {
        restate_subscribed(connection->registry);
    }
}

static void on_message(struct connection *connection, const struct broker_message *message)
{
    if (is_intake(connection)) {
        intake_message(connection, message);
    } else {
        restate_take(connection->registry, message);
    }
}

static void handle_event(struct connection *connection, const struct broker_event *event)
{
    switch (event->kind) {
    case BROKER_CONNECTED:
        on_connected(connection, event->session_present);
        break;
    case BROKER_DISCONNECTED:
        on_lost(connection, event);
        break;
    case BROKER_SUBSCRIBED:
        on_subscribed(connection);
        break;
    case BROKER_MESSAGE:
        on_message(connection, &event->message);
        break;
    case BROKER_ACKED:
        if (connection == &connection->registry->control && !announce_settled(connection->registry, event->id, true)) {
            publish_acknowledged(connection->registry, event->id);
        }
        break;
    case BROKER_REFUSED:
        on_refused(connection, event);
        break;
    }
}

static void check_drops(struct connection *connection)
{
    struct broker_counters counters = {0};
    broker_read_counters(connection->broker, &counters);
    if (counters.dropped == connection->dropped) {
        return;
    }
    connection->dropped = counters.dropped;
    if (is_intake(connection)) {
        note(connection->registry, LOG_WARN, "inbox of %s overflowed: %llu messages dropped so far", connection->name,
             (unsigned long long)counters.dropped);
        canary_interrupt(connection->registry, "inbox overflowed");
    } else {
        restate_missed(connection->registry);
    }
}

/* To wake for each of many is what would cost most: what comes soon after something else gathers for a moment. */
static bool is_busy(struct connection *connection)
{
    int64_t now_us = clock_monotonic_us();
    bool busy = now_us - connection->drained_us < 2 * (int64_t)GATHER_US;
    connection->drained_us = now_us;
    return busy;
}

static void drain(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct connection *connection = arg;
    struct broker_event event;
    int taken = 0;
    bool busy = is_busy(connection);
    check_drops(connection);
    intake_look_at_replies(connection->registry);
    while (taken < EVENTS_A_TURN && intake_may_take(connection) && broker_next(connection->broker, &event)) {
        handle_event(connection, &event);
        taken++;
    }
    heartbeat_flush(connection->registry);
    if (taken == EVENTS_A_TURN) {
        connection_resume(connection);
    } else if (!intake_may_take(connection)) {
        (void)event_del(connection->readable);
    } else if (busy) {
        const struct timeval gather = {.tv_usec = GATHER_US};
        (void)event_del(connection->readable);
        (void)event_add(connection->pause, &gather);
    }
}

static void on_pause_over(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    connection_resume(arg);
}

void connection_resume(struct connection *connection)
{
    if (connection->readable != NULL) {
        (void)event_add(connection->readable, NULL);
        event_active(connection->readable, EV_READ, 0);
    }
}

struct broker_options connection_options(const struct registry *registry, const char *client_id)
{
    const struct config *config = &registry->config;
    return (struct broker_options){
        .uri = config->mqtt.uri,
        .client_id = client_id,
        .username = config->mqtt.username,
        .password = registry->password,
        .ca_file = config->mqtt.ca_file,
        .certificate_file = config->mqtt.certificate_file,
        .key_file = config->mqtt.key_file,
    };
}

enum err connection_new(struct connection *connection, struct registry *registry, const char *name,
                        const struct broker_options *options, struct fault *out_fault)
{
    *connection = (struct connection){.registry = registry, .name = name};
    backoff_init(&connection->backoff, RETRY_FIRST_MS, RETRY_MAX_MS,
                 (uint64_t)clock_wall_ms() ^ (uint64_t)getpid() ^ (uint64_t)(unsigned char)name[0] << 32);
    enum err err = broker_new(options, &connection->broker, out_fault);
    if (err != ERR_OK) {
        return err;
    }
    connection->readable =
        event_new(registry->base, broker_fd(connection->broker), EV_READ | EV_PERSIST, drain, connection);
    connection->pause = evtimer_new(registry->base, on_pause_over, connection);
    if (connection->pause == NULL || connection->readable == NULL || event_add(connection->readable, NULL) != 0) {
        return fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
    }
    return ERR_OK;
}

void connection_fini(struct connection *connection)
{
    if (connection->readable != NULL) {
        event_free(connection->readable);
    }
    if (connection->pause != NULL) {
        event_free(connection->pause);
    }
    connection->pause = NULL;
    broker_free(connection->broker);
    connection->readable = NULL;
    connection->broker = NULL;
}

void connection_want(struct connection *connection, bool wanted)
{
    enum { FAREWELL_MS = 500 };
    if (connection->wanted == wanted) {
        return;
    }
    connection->wanted = wanted;
    if (wanted) {
        connection->down_at_ms = 0;
        connection->retry_at_ms = 0;
    } else if (connection->connected || connection->connecting) {
        broker_disconnect(connection->broker, FAREWELL_MS);
        connection->connected = false;
        connection->connecting = false;
        connection->subscribed = false;
        connection->silent = false;
    }
}

/* Whoever lost a connection may have lost it to a successor: only a lease renewed since then entitles to connect. */
static bool may_connect(const struct connection *connection, int64_t now_ms)
{
    const struct registry *registry = connection->registry;
    return !is_intake(connection) || (registry->active && registry->lease_renewed_ms >= connection->down_at_ms &&
                                      now_ms - registry->lease_renewed_ms < registry->config.daemon.lease_ms);
}

/* A canary is under way, so that something has to come. */
static bool is_owed(const struct connection *connection)
{
    const struct registry *registry = connection->registry;
    const struct canary *canary = &registry->canary;
    uint64_t back = connection == &registry->control ? canary->back_on_control : canary->back_on_pulse;
    return registry->listening && is_intake(connection) && canary->number >= canary->first_number &&
           back < canary->number;
}

static void give_up(struct connection *connection)
{
    const struct broker_event end = {.reason = text_of("nothing comes any more, not even what was sent by itself")};
    broker_disconnect(connection->broker, 0);
    on_lost(connection, &end);
}

/* Mostly both have died together; to find the second one only after the first is back would take twice as long. */
void connection_give_up_silent(struct registry *registry, int64_t now_ms)
{
    struct connection *both[] = {&registry->control, &registry->pulse};
    for (size_t i = 0; i < 2; i++) {
        if (both[i]->connected && now_ms - both[i]->heard_ms > SILENT_MAX_MS / 2) {
            give_up(both[i]);
        }
    }
}

/*
 * The other side may have vanished without a word, which the protocol's own pings would find within a minute: probe.c.
 * What has arrived counts even where it has not been looked at yet: a canary may wait behind a storm.
 */
static void check_silence(struct connection *connection, int64_t now_ms)
{
    struct broker_counters counters = {0};
    broker_read_counters(connection->broker, &counters);
    if (!is_owed(connection) || counters.received != connection->received) {
        connection->received = counters.received;
        connection->heard_ms = now_ms;
    }
    connection->silent = now_ms - connection->heard_ms > SILENT_MAX_MS;
}

void connection_tick(struct connection *connection, int64_t now_ms)
{
    if (connection->connected) {
        check_silence(connection, now_ms);
    }
    if (!connection->wanted || connection->connected || connection->connecting || now_ms < connection->retry_at_ms ||
        !may_connect(connection, now_ms)) {
        return;
    }
    struct fault fault = {0};
    if (broker_connect(connection->broker, &fault) == ERR_OK) {
        connection->connecting = true;
        return;
    }
    note(connection->registry, LOG_WARN, "%s connection to the broker failed: %s", connection->name, fault.text);
    connection->retry_at_ms = now_ms + backoff_next_ms(&connection->backoff);
}

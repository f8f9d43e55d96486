/* canary.c -- hearing: proof that what is sent through the broker arrives here, and what breaks it. */
#include "registry/canary.h"

#include "base/clock.h"
#include "broker/broker.h"
#include "domain/hearing.h"
#include "registry/connection.h"
#include "registry/expire.h"
#include "registry/heartbeat.h"
#include "registry/internal.h"
#include "registry/merge.h"
#include "registry/will.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { CANARY_EVERY_MS = 20, STALL_MS = 1000, CANARY_LOST_MS = 1000, CANARIES_OUT_MAX = 16 };

static int64_t redis_now_ms(const struct registry *registry)
{
    return timebase_remote_ms(store_clock(registry->store), clock_monotonic_ms());
}

static bool can_listen(const struct registry *registry)
{
    return registry->active && registry->control.subscribed && registry->pulse.subscribed &&
           store_is_up(registry->store) && store_clock(registry->store)->known && !registry->kept.pending;
}

/* Hearing begins again now, or as soon as everything that it needs is there. */
void canary_interrupt(struct registry *registry, const char *why)
{
    bool was_listening = registry->listening;
    registry->listening = can_listen(registry);
    registry->canary.first_number = registry->canary.number + 1;
    if (registry->listening) {
        hearing_interrupt(&registry->hearing, redis_now_ms(registry));
    } else {
        registry->hearing = (struct hearing){.since_ms = INT64_MAX, .until_ms = 0};
    }
    if (was_listening || registry->listening) {
        registry->counters.interruptions++;
        note(registry, LOG_INFO, "hearing %s: %s", registry->listening ? "begins anew" : "is interrupted", why);
    }
    expire_forget(registry);
    merge_forget_all(registry);
}

static void send_canary(struct registry *registry, int64_t now_ms)
{
    struct canary *canary = &registry->canary;
    char topic[CONFIG_STRING_MAX + 16];
    char payload[INSTANCE_MAX + 64];
    uint64_t number = canary->number + 1;
    int64_t sent_ms = redis_now_ms(registry);
    (void)snprintf(topic, sizeof topic, "%.*s/canary", TEXT_ARG(registry->root));
    int len =
        snprintf(payload, sizeof payload, "{\"instance\":\"%s\",\"number\":%" PRIu64 "}", registry->instance, number);
    struct broker_publication publication = {.topic = topic,
                                             .payload = {payload, (size_t)len},
                                             .qos = 1,
                                             .content_type = "application/json",
                                             .expiry_s = 60};
    /* By the connection that sends nothing else: it does not wait behind what is published. */
    if (broker_publish(registry->pulse.broker, &publication) == ERR_OK) {
        canary->number = number;
        canary->sent_ms[number % CANARIES_KEPT] = sent_ms;
        canary->sent_at_ms = now_ms;
    }
}

/* The latest one that came back on both connections. */
static uint64_t came_back(const struct canary *canary)
{
    return canary->back_on_control < canary->back_on_pulse ? canary->back_on_control : canary->back_on_pulse;
}

void canary_seek(struct registry *registry, int64_t moment_ms)
{
    const struct canary *canary = &registry->canary;
    bool is_sought =
        canary->number >= canary->first_number && canary->sent_ms[canary->number % CANARIES_KEPT] >= moment_ms;
    if (registry->listening && !is_sought && canary->number - came_back(canary) < CANARIES_OUT_MAX) {
        send_canary(registry, clock_monotonic_ms());
    }
}

void canary_tick(struct registry *registry, int64_t now_ms)
{
    const struct canary *canary = &registry->canary;
    if (now_ms - registry->last_tick_ms > STALL_MS) {
        canary_interrupt(registry, "the daemon was stalled");
    }
    registry->last_tick_ms = now_ms;
    if (!registry->listening) {
        if (can_listen(registry)) {
            canary_interrupt(registry, "nothing is missing any more");
        }
        return;
    }
    bool is_out = came_back(canary) < canary->number && canary->number >= canary->first_number;
    if (now_ms - canary->sent_at_ms >= (is_out ? CANARY_LOST_MS : CANARY_EVERY_MS)) {
        send_canary(registry, now_ms);
    }
}

/* The broker keeps the order of what it delivers, so everything sent before the canary has been taken in by now. */
void handle_canary(struct connection *connection, const struct broker_message *message)
{
    struct registry *registry = connection->registry;
    struct canary *canary = &registry->canary;
    char own[INSTANCE_MAX + 32];
    char payload[INSTANCE_MAX + 64];
    int len = snprintf(own, sizeof own, "{\"instance\":\"%s\",\"number\":", registry->instance);
    (void)snprintf(payload, sizeof payload, "%.*s", TEXT_ARG(message->payload));
    uint64_t number = 0;
    if (message->retained || strncmp(payload, own, (size_t)len) != 0 ||
        sscanf(payload + len, "%" SCNu64, &number) != 1 || number > canary->number ||
        number + CANARIES_KEPT <= canary->number) {
        return;
    }
    heartbeat_flush(registry);
    uint64_t *back = connection == &registry->control ? &canary->back_on_control : &canary->back_on_pulse;
    *back = number > *back ? number : *back;
    uint64_t heard = came_back(canary);
    if (registry->listening && heard >= canary->first_number && heard + CANARIES_KEPT > canary->number) {
        hearing_confirm(&registry->hearing, canary->sent_ms[heard % CANARIES_KEPT]);
        will_heard(registry, heard);
        expire_heard(registry);
    }
}

/*
 * delivery.c -- brings the newest version of each alert to Redis, where it outlives the daemon, and to its topic, again
 * and again until each has it. It changes nothing in what is told.
 */
#include "registry/delivery.h"

#include "base/clock.h"
#include "registry/announce.h"
#include "registry/internal.h"
#include "registry/ledger.h"
#include "store/alert.h"

#include <stdlib.h>
#include <string.h>

enum { RETRY_MS = 500 };

/* One version on its way. */
struct delivery {
    struct registry *registry;
    char name[WORKER_ID_MAX + 1];
    uint64_t version;
    bool to_broker;
};

static void arrived(struct delivery *delivery, bool good)
{
    struct alert *alert = ledger_find(delivery->registry, text_of(delivery->name));
    struct destination *destination = NULL;
    if (alert != NULL) {
        destination = delivery->to_broker ? &alert->broker : &alert->redis;
    }
    if (destination != NULL && destination->sending == delivery->version) {
        destination->sending = 0;
        destination->version = good ? delivery->version : destination->version;
        alert->retry_at_ms = good ? alert->retry_at_ms : clock_monotonic_ms() + RETRY_MS;
    }
    free(delivery);
}

static void on_told(void *context, bool told)
{
    arrived(context, told);
}

static void on_saved(void *context, enum store_outcome outcome)
{
    arrived(context, outcome == STORE_DONE);
}

static struct delivery *new_delivery(struct registry *registry, struct alert *alert, bool to_broker)
{
    struct delivery *delivery = calloc(1, sizeof *delivery);
    if (delivery != NULL) {
        *delivery = (struct delivery){.registry = registry, .version = alert->version, .to_broker = to_broker};
        memcpy(delivery->name, alert->name, sizeof delivery->name);
        (to_broker ? &alert->broker : &alert->redis)->sending = alert->version;
    }
    return delivery;
}

static void tell(struct registry *registry, struct alert *alert)
{
    struct delivery *delivery = new_delivery(registry, alert, true);
    struct announcement announcement = {
        .below = "alert/", .id = text_of(alert->name), .document = alert->document, .retained = true};
    if (delivery != NULL) {
        announce(registry, &announcement, on_told, delivery);
    }
}

static void save(struct registry *registry, struct alert *alert)
{
    char *text = alert->document != NULL ? json_dumps(alert->document, JSON_COMPACT) : NULL;
    struct delivery *delivery = new_delivery(registry, alert, false);
    if (delivery != NULL) {
        store_save_alert(registry->store, text_of(alert->name), text_of(text), on_saved, delivery);
    }
    free(text);
}

static bool is_wanting(const struct alert *alert, const struct destination *destination)
{
    return destination->version != alert->version && destination->sending == 0;
}

void delivery_send(struct registry *registry, int64_t now_ms)
{
    struct ledger *ledger = registry->ledger;
    for (size_t i = 0; i < ledger->count; i++) {
        struct alert *alert = &ledger->list[i];
        if (now_ms < alert->retry_at_ms) {
            continue;
        }
        if (is_wanting(alert, &alert->redis) && store_is_up(registry->store)) {
            save(registry, alert);
        }
        if (is_wanting(alert, &alert->broker) && registry->retained.known) {
            tell(registry, alert);
        }
    }
}

void delivery_doubt(struct registry *registry)
{
    struct ledger *ledger = registry->ledger;
    for (size_t i = 0; i < ledger->count; i++) {
        struct alert *alert = &ledger->list[i];
        if (!store_is_up(registry->store)) {
            alert->redis.version = 0;
        }
        if (!registry->control.subscribed) {
            alert->broker.version = 0;
        }
    }
}

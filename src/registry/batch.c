/*
 * batch.c -- batches of registrations and deregistrations: a few items at a time are with Redis, and the next follow as
 * those are answered.
 */
#include "registry/batch.h"

#include "codec/message.h"
#include "registry/asker.h"
#include "registry/connection.h"
#include "registry/deregister.h"
#include "registry/gateway.h"
#include "registry/inbound.h"
#include "registry/internal.h"
#include "registry/register.h"
#include "registry/results.h"

#include <stdlib.h>
#include <string.h>

/* About 5 ms of Redis's time: heartbeats and steps of time must not wait for a whole batch. */
enum { IN_FLIGHT_MAX = 64 };

/* A batch being handed over. It has its own copy of the message, which is gone when the handler returns. */
struct feed {
    struct registry *registry;
    struct results *results;
    struct gate gate;
    bool is_registering;
    bool holds_inbox;
    bool feeding;
    size_t next;
    size_t in_flight;
    struct batch batch;
    struct text *items;
    char payload[];
};

static void start_item(struct feed *feed, size_t index)
{
    struct registry *registry = feed->registry;
    struct violations *violations = &registry->violations;
    struct inbound inbound = results_inbound(results_item(feed->results, index));
    bool decoded = false;
    violations_clear(violations);
    if (registry->stopped) {
        asker_refuse_for(asker_new(registry, &inbound, (struct text){0}, (struct text){0}), CODE_UNAVAILABLE,
                         "The registry has stopped");
    } else if (feed->is_registering) {
        struct registration registration;
        decoded = decode_batch_registration(registry->decoder, &feed->batch, index, &registration, violations);
        decoded = gate_admits(&feed->gate, registration.worker_id, violations) && decoded;
        register_worker(registry, &inbound, &registration, decoded);
    } else {
        struct deregistration deregistration;
        decoded = decode_batch_deregistration(registry->decoder, &feed->batch, index, &deregistration, violations);
        decoded = gate_admits(&feed->gate, deregistration.worker_id, violations) && decoded;
        deregister_worker(registry, &inbound, &deregistration, decoded);
    }
}

static void end_feed(struct feed *feed)
{
    struct registry *registry = feed->registry;
    if (feed->holds_inbox && --registry->feeds == 0) {
        connection_resume(&registry->control);
    }
    results_watch(feed->results, NULL, NULL);
    results_release(feed->results);
    free(feed->items);
    free(feed);
}

static void advance(struct feed *feed)
{
    if (feed->feeding) {
        return; /* an item was refused at once */
    }
    feed->feeding = true;
    while (feed->next < feed->batch.items.count && feed->in_flight < IN_FLIGHT_MAX) {
        feed->in_flight++;
        start_item(feed, feed->next++);
    }
    feed->feeding = false;
    if (feed->next == feed->batch.items.count) {
        end_feed(feed);
    }
}

static void on_settled(void *context)
{
    struct feed *feed = context;
    feed->in_flight--;
    advance(feed);
}

/* The texts of the items are moved with the payload that they point into. */
static struct feed *new_feed(const struct inbound *inbound, const struct gate *gate, const struct batch *batch)
{
    size_t count = batch->items.count;
    struct feed *feed = calloc(1, sizeof *feed + inbound->payload.len);
    struct text *items = calloc(count + 1, sizeof *items);
    if (feed == NULL || items == NULL) {
        free(feed);
        free(items);
        return NULL;
    }
    memcpy(feed->payload, inbound->payload.data, inbound->payload.len);
    for (size_t i = 0; i < count; i++) {
        size_t at = (size_t)(batch->items.items[i].data - inbound->payload.data);
        items[i] = (struct text){feed->payload + at, batch->items.items[i].len};
    }
    feed->gate = *gate;
    feed->items = items;
    feed->batch = (struct batch){.items = {items, count}, .encoding = batch->encoding};
    return feed;
}

/* The inbox waits until all has been handed over: a canary behind the batch must not overtake it, nor a goodbye. */
static void handle(struct registry *registry, const struct inbound *inbound, bool is_registering)
{
    struct gate gate;
    struct batch batch;
    if (!batch_open(registry, inbound, &gate, &batch)) {
        return;
    }
    struct feed *feed = new_feed(inbound, &gate, &batch);
    if (feed == NULL) {
        violations_add(&registry->violations, CODE_UNAVAILABLE, "The registry is out of memory");
        batch_refuse(registry, inbound, batch.request_id);
        return;
    }
    feed->results = results_new(registry, inbound, &batch, true);
    if (feed->results == NULL) {
        free(feed->items);
        free(feed);
        return;
    }
    feed->registry = registry;
    feed->is_registering = is_registering;
    feed->holds_inbox = inbound->answer == NULL;
    registry->feeds += feed->holds_inbox ? 1 : 0;
    results_watch(feed->results, on_settled, feed);
    advance(feed);
}

void handle_register_batch(struct registry *registry, const struct inbound *inbound)
{
    handle(registry, inbound, true);
}

void handle_gateway_register(struct registry *registry, const struct inbound *inbound)
{
    handle(registry, inbound, true);
}

void handle_gateway_deregister(struct registry *registry, const struct inbound *inbound)
{
    handle(registry, inbound, false);
}

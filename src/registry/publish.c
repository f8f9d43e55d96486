/* publish.c -- what is in the event stream is told to the world, a batch at a time; nothing else tells of changes. */
#include "registry/internal.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum { OUTBOX_MAX = 200, RETRY_FIRST_MS = 50, RETRY_MAX_MS = 2000 };

void publish_init(struct registry *registry)
{
    registry->publisher = (struct publisher){.next_id = 1, .first_id = 1};
    backoff_init(&registry->publisher.backoff, RETRY_FIRST_MS, RETRY_MAX_MS, (uint64_t)clock_wall_ms());
}

void publish_fini(struct registry *registry)
{
    buf_fini(&registry->publisher.payload);
    buf_fini(&registry->publisher.topic);
}

static void retry_later(struct publisher *publisher)
{
    publisher->retry_at_ms = clock_monotonic_ms() + backoff_next_ms(&publisher->backoff);
}

/* What the batch told is told again later, under the same event ids and with the same content. */
static void give_up_batch(struct registry *registry, const char *why)
{
    struct publisher *publisher = &registry->publisher;
    publisher->unacknowledged = 0;
    publisher->first_id = publisher->next_id;
    retry_later(publisher);
    note(registry, LOG_WARN, "what is in the outbox waits: %s", why);
}

void publish_failed(struct registry *registry, const char *why)
{
    if (registry->publisher.unacknowledged > 0) {
        give_up_batch(registry, why);
    }
}

static bool tell(struct registry *registry, const json_t *document, bool retained)
{
    struct publisher *publisher = &registry->publisher;
    enum encoding encoding = (enum encoding)registry->config.publish.encoding;
    buf_clear(&publisher->payload);
    if (document != NULL && encode_document(document, encoding, &publisher->payload) != ERR_OK) {
        return false;
    }
    struct broker_publication publication = {.topic = buf_terminated(&publisher->topic),
                                             .payload = buf_text(&publisher->payload),
                                             .qos = 1,
                                             .retained = retained,
                                             .content_type = document != NULL ? encoding_content_type(encoding) : NULL,
                                             .id = publisher->next_id};
    if (publication.topic == NULL || broker_publish(registry->control.broker, &publication) != ERR_OK) {
        return false;
    }
    publisher->next_id++;
    publisher->unacknowledged++;
    return true;
}

/* The status as it is now; of a worker that has left, its last one and then none. */
static bool tell_status(struct registry *registry, const struct store_worker *worker)
{
    struct buf *topic = &registry->publisher.topic;
    buf_clear(topic);
    buf_printf(topic, "%.*s/status/%.*s", TEXT_ARG(registry->root), TEXT_ARG(worker->id));
    bool told = true;
    if (worker->count > 0) {
        json_t *document = status_document(worker->id, worker->fields, worker->count);
        told = document != NULL && tell(registry, document, true);
        json_decref(document);
    }
    bool gone = worker->count == 0 || text_is(store_worker_field(worker, "status"), "INACTIVE");
    return told && (!gone || tell(registry, NULL, true));
}

static struct text event_field(const struct store_event *event, const char *name)
{
    return store_worker_field(&(struct store_worker){.fields = event->fields, .count = event->count}, name);
}

/* What has no revision is no event of a worker: it is there for the audit trail alone. */
static bool tell_event(struct registry *registry, const struct store_event *event)
{
    figures_count_event(&registry->figures, event);
    if (event_field(event, "revision").len == 0) {
        return true;
    }
    struct buf *topic = &registry->publisher.topic;
    buf_clear(topic);
    buf_printf(topic, "%.*s/event/%.*s/%.*s", TEXT_ARG(registry->root), TEXT_ARG(event_field(event, "type")),
               TEXT_ARG(event_field(event, "workerId")));
    json_t *document = event_document(event->id, event->fields, event->count);
    bool told = document != NULL && tell(registry, document, false);
    json_decref(document);
    registry->counters.events_published += told;
    return told;
}

static bool tell_all(struct registry *registry, const struct store_outbox *outbox)
{
    for (size_t i = 0; i < outbox->worker_count; i++) {
        if (!tell_status(registry, &outbox->workers[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < outbox->event_count; i++) {
        if (!tell_event(registry, &outbox->events[i])) {
            return false;
        }
    }
    return true;
}

static bool may_publish(const struct registry *registry)
{
    return registry->active && registry->control.subscribed && store_is_up(registry->store);
}

static void on_advanced(void *context, enum store_outcome outcome)
{
    struct registry *registry = context;
    struct publisher *publisher = &registry->publisher;
    publisher->advancing = false;
    if (outcome != STORE_DONE) {
        retry_later(publisher);
        return;
    }
    backoff_reset(&publisher->backoff);
    if (publisher->again) {
        publish_kick(registry);
    } else {
        registry->reconciled.told = true;
    }
}

static void advance(struct registry *registry)
{
    registry->publisher.advancing = true;
    store_advance(registry->store, registry->publisher.cursor, on_advanced, registry);
}

static void publish_batch(struct registry *registry, const struct store_outbox *outbox)
{
    struct publisher *publisher = &registry->publisher;
    struct text last = outbox->events[outbox->event_count - 1].id;
    (void)snprintf(publisher->cursor, sizeof publisher->cursor, "%.*s", TEXT_ARG(last));
    publisher->again = publisher->again || outbox->event_count == OUTBOX_MAX;
    publisher->first_id = publisher->next_id;
    if (!tell_all(registry, outbox)) {
        give_up_batch(registry, "the broker connection takes no more");
    } else if (publisher->unacknowledged == 0) {
        advance(registry);
    }
}

static void on_outbox(void *context, const struct store_outbox *outbox)
{
    struct registry *registry = context;
    struct publisher *publisher = &registry->publisher;
    publisher->reading = false;
    if (outbox->outcome != STORE_DONE || !may_publish(registry)) {
        retry_later(publisher);
    } else if (outbox->event_count > 0) {
        publish_batch(registry, outbox);
    } else if (publisher->again) {
        publish_kick(registry);
    } else {
        registry->reconciled.told = true;
    }
}

void publish_kick(struct registry *registry)
{
    struct publisher *publisher = &registry->publisher;
    if (publisher->reading || publisher->advancing || publisher->unacknowledged > 0) {
        publisher->again = true;
        return;
    }
    if (!may_publish(registry) || clock_monotonic_ms() < publisher->retry_at_ms) {
        return;
    }
    publisher->again = false;
    publisher->reading = true;
    store_outbox(registry->store, OUTBOX_MAX, on_outbox, registry);
}

void publish_acknowledged(struct registry *registry, uint64_t id)
{
    struct publisher *publisher = &registry->publisher;
    if (id < publisher->first_id || publisher->unacknowledged == 0 || --publisher->unacknowledged > 0) {
        return;
    }
    advance(registry);
}

/* Once a tick is often enough for what an earlier daemon left behind, and for what could not be told before. */
void publish_tick(struct registry *registry, int64_t now_ms)
{
    struct publisher *publisher = &registry->publisher;
    if (publisher->retry_at_ms != 0 && now_ms >= publisher->retry_at_ms) {
        publisher->retry_at_ms = 0;
        publish_kick(registry);
    }
}

bool publish_is_idle(const struct registry *registry)
{
    const struct publisher *publisher = &registry->publisher;
    return !publisher->reading && !publisher->advancing && publisher->unacknowledged == 0 && !publisher->again &&
           publisher->retry_at_ms == 0;
}

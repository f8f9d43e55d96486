/* publish.c -- what is in the event stream is told to the world, a batch at a time; nothing else tells of changes. */
#include "registry/publish.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "broker/broker.h"
#include "codec/document.h"
#include "codec/message.h"
#include "registry/expire.h"
#include "registry/figures.h"
#include "registry/internal.h"
#include "store/outbox.h"
#include "store/stream.h"
#include "store/worker.h"

#include <stdio.h>
#include <string.h>

enum { RETRY_FIRST_MS = 50, RETRY_MAX_MS = 2000 };

/*
 * Who registers waits for the answer, and who is due to be noticed; events wait safely in the stream. So while a crowd
 * is to be answered, or noticed, one batch is told each GIVE_WAY_MS, but for PATIENCE_MS at most until all has been
 * told again: a crowd that never ends is not to silence the registry.
 */
enum { CROWD_MIN = 256, GIVE_WAY_MS = 250, PATIENCE_MS = 20000 };

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

/* What the batches told is told again later from the cursor on, under the same event ids and with the same content. */
static void give_up(struct registry *registry, const char *why)
{
    struct publisher *publisher = &registry->publisher;
    publisher->batch_count = 0;
    publisher->acknowledged = 0;
    publisher->first_id = publisher->next_id;
    publisher->unwanted = publisher->reading;
    retry_later(publisher);
    note(registry, LOG_WARN, "what is in the outbox waits: %s", why);
}

void publish_failed(struct registry *registry, const char *why)
{
    if (registry->publisher.batch_count > 0) {
        give_up(registry, why);
    }
}

/* Publishes what is in topic and payload, or takes back what is retained there. */
static bool tell(struct registry *registry, bool retained, bool taken_back)
{
    struct publisher *publisher = &registry->publisher;
    enum encoding encoding = (enum encoding)registry->config.publish.encoding;
    struct broker_publication publication = {.topic = buf_terminated(&publisher->topic),
                                             .payload = taken_back ? (struct text){0} : buf_text(&publisher->payload),
                                             .qos = 1,
                                             .retained = retained,
                                             .content_type = taken_back ? NULL : encoding_content_type(encoding),
                                             .id = publisher->next_id};
    if (publication.topic == NULL || broker_publish(registry->control.broker, &publication) != ERR_OK) {
        return false;
    }
    publisher->next_id++;
    return true;
}

/* Begins the topic below the root, and an empty payload; returns the encoding of what is to be put there. */
static enum encoding begin(struct registry *registry, const char *below)
{
    struct publisher *publisher = &registry->publisher;
    buf_clear(&publisher->payload);
    buf_clear(&publisher->topic);
    buf_append_text(&publisher->topic, registry->root);
    buf_append_string(&publisher->topic, below);
    return (enum encoding)registry->config.publish.encoding;
}

/* The status as it is now; of a worker that has left, its last one and then none. */
static bool tell_status(struct registry *registry, const struct store_worker *worker)
{
    struct publisher *publisher = &registry->publisher;
    enum encoding encoding = begin(registry, "/status/");
    buf_append_text(&publisher->topic, worker->id);
    bool told = worker->count == 0 ||
                (encode_status(worker->id, worker->fields, worker->count, encoding, &publisher->payload) == ERR_OK &&
                 tell(registry, true, false));
    bool gone = worker->count == 0 || text_is(store_worker_field(worker, "status"), "INACTIVE");
    return told && (!gone || tell(registry, true, true));
}

/* What has no revision is no event of a worker: it is there for the audit trail alone. */
static bool tell_event(struct registry *registry, const struct store_event *event)
{
    struct publisher *publisher = &registry->publisher;
    figures_count_event(&registry->figures, event);
    if (store_event_field(event, "revision").len == 0) {
        return true;
    }
    enum encoding encoding = begin(registry, "/event/");
    buf_append_text(&publisher->topic, store_event_field(event, "type"));
    buf_append_string(&publisher->topic, "/");
    buf_append_text(&publisher->topic, store_event_field(event, "workerId"));
    bool told = encode_event(event->id, event->fields, event->count, encoding, &publisher->payload) == ERR_OK &&
                tell(registry, false, false);
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

/* The cursor is past the batches that it was on its way past, unless they have been given up meanwhile. */
static void pop_batches(struct publisher *publisher)
{
    size_t count = publisher->acknowledged;
    if (count > 0) {
        publisher->first_id = publisher->batches[count - 1].end_id;
    }
    publisher->batch_count -= count;
    publisher->acknowledged = 0;
    memmove(publisher->batches, publisher->batches + count, publisher->batch_count * sizeof *publisher->batches);
}

static void advance(struct registry *registry);

static void on_advanced(void *context, enum store_outcome outcome)
{
    struct registry *registry = context;
    struct publisher *publisher = &registry->publisher;
    publisher->advancing = false;
    if (outcome != STORE_DONE) {
        give_up(registry, "the cursor could not be moved");
        return;
    }
    pop_batches(publisher);
    backoff_reset(&publisher->backoff);
    advance(registry);
    if (publisher->again) {
        publish_kick(registry);
    } else if (publisher->batch_count == 0 && !publisher->reading) {
        registry->reconciled.told = true;
    }
}

/* Batches are acknowledged in their order, but for what the broker answers out of turn. */
static void advance(struct registry *registry)
{
    struct publisher *publisher = &registry->publisher;
    size_t count = 0;
    while (count < publisher->batch_count && publisher->batches[count].unacknowledged == 0) {
        count++;
    }
    if (count > 0 && !publisher->advancing) {
        publisher->advancing = true;
        publisher->acknowledged = count;
        store_advance(registry->store, publisher->batches[count - 1].last, on_advanced, registry);
    }
}

static void publish_batch(struct registry *registry, const struct store_outbox *outbox)
{
    struct publisher *publisher = &registry->publisher;
    struct outbox_batch *batch = &publisher->batches[publisher->batch_count];
    uint64_t first_id = publisher->next_id;
    if (!tell_all(registry, outbox)) {
        give_up(registry, "the broker connection takes no more");
        return;
    }
    *batch = (struct outbox_batch){.end_id = publisher->next_id,
                                   .unacknowledged = (size_t)(publisher->next_id - first_id),
                                   .full = outbox->event_count == STORE_OUTBOX_MAX};
    (void)snprintf(batch->last, sizeof batch->last, "%.*s", TEXT_ARG(outbox->events[outbox->event_count - 1].id));
    publisher->batch_count++;
    publisher->again = publisher->again || batch->full;
    advance(registry);
    if (publisher->again) {
        publish_kick(registry);
    }
}

static void on_outbox(void *context, const struct store_outbox *outbox)
{
    struct registry *registry = context;
    struct publisher *publisher = &registry->publisher;
    bool unwanted = publisher->unwanted;
    publisher->reading = false;
    publisher->unwanted = false;
    if (outbox->outcome != STORE_DONE || !may_publish(registry)) {
        retry_later(publisher);
    } else if (outbox->event_count > 0 && !unwanted) {
        publish_batch(registry, outbox);
    } else if (publisher->again || unwanted) {
        publish_kick(registry);
    } else if (publisher->batch_count == 0) {
        registry->reconciled.told = true;
    }
}

/* The next batch is read while others are out only where there is known to be much: else it gathers meanwhile. */
static bool may_read(const struct publisher *publisher)
{
    if (publisher->reading || (publisher->batch_count == 0 && publisher->advancing)) {
        return false;
    }
    return publisher->batch_count == 0 ||
           (publisher->batch_count < OUTBOX_BATCHES_MAX && publisher->batches[publisher->batch_count - 1].full);
}

void publish_kick(struct registry *registry)
{
    struct publisher *publisher = &registry->publisher;
    int64_t now_ms = clock_monotonic_ms();
    if (!may_read(publisher)) {
        publisher->again = true;
        return;
    }
    if (!may_publish(registry) || now_ms < publisher->retry_at_ms) {
        return;
    }
    if (publisher->gives_way && now_ms < publisher->read_at_ms + GIVE_WAY_MS) {
        publisher->again = true;
        return;
    }
    publisher->again = false;
    publisher->reading = true;
    publisher->read_at_ms = now_ms;
    const char *after = publisher->batch_count > 0 ? publisher->batches[publisher->batch_count - 1].last : "";
    store_outbox(registry->store, after, on_outbox, registry);
}

void publish_acknowledged(struct registry *registry, uint64_t id)
{
    struct publisher *publisher = &registry->publisher;
    for (size_t i = 0; id >= publisher->first_id && i < publisher->batch_count; i++) {
        struct outbox_batch *batch = &publisher->batches[i];
        if (id < batch->end_id) {
            batch->unacknowledged--;
            advance(registry);
            return;
        }
    }
}

static void look_at_crowd(struct registry *registry, int64_t now_ms)
{
    struct publisher *publisher = &registry->publisher;
    if (registry->registrations_open >= CROWD_MIN || expire_is_crowded(registry)) {
        publisher->crowd_last_ms = now_ms;
        publisher->crowd_first_ms = publisher->crowd_first_ms != 0 ? publisher->crowd_first_ms : now_ms;
    }
    bool lasts = publisher->crowd_first_ms != 0 && now_ms - publisher->crowd_last_ms < GIVE_WAY_MS;
    if (!lasts && publish_is_idle(registry)) {
        publisher->crowd_first_ms = 0;
    }
    publisher->gives_way = lasts && !registry->stopping && now_ms - publisher->crowd_first_ms < PATIENCE_MS;
}

/* Once a tick is often enough for what an earlier daemon left behind, and for what could not be told before. */
void publish_tick(struct registry *registry, int64_t now_ms)
{
    struct publisher *publisher = &registry->publisher;
    look_at_crowd(registry, now_ms);
    bool is_due = publisher->retry_at_ms != 0 && now_ms >= publisher->retry_at_ms;
    if (is_due) {
        publisher->retry_at_ms = 0;
    }
    if (is_due || (publisher->again && may_read(publisher))) {
        publish_kick(registry);
    }
}

bool publish_is_idle(const struct registry *registry)
{
    const struct publisher *publisher = &registry->publisher;
    return !publisher->reading && !publisher->advancing && publisher->batch_count == 0 && !publisher->again &&
           publisher->retry_at_ms == 0;
}

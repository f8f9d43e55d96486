/* announce.c -- what is told beside the event stream (statistics, alerts, commands), and whether the broker has it. */
#include "registry/announce.h"

#include "broker/broker.h"
#include "codec/message.h"
#include "registry/command.h"
#include "registry/internal.h"

#include <stdio.h>
#include <stdlib.h>

/* Ids of the publisher's own messages stay below. */
static const uint64_t first_id = (uint64_t)1 << 62;

struct waiting_announcement {
    uint64_t id;
    announce_done_fn *done;
    void *context;
};

enum err announce_new(struct registry *registry, struct fault *out_fault)
{
    registry->announcements.waiting = calloc(ANNOUNCEMENTS_MAX, sizeof *registry->announcements.waiting);
    return registry->announcements.waiting != NULL ? ERR_OK : fault_set(out_fault, ERR_NO_MEMORY, "out of memory");
}

void announce_fini(struct registry *registry)
{
    announce_lost(registry);
    free(registry->announcements.waiting);
}

static enum err publish(struct registry *registry, const struct announcement *announcement, uint64_t id)
{
    enum encoding encoding = (enum encoding)registry->config.publish.encoding;
    struct buf *payload = &registry->payload;
    buf_clear(payload);
    if (announcement->document != NULL) {
        enum err err = encode_document(announcement->document, encoding, payload);
        if (err != ERR_OK) {
            return err;
        }
    }
    char topic[CONFIG_STRING_MAX + 2 * WORKER_ID_MAX];
    (void)snprintf(topic, sizeof topic, "%.*s/%s%.*s", TEXT_ARG(registry->root), announcement->below,
                   TEXT_ARG(announcement->id));
    struct broker_publication publication = {.topic = topic,
                                             .payload = buf_text(payload),
                                             .qos = 1,
                                             .retained = announcement->retained,
                                             .content_type = payload->len > 0 ? encoding_content_type(encoding) : NULL,
                                             .expiry_s = announcement->expiry_s,
                                             .id = id};
    return broker_publish(registry->control.broker, &publication);
}

void announce(struct registry *registry, const struct announcement *announcement, announce_done_fn *done, void *context)
{
    struct announcements *announcements = &registry->announcements;
    uint64_t id = first_id + announcements->sent;
    if (announcements->count == ANNOUNCEMENTS_MAX || !registry->control.connected ||
        publish(registry, announcement, id) != ERR_OK) {
        done(context, false);
        return;
    }
    announcements->sent++;
    announcements->waiting[announcements->count++] = (struct waiting_announcement){id, done, context};
}

bool announce_settled(struct registry *registry, uint64_t id, bool told)
{
    struct announcements *announcements = &registry->announcements;
    if (id < first_id) {
        return false;
    }
    for (size_t i = 0; i < announcements->count; i++) {
        struct waiting_announcement waiting = announcements->waiting[i];
        if (waiting.id == id) {
            announcements->waiting[i] = announcements->waiting[--announcements->count];
            waiting.done(waiting.context, told);
            break;
        }
    }
    return true;
}

void announce_lost(struct registry *registry)
{
    struct announcements *announcements = &registry->announcements;
    while (announcements->count > 0) {
        struct waiting_announcement waiting = announcements->waiting[--announcements->count];
        waiting.done(waiting.context, false);
    }
}

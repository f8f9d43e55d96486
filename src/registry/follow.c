/* follow.c -- the event stream for who looks on: read from Redis, a page at a time. */
#include "codec/document.h"
#include "domain/event.h"
#include "registry/internal.h"
#include "store/stream.h"

#include <stdlib.h>

enum { FOLLOW_PAGE = 200 };

struct following {
    registry_followed_fn *followed;
    void *owner;
};

static void on_events(void *context, const struct store_events *found)
{
    struct following *following = context;
    bool answered = found->outcome == STORE_DONE && found->next.data != NULL;
    json_t *events = answered ? json_array() : NULL;
    for (size_t i = 0; i < found->count && events != NULL; i++) {
        const struct store_event *event = &found->events[i];
        if (json_array_append_new(events, event_document(event->id, event->fields, event->count)) != 0) {
            json_decref(events);
            events = NULL;
        }
    }
    const struct registry_page page = {.answered = events != NULL,
                                       .next = found->next,
                                       .more = found->more,
                                       .truncated = found->truncated,
                                       .events = events};
    following->followed(following->owner, &page);
    json_decref(events);
    free(following);
}

void registry_follow(struct registry *registry, struct text after, struct text worker_id, struct text type,
                     registry_followed_fn *followed, void *owner)
{
    struct following *following = malloc(sizeof *following);
    if (following == NULL) {
        followed(owner, &(struct registry_page){0});
        return;
    }
    *following = (struct following){followed, owner};
    if (after.len == 0) {
        store_last_event(registry->store, on_events, following);
    } else {
        const struct query query = {.worker_id = worker_id, .type = type};
        store_events(registry->store, &query, after, FOLLOW_PAGE, on_events, following);
    }
}

bool registry_knows_event_type(struct text type)
{
    return event_type_of(type) != EVENT_TYPE_COUNT;
}

/* query.c -- reading workers and events, answered from Redis. */
#include "registry/internal.h"

#include <stdio.h>

static json_t *text_json(struct text text)
{
    return text.data != NULL ? json_stringn(text.data, text.len) : NULL;
}

static bool store_answered(struct asker *asker, enum store_outcome outcome)
{
    intake_call_done(asker->registry);
    if (outcome != STORE_DONE) {
        asker_refuse_for(asker, asker_code_of_outcome(outcome), "The registry cannot reach its store");
    }
    return outcome == STORE_DONE;
}

static void on_list(void *context, const struct store_page *page)
{
    struct asker *asker = context;
    if (!store_answered(asker, page->outcome)) {
        return;
    }
    json_t *workers = json_array();
    for (size_t i = 0; i < page->count; i++) {
        const struct store_worker *worker = &page->workers[i];
        (void)json_array_append_new(workers, status_document(worker->id, worker->fields, worker->count));
    }
    const struct extra extras[] = {{"workers", workers}, {"cursor", text_json(page->next)}};
    asker_reply_with(asker, &(struct reply){.code = CODE_OK}, extras, 2);
}

static void on_status(void *context, const struct store_page *page)
{
    struct asker *asker = context;
    if (!store_answered(asker, page->outcome)) {
        return;
    }
    if (page->count == 0 || page->workers[0].count == 0) {
        asker_refuse_for(asker, CODE_NOT_FOUND, "Worker not registered");
        return;
    }
    const struct store_worker *worker = &page->workers[0];
    const struct extra extra = {"worker", status_document(worker->id, worker->fields, worker->count)};
    asker_reply_with(asker, &(struct reply){.code = CODE_OK}, &extra, 1);
}

static void on_events(void *context, const struct store_events *found)
{
    struct asker *asker = context;
    if (!store_answered(asker, found->outcome)) {
        return;
    }
    json_t *events = json_array();
    for (size_t i = 0; i < found->count; i++) {
        const struct store_event *event = &found->events[i];
        (void)json_array_append_new(events, event_document(event->id, event->fields, event->count));
    }
    const struct extra extras[] = {{"events", events}, {"next", text_json(found->next)}};
    asker_reply_with(asker, &(struct reply){.code = CODE_OK}, extras, 2);
}

static size_t limit_of(const struct query *query)
{
    return query->limit.set ? (size_t)query->limit.value : PAGE_DEFAULT;
}

void query_list(struct registry *registry, const struct query *query, struct asker *asker)
{
    store_list(registry->store, query, limit_of(query), on_list, asker);
}

void query_status(struct registry *registry, const struct query *query, struct asker *asker)
{
    store_read(registry->store, query->worker_id, on_status, asker);
}

void query_events(struct registry *registry, const struct query *query, struct asker *asker)
{
    store_events(registry->store, query, limit_of(query), on_events, asker);
}

/* query.c -- reading a worker, and the events. */
#include "registry/query.h"

#include "codec/document.h"
#include "registry/asker.h"
#include "registry/intake.h"
#include "registry/question.h"
#include "store/query.h"
#include "store/stream.h"
#include "store/worker.h"

#include <stdlib.h>
#include <string.h>

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

void query_status(struct registry *registry, const struct query *query, struct asker *asker)
{
    store_read(registry->store, query->worker_id, on_status, asker);
}

/* A reply that waits for the worker's document. */
struct told {
    struct asker *asker;
    struct reply reply;
    char revoked_jobs_json[];
};

/* What was done is done, whether the document can be read or not. */
static void on_told(void *context, const struct store_page *page)
{
    struct told *told = context;
    bool found = page->outcome == STORE_DONE && page->count > 0 && page->workers[0].count > 0;
    const struct store_worker *worker = found ? &page->workers[0] : NULL;
    const struct extra extra = {"worker", found ? status_document(worker->id, worker->fields, worker->count) : NULL};
    intake_call_done(told->asker->registry);
    asker_reply_with(told->asker, &told->reply, &extra, 1);
    free(told);
}

void query_reply_with_worker(struct asker *asker, const struct reply *reply)
{
    struct text jobs = reply->revoked_jobs_json;
    struct told *told = malloc(sizeof *told + jobs.len);
    if (told == NULL) {
        asker_reply(asker, reply);
        return;
    }
    *told = (struct told){.asker = asker, .reply = *reply};
    if (jobs.len > 0) {
        memcpy(told->revoked_jobs_json, jobs.data, jobs.len);
        told->reply.revoked_jobs_json.data = told->revoked_jobs_json;
    }
    asker->registry->calls_open++;
    store_read(asker->registry->store, asker->worker_id, on_told, told);
}

/* Looking for events, a few hundred at a time. */
enum { EVENT_ID_MAX = 48, EVENT_BYTES = 256 * 1024, EVENTS_MS_MAX = 500 };
struct looking {
    struct question question;
    json_t *events;
    size_t bytes;
    bool truncated;
    size_t after_len;
    char after[EVENT_ID_MAX];
};

static void look(struct looking *looking);

static void free_looking(struct looking *looking)
{
    json_decref(looking->events);
    question_fini(&looking->question);
    free(looking);
}

static void answer_events(struct looking *looking, const struct store_events *found)
{
    struct text next = {looking->after, looking->after_len};
    const struct extra extras[] = {
        {"events", looking->events},
        {"next", next.len > 0 ? text_json(next) : NULL},
        {"more", json_boolean(found->more)},
        {"oldest", text_json(found->oldest)},
        {"truncated", looking->truncated ? json_true() : NULL},
    };
    looking->events = NULL;
    question_end(&looking->question);
    asker_reply_with(looking->question.asker, &(struct reply){.code = CODE_OK}, extras,
                     sizeof extras / sizeof extras[0]);
    free_looking(looking);
}

static void take_events(struct looking *looking, const struct store_events *found)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct store_event *event = &found->events[i];
        const struct store_worker lengths = {.fields = event->fields, .count = event->count};
        (void)json_array_append_new(looking->events, event_document(event->id, event->fields, event->count));
        looking->bytes += question_bytes_of(&lengths);
    }
}

static void on_events(void *context, const struct store_events *found)
{
    struct looking *looking = context;
    struct question *question = &looking->question;
    if (!question_answered(question, found->outcome)) {
        free_looking(looking);
        return;
    }
    take_events(looking, found);
    looking->truncated = looking->truncated || found->truncated;
    if (found->next.len > 0 && found->next.len < sizeof looking->after) {
        looking->after_len = found->next.len;
        memcpy(looking->after, found->next.data, found->next.len);
    }
    bool is_full = json_array_size(looking->events) >= question->limit || looking->bytes >= EVENT_BYTES;
    if (!found->more || is_full || !question_may_go_on(question, EVENTS_MS_MAX)) {
        answer_events(looking, found);
    } else {
        look(looking);
    }
}

static void look(struct looking *looking)
{
    const struct question *question = &looking->question;
    size_t left = question->limit - json_array_size(looking->events);
    store_events(question->asker->registry->store, &question->query, (struct text){looking->after, looking->after_len},
                 left, on_events, looking);
}

void query_events(struct registry *registry, const struct query *query, struct asker *asker)
{
    struct looking *looking = calloc(1, sizeof *looking);
    json_t *events = json_array();
    if (looking == NULL || events == NULL) {
        free(looking);
        json_decref(events);
        intake_call_done(registry);
        asker_refuse_for(asker, CODE_UNAVAILABLE, "The registry is out of memory");
        return;
    }
    looking->events = events;
    looking->after_len = query->from.len < sizeof looking->after ? query->from.len : 0;
    memcpy(looking->after, query->from.data != NULL ? query->from.data : "", looking->after_len);
    if (!question_init(&looking->question, query, asker)) {
        free_looking(looking);
        return;
    }
    look(looking);
}

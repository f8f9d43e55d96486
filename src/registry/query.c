/* query.c -- what operators ask: one implementation for each verb, answered from Redis. */
#include "registry/internal.h"

#include <stdio.h>

enum { PAGE_DEFAULT = 100, PAGE_MAX = 1000 };

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

static void ask_list(struct registry *registry, const struct query *query, struct asker *asker)
{
    store_list(registry->store, query, limit_of(query), on_list, asker);
}

static void ask_status(struct registry *registry, const struct query *query, struct asker *asker)
{
    store_read(registry->store, query->worker_id, on_status, asker);
}

static void ask_events(struct registry *registry, const struct query *query, struct asker *asker)
{
    store_events(registry->store, query, limit_of(query), on_events, asker);
}

/* Digits that fit into 64 bits; returns how many there are, 0 where they do not. */
static size_t number_length(struct text text)
{
    uint64_t number = 0;
    size_t len = 0;
    for (; len < text.len && text.data[len] >= '0' && text.data[len] <= '9'; len++) {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(text.data[len] - '0'), &number)) {
            return 0;
        }
    }
    return len;
}

static bool is_number(struct text text)
{
    return text.len > 0 && number_length(text) == text.len;
}

/* milliseconds-sequence, or milliseconds alone */
static bool is_event_id(struct text text)
{
    size_t len = number_length(text);
    if (len > 0 && len < text.len && text.data[len] == '-') {
        return is_number((struct text){text.data + len + 1, text.len - len - 1});
    }
    return is_number(text);
}

static void validate_query(const struct query *query, bool needs_worker, struct violations *violations)
{
    if (needs_worker && !worker_id_valid(query->worker_id)) {
        violations_add(violations, CODE_VALIDATION_FAILED, "Worker ID is required");
    }
    if (query->limit.set && (query->limit.value < 1 || query->limit.value > PAGE_MAX)) {
        violations_add(violations, CODE_VALIDATION_FAILED, "limit must be between 1 and %d (is %lld)", PAGE_MAX,
                       (long long)query->limit.value);
    }
    if (query->cursor.len > 0 && !is_number(query->cursor)) {
        violations_add(violations, CODE_VALIDATION_FAILED, "cursor must be one that a list reply gave (is \"%.*s\")",
                       TEXT_ARG(query->cursor));
    }
    if (query->from.len > 0 && !is_event_id(query->from)) {
        violations_add(violations, CODE_VALIDATION_FAILED, "from must be an event id (is \"%.*s\")",
                       TEXT_ARG(query->from));
    }
}

struct verb {
    const char *name;
    bool needs_worker;
    void (*ask)(struct registry *registry, const struct query *query, struct asker *asker);
};

static const struct verb verbs[] = {
    {"list", false, ask_list},
    {"status", true, ask_status},
    {"events", false, ask_events},
};

static const struct verb *find_verb(struct text name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (text_is(name, verbs[i].name)) {
            return &verbs[i];
        }
    }
    return NULL;
}

static void handle_query(struct registry *registry, const struct inbound *inbound)
{
    struct query query;
    struct violations *violations = &registry->violations;
    const struct verb *verb = find_verb(inbound->sender.verb);
    violations_clear(violations);
    bool decoded = decode_query(registry->decoder, inbound->message->payload, &query, violations);
    struct asker *asker = asker_new(registry, inbound, query.worker_id, query.request_id);
    if (asker == NULL) {
        return;
    }
    if (verb == NULL) {
        asker_refuse_for(asker, CODE_NOT_FOUND, "There is no such request");
        return;
    }
    if (decoded) {
        validate_query(&query, verb->needs_worker, violations);
    }
    if (violations->count > 0) {
        asker_refuse(asker, violations);
        return;
    }
    registry->calls_open++;
    verb->ask(registry, &query, asker);
}

void handle_request(struct registry *registry, const struct inbound *inbound)
{
    struct text verb = inbound->sender.verb;
    if (text_is(verb, "register")) {
        handle_register(registry, inbound);
    } else if (text_is(verb, "deregister") || text_is(verb, "force-deregister")) {
        handle_deregister(registry, inbound);
    } else {
        handle_query(registry, inbound);
    }
}

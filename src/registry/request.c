/* request.c -- the verbs of operators: found by name, their parameters checked, handed to whoever does the work. */
#include "registry/internal.h"

#include <stdio.h>

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

/* A verb either decodes its own message, or is asked with a checked query. */
struct verb {
    const char *name;
    void (*handle)(struct registry *registry, const struct inbound *inbound);
    void (*ask)(struct registry *registry, const struct query *query, struct asker *asker);
    bool needs_worker;
};

static const struct verb verbs[] = {
    {.name = "register", .handle = handle_register},
    {.name = "deregister", .handle = handle_deregister},
    {.name = "force-deregister", .handle = handle_deregister},
    {.name = "list", .ask = query_list},
    {.name = "status", .ask = query_status, .needs_worker = true},
    {.name = "events", .ask = query_events},
    {.name = "brake-release", .ask = brake_ask_release},
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

static void handle_query(struct registry *registry, const struct verb *verb, const struct inbound *inbound)
{
    struct query query;
    struct violations *violations = &registry->violations;
    violations_clear(violations);
    if (decode_query(registry->decoder, inbound->payload, &query, violations)) {
        validate_query(&query, verb != NULL && verb->needs_worker, violations);
    }
    struct asker *asker = asker_new(registry, inbound, query.worker_id, query.request_id);
    if (asker == NULL) {
        return;
    }
    if (violations->count > 0) {
        asker_refuse(asker, violations);
    } else if (verb == NULL) {
        asker_refuse_for(asker, CODE_NOT_FOUND, "There is no such request");
    } else {
        registry->calls_open++;
        verb->ask(registry, &query, asker);
    }
}

void handle_request(struct registry *registry, const struct inbound *inbound)
{
    const struct verb *verb = find_verb(inbound->sender.verb);
    if (verb != NULL && verb->handle != NULL) {
        verb->handle(registry, inbound);
    } else {
        handle_query(registry, verb, inbound);
    }
}

void registry_ask(struct registry *registry, struct text client, struct text verb, struct text payload,
                  registry_answer_fn *answer, void *owner)
{
    struct inbound inbound = {.payload = payload,
                              .sender = {.kind = TOPIC_REQUEST, .id = client, .verb = verb},
                              .encoding = ENCODING_JSON,
                              .owner = owner,
                              .answer = answer};
    handle_request(registry, &inbound);
}

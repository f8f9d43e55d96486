/* request.c -- the verbs of operators: found by name, their parameters checked, handed to whoever does the work. */
#include "registry/request.h"

#include "codec/message.h"
#include "codec/topic.h"
#include "domain/cursor.h"
#include "domain/event.h"
#include "registry/alert.h"
#include "registry/asker.h"
#include "registry/batch.h"
#include "registry/brake.h"
#include "registry/check.h"
#include "registry/command.h"
#include "registry/configuration.h"
#include "registry/deregister.h"
#include "registry/health.h"
#include "registry/heartbeat.h"
#include "registry/identity.h"
#include "registry/import.h"
#include "registry/inbound.h"
#include "registry/internal.h"
#include "registry/operate.h"
#include "registry/query.h"
#include "registry/register.h"
#include "registry/search.h"
#include "registry/system.h"

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

/* A verb either decodes its own message, or is asked with a checked query. */
struct verb {
    const char *name;
    void (*handle)(struct registry *registry, const struct inbound *inbound);
    void (*ask)(struct registry *registry, const struct query *query, struct asker *asker);
    bool needs_worker;
    bool sorts;
    bool takes_many; /* its message may be as long as a gateway's */
};

static void validate_search(const struct verb *verb, const struct query *query, bool is_whole,
                            struct violations *violations)
{
    const struct opt_int *least = &query->minimum_free_capacity;
    struct text place;
    if (least->set && (least->value < 0 || least->value > INT32_MAX)) {
        violations_add(violations, CODE_VALIDATION_FAILED, "minimumFreeCapacity must be between 0 and %d (is %lld)",
                       INT32_MAX, (long long)least->value);
    }
    if (query->sort.len > 0 && !verb->sorts) {
        violations_add(violations, CODE_VALIDATION_FAILED, "sort must be left out: only find sorts (is \"%.*s\")",
                       TEXT_ARG(query->sort));
    } else if (query->sort.len > 0 && !text_is(query->sort, "freeCapacity")) {
        violations_add(violations, CODE_VALIDATION_FAILED, "sort must be freeCapacity (is \"%.*s\")",
                       TEXT_ARG(query->sort));
    }
    if (is_whole && query->cursor.len > 0 &&
        !cursor_read(query->cursor, cursor_request_of(text_of(verb->name), query), &place)) {
        violations_add(violations, CODE_VALIDATION_FAILED,
                       "cursor must be one that a reply to the same request gave (is \"%.*s\")",
                       TEXT_ARG(query->cursor));
    }
}

/* is_whole: all that was given has been decoded. Else what is absent may be what was refused already. */
static void validate_query(const struct verb *verb, const struct query *query, bool is_whole,
                           struct violations *violations)
{
    if (query->worker_id.data != NULL || (is_whole && verb->needs_worker)) {
        identity_require(query->worker_id, violations);
    }
    if (query->limit.set && (query->limit.value < 1 || query->limit.value > PAGE_MAX)) {
        violations_add(violations, CODE_VALIDATION_FAILED, "limit must be between 1 and %d (is %lld)", PAGE_MAX,
                       (long long)query->limit.value);
    }
    validate_search(verb, query, is_whole, violations);
    if (query->type.len > 0 && event_type_of(query->type) == EVENT_TYPE_COUNT) {
        violations_add(violations, CODE_VALIDATION_FAILED, "type must be a type of events (is \"%.*s\")",
                       TEXT_ARG(query->type));
    }
    if (query->from.len > 0 && !is_event_id(query->from)) {
        violations_add(violations, CODE_VALIDATION_FAILED, "from must be an event id (is \"%.*s\")",
                       TEXT_ARG(query->from));
    }
}

static const struct verb verbs[] = {
    {.name = "register", .handle = handle_register},
    {.name = "register-batch", .handle = handle_register_batch, .takes_many = true},
    {.name = "heartbeat", .handle = handle_heartbeat},
    {.name = "deregister", .handle = handle_deregister},
    {.name = "force-deregister", .handle = handle_deregister},
    {.name = "list", .ask = search_list},
    {.name = "find", .ask = search_find, .sorts = true},
    {.name = "export", .ask = search_export},
    {.name = "import", .handle = handle_import},
    {.name = "health", .ask = health_ask, .needs_worker = true},
    {.name = "health-summary", .ask = health_ask_summary},
    {.name = "config", .ask = configuration_ask},
    {.name = "status", .ask = query_status, .needs_worker = true},
    {.name = "events", .ask = query_events},
    {.name = "system-health", .ask = system_ask},
    {.name = "alerts", .ask = alert_ask},
    {.name = "ping", .ask = command_ping, .needs_worker = true},
    {.name = "reregister", .ask = command_reregister, .needs_worker = true},
    {.name = "brake-release", .ask = brake_ask_release},
    {.name = "recover", .ask = operate_recover, .needs_worker = true},
    {.name = "drain", .ask = operate_drain, .needs_worker = true},
    {.name = "maintain", .ask = operate_maintain, .needs_worker = true},
    {.name = "resume", .ask = operate_resume, .needs_worker = true},
    {.name = "forget", .ask = operate_forget, .needs_worker = true},
    {.name = "cleanup", .ask = operate_cleanup},
    {.name = "check", .ask = check_ask},
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

size_t request_bytes_max(struct text verb)
{
    const struct verb *found = find_verb(verb);
    return found != NULL && found->takes_many ? MESSAGE_GATEWAY_BYTES_MAX : MESSAGE_BYTES_MAX;
}

static void handle_query(struct registry *registry, const struct verb *verb, const struct inbound *inbound)
{
    struct query query;
    struct violations *violations = &registry->violations;
    violations_clear(violations);
    bool is_whole = decode_query(registry->decoder, inbound->payload, &query, violations);
    if (verb != NULL) {
        validate_query(verb, &query, is_whole, violations);
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
                              .answer = answer,
                              .by = client};
    handle_request(registry, &inbound);
}

/* results.c -- what became of each item of a batch, gathered into one reply that the broker can pass on. */
#include "registry/results.h"

#include "codec/document.h"
#include "codec/message.h"
#include "codec/topic.h"
#include "registry/asker.h"
#include "registry/inbound.h"
#include "registry/internal.h"

#include <stdio.h>
#include <stdlib.h>

/* Of a reply: what is around the results, and the longest that the shortest result can be. */
enum { ENVELOPE_BYTES = 4096, LEAST_BYTES = 640 };

struct results_item {
    struct results *results;
    json_t *result; /* NULL: none, or not yet */
};

struct results {
    struct registry *registry;
    struct asker *asker;
    bool asked;
    bool shortened;
    bool held;
    size_t count;
    size_t open; /* items that are not settled */
    size_t accepted;
    size_t room; /* bytes that are left for results */
    results_settled_fn *settled;
    void *context;
    char by[sizeof "gateway/" + WORKER_ID_MAX];
    struct results_item items[];
};

struct results *results_new(struct registry *registry, const struct inbound *inbound, const struct batch *batch,
                            bool asked)
{
    size_t count = batch->items.count;
    struct asker *asker = asker_new(registry, inbound, (struct text){0}, batch->request_id);
    struct results *results = asker != NULL ? calloc(1, sizeof *results + count * sizeof *results->items) : NULL;
    if (results == NULL) {
        asker_reply(asker,
                    &(struct reply){.code = CODE_UNAVAILABLE, .message = text_of("The registry is out of memory")});
        return NULL;
    }
    asker->uncounted = true;
    results->registry = registry;
    results->asker = asker;
    results->asked = asked;
    results->held = true;
    results->count = count;
    results->open = count;
    results->room = MESSAGE_GATEWAY_BYTES_MAX - ENVELOPE_BYTES;
    (void)snprintf(results->by, sizeof results->by, "%s%.*s", asker->kind == TOPIC_REQUEST ? "" : "gateway/",
                   TEXT_ARG(asker->by));
    for (size_t i = 0; i < count; i++) {
        results->items[i].results = results;
    }
    return results;
}

void results_watch(struct results *results, results_settled_fn *settled, void *context)
{
    results->settled = settled;
    results->context = context;
}

static json_t *take_results(struct results *results)
{
    json_t *list = json_array();
    for (size_t i = 0; i < results->count; i++) {
        if (results->items[i].result != NULL) {
            (void)json_array_append_new(list, results->items[i].result);
        }
    }
    return list;
}

static void finish(struct results *results)
{
    json_t *list = take_results(results);
    if (!results->asked && json_array_size(list) == 0) {
        json_decref(list);
        asker_free(results->asker);
        free(results);
        return;
    }
    char message[64];
    const struct extra extras[] = {
        {"accepted", json_integer((json_int_t)results->accepted)},
        {"refused", json_integer((json_int_t)(results->count - results->accepted))},
        {"shortened", results->shortened ? json_true() : NULL},
        {"results", list},
    };
    (void)snprintf(message, sizeof message, "%zu of %zu accepted", results->accepted, results->count);
    asker_reply_with(results->asker, &(struct reply){.code = CODE_OK, .message = text_of(message)}, extras,
                     sizeof extras / sizeof extras[0]);
    free(results);
}

static void finish_when_all_is_known(struct results *results)
{
    if (results->open == 0 && !results->held) {
        finish(results);
    }
}

void results_release(struct results *results)
{
    results->held = false;
    finish_when_all_is_known(results);
}

struct results_item *results_item(struct results *results, size_t index)
{
    return &results->items[index];
}

static void settle(struct results *results, enum reply_code code)
{
    results->accepted += code == CODE_OK ? 1 : 0;
    if (results->settled != NULL) {
        results->settled(results->context);
    }
    results->open--;
    finish_when_all_is_known(results);
}

static json_t *copy_of(const json_t *document, const char *const *names, size_t count)
{
    json_t *copy = json_object();
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_object_get(document, names[i]);
        if (value != NULL) {
            (void)json_object_set(copy, names[i], value);
        }
    }
    return copy;
}

static size_t bytes_of(struct results *results, const json_t *document)
{
    struct buf *payload = &results->registry->payload;
    buf_clear(payload);
    bool encoded = encode_document(document, results->asker->encoding, payload) == ERR_OK;
    return encoded ? payload->len + sizeof "," : SIZE_MAX;
}

/* Takes the document over, as much of it as there is room for while every item still to come has its least. */
static json_t *fit(struct results *results, json_t *document)
{
    static const char *const least[] = {"success", "code", "workerId"};
    size_t room = results->room - (results->open - 1) * LEAST_BYTES;
    size_t bytes = bytes_of(results, document);
    if (bytes > room) {
        results->shortened = true;
        (void)json_object_del(document, "worker");
        bytes = bytes_of(results, document);
    }
    if (bytes > room) {
        json_t *shortest = copy_of(document, least, sizeof least / sizeof least[0]);
        json_decref(document);
        document = shortest;
        bytes = bytes_of(results, document);
    }
    results->room -= bytes < results->room ? bytes : results->room;
    return document;
}

/* document NULL: there was no memory for it. */
static void on_answer(void *owner, enum reply_code code, const json_t *document)
{
    struct results_item *item = owner;
    json_t *result = document != NULL ? json_incref((json_t *)document)
                                      : json_pack("{s:b, s:s}", "success", code == CODE_OK, "code", code_name(code));
    if (result != NULL) {
        item->result = fit(item->results, result);
    }
    settle(item->results, code);
}

struct inbound results_inbound(struct results_item *item)
{
    const struct results *results = item->results;
    const struct asker *asker = results->asker;
    return (struct inbound){.sender = {.kind = asker->kind, .id = asker->by},
                            .encoding = asker->encoding,
                            .owner = item,
                            .answer = on_answer,
                            .by = text_of(results->by),
                            .item = results->asked ? NULL : item};
}

void results_pass(struct results_item *item, enum reply_code code)
{
    if (item != NULL) {
        settle(item->results, code);
    }
}

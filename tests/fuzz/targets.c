/* targets.c -- the promises of the codec that hold for any bytes whatsoever. */
#include "targets.h"

#include "codec/labels.h"
#include "codec/schema.h"
#include "codec/topic.h"
#include "decoded.h"
#include "domain/validate.h"
#include "domain/worker.h"

#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>

static void promise(bool kept, const char *what)
{
    if (!kept) {
        (void)fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

/* Room for what grows when it is written in the other encoding. */
static struct decoder *shared_decoder(size_t which)
{
    static struct decoder *decoders[2];
    if (decoders[which] == NULL) {
        decoders[which] = decoder_new(which == 0 ? MESSAGE_BYTES_MAX : MESSAGE_GATEWAY_BYTES_MAX);
    }
    return decoders[which];
}

static void check_violations(bool accepted, const struct violations *violations)
{
    promise(accepted == (violations->count == 0), "refused with a violation, accepted without");
    promise(accepted == (violations->code == CODE_OK), "a code goes with a violation");
    promise(accepted || violations->code == CODE_INVALID_PAYLOAD || violations->code == CODE_TOO_LARGE ||
                violations->code == CODE_VALIDATION_FAILED,
            "a refusal has one of three codes");
    for (size_t i = 0; i < violations_kept(violations); i++) {
        promise(violations->texts[i][0] != '\0', "a violation has a sentence");
    }
}

static const struct decoded_message *find_message(const char *name)
{
    size_t at = 0;
    while (strcmp(decoded_messages[at].name, name) != 0) {
        at++;
    }
    return &decoded_messages[at];
}

static json_t *decode(const struct decoded_message *message, size_t which, struct text payload, bool *out_accepted)
{
    struct violations violations = {0};
    json_t *decoded = message->decode(shared_decoder(which), payload, out_accepted, &violations);
    check_violations(*out_accepted, &violations);
    promise(decoded != NULL, "what was decoded can be shown: its texts are valid");
    return decoded;
}

/* A number with more than 15 digits may be written otherwise at the second time, and names are sorted then. */
static void drop_changing(json_t *decoded)
{
    (void)json_object_del(decoded, "capabilityNames");
    (void)json_object_del(decoded, "capabilities");
    (void)json_object_del(decoded, "workerLoadFactor");
    (void)json_object_del(decoded, "cpuUsage");
    (void)json_object_del(decoded, "memoryUsage");
}

static void check_again(const struct decoded_message *message, const json_t *expected, struct buf *payload)
{
    bool accepted = false;
    json_t *again = decode(message, 1, buf_text(payload), &accepted);
    promise(accepted, "what was accepted is accepted again when it is sent on");
    drop_changing(again);
    promise(json_equal(again, (json_t *)expected) != 0, "what is sent on says the same");
    json_decref(again);
    buf_fini(payload);
}

/* Decodes, and where that is accepted encodes and decodes again, in both encodings. */
#define X(name)                                                                                                        \
    void fuzz_##name(struct text input)                                                                                \
    {                                                                                                                  \
        const struct decoded_message *message = find_message(#name);                                                   \
        bool accepted = false;                                                                                         \
        json_t *expected = decode(message, 0, input, &accepted);                                                       \
        drop_changing(expected);                                                                                       \
        for (int encoding = ENCODING_JSON; encoding <= ENCODING_MSGPACK && accepted; encoding++) {                     \
            struct name decoded;                                                                                       \
            struct violations violations = {0};                                                                        \
            struct buf payload = {0};                                                                                  \
            promise(decode_##name(shared_decoder(0), input, &decoded, &violations), "decoding is repeatable");         \
            promise(encode_##name(&decoded, (enum encoding)encoding, &payload) == ERR_OK, "what came in can go out");  \
            check_again(message, expected, &payload);                                                                  \
        }                                                                                                              \
        json_decref(expected);                                                                                         \
    }
X(registration)
X(heartbeat)
X(deregistration)
X(will)
#undef X

void fuzz_query(struct text input)
{
    bool accepted = false;
    json_decref(decode(find_message("query"), 0, input, &accepted));
}

/* Whether an item is taken, and as what, does not depend on where it stands. */
static void compare_with_alone(const struct decoded_message *message, const json_t *shown, const json_t *item)
{
    struct buf payload = {0};
    bool accepted = false;
    promise(encode_document(item, ENCODING_MSGPACK, &payload) == ERR_OK, "an item can be encoded");
    json_t *alone = decode(message, 1, buf_text(&payload), &accepted);
    json_t *decoded = json_object_get(shown, "decoded");
    promise(accepted == (decoded != NULL), "an item is accepted in a batch and alone, or neither");
    if (accepted) {
        drop_changing(alone);
        drop_changing(decoded);
        promise(json_equal(alone, decoded), "an item says the same in a batch and alone");
    }
    json_decref(alone);
    buf_fini(&payload);
}

static void check_items(const struct decoded_message *message, const json_t *shown, const json_t *given)
{
    const json_t *items = json_object_get(shown, "items");
    promise(json_array_size(items) == json_array_size(given), "a batch has as many items as were given");
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(given, i);
        if (json_is_object(item)) {
            compare_with_alone(message, json_array_get(items, i), item);
        } else {
            promise(json_object_get(json_array_get(items, i), "errors") != NULL, "an item is a map");
        }
    }
}

void fuzz_batch(struct text input)
{
    struct violations violations = {0};
    json_t *document = decode_document(shared_decoder(0), input, &violations);
    const json_t *given = json_object_get(document, "workers");
#define X(name)                                                                                                        \
    {                                                                                                                  \
        bool accepted = false;                                                                                         \
        json_t *shown = decode(find_message(#name "s"), 0, input, &accepted);                                          \
        promise(accepted || json_object_get(shown, "items") == NULL, "a batch that is refused has no items");          \
        promise(json_array_size(json_object_get(shown, "items")) <= BATCH_ITEMS_MAX, "a batch keeps to its limit");    \
        if (accepted && given != NULL) {                                                                               \
            check_items(find_message(#name), shown, given);                                                            \
        }                                                                                                              \
        json_decref(shown);                                                                                            \
    }
    DECODED_BATCHES(X)
#undef X
    json_decref(document);
}

static void show_list(json_t *tree, const char *name, struct texts texts, size_t bytes_max)
{
    for (size_t i = 0; i < texts.count; i++) {
        promise(texts.items[i].len <= bytes_max, "a text in a list keeps to its limit");
    }
    json_t *list = labels_tree(texts);
    promise(list != NULL, "what was decoded can be shown: its texts are valid");
    (void)json_object_set_new(tree, name, list);
}

/* What an item says of a worker's state, as a tree; NULL where it is refused. */
static json_t *decode_state(size_t which, const struct batch *batch, size_t index)
{
    struct violations violations = {0};
    struct worker_state state;
    bool accepted = decode_batch_state(shared_decoder(which), batch, index, &state, &violations);
    check_violations(accepted, &violations);
    validate_state(&state, &violations);
    json_t *tree = schema_tree(&schema_state, &state);
    promise(tree != NULL, "what was decoded can be shown: its texts are valid");
    show_list(tree, "jobs", state.jobs, WORKER_JOB_MAX);
    show_list(tree, "revokedJobs", state.revoked_jobs, WORKER_JOB_MAX);
    show_list(tree, "boots", state.boots, WORKER_BOOT_ID_MAX);
    if (!accepted) {
        json_decref(tree);
        return NULL;
    }
    drop_changing(tree);
    return tree;
}

/* The item as it was given, alone, in MessagePack. */
static json_t *decode_state_alone(const json_t *item)
{
    struct violations violations = {0};
    struct buf payload = {0};
    struct batch batch;
    json_t *list = json_pack("{s:[O]}", "workers", item);
    promise(encode_document(list, ENCODING_MSGPACK, &payload) == ERR_OK, "an item can be encoded");
    promise(decode_batch(shared_decoder(1), buf_text(&payload), &batch, &violations), "a batch of one can be decoded");
    json_t *alone = decode_state(1, &batch, 0);
    json_decref(list);
    buf_fini(&payload);
    return alone;
}

/* Records that are imported. Decoding a document makes the batch void. */
void fuzz_state(struct text input)
{
    struct violations violations = {0};
    json_t *document = decode_document(shared_decoder(0), input, &violations);
    const json_t *given = json_object_get(document, "workers");
    struct batch batch;
    violations_clear(&violations);
    size_t count = decode_batch(shared_decoder(0), input, &batch, &violations) ? batch.items.count : 0;
    for (size_t i = 0; i < count; i++) {
        json_t *shown = decode_state(0, &batch, i);
        const json_t *item = json_array_get(given, i);
        if (json_is_object(item)) {
            json_t *alone = decode_state_alone(item);
            promise((shown == NULL) == (alone == NULL), "a state is accepted in either encoding, or in neither");
            promise(shown == NULL || json_equal(shown, alone), "a state says the same in either encoding");
            json_decref(alone);
        }
        json_decref(shown);
    }
    json_decref(document);
}

/* jansson passes over a zero byte that follows a value. */
static void compare_with_jansson(struct text input, json_t *document, const struct violations *violations)
{
    json_t *theirs = json_loadb(input.data, input.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    if (document != NULL) {
        promise(theirs != NULL, "jansson reads it too");
        promise(json_equal(document, theirs), "jansson reads the same");
    } else if (theirs != NULL && memchr(input.data, '\0', input.len) == NULL) {
        promise(violations->code == CODE_TOO_LARGE || !json_is_object(theirs), "jansson refuses it too");
    }
    json_decref(theirs);
}

/* Only what was accepted is shown to msgpack-c: it reserves what a payload declares. */
static void compare_with_msgpack_c(struct text input)
{
    msgpack_unpacked unpacked;
    size_t offset = 0;
    msgpack_unpacked_init(&unpacked);
    promise(msgpack_unpack_next(&unpacked, input.data, input.len, &offset) == MSGPACK_UNPACK_SUCCESS,
            "msgpack-c reads it too");
    promise(offset == input.len, "msgpack-c reads as far");
    promise(unpacked.data.type == MSGPACK_OBJECT_MAP, "msgpack-c reads a map");
    msgpack_unpacked_destroy(&unpacked);
}

void fuzz_document(struct text input)
{
    struct violations violations = {0};
    struct buf payload = {0};
    json_t *document = decode_document(shared_decoder(0), input, &violations);
    check_violations(document != NULL, &violations);
    if (input.len > 0 && encoding_of(input) == ENCODING_JSON) {
        compare_with_jansson(input, document, &violations);
    } else if (document != NULL) {
        compare_with_msgpack_c(input);
    }
    if (document != NULL) {
        promise(encode_document(document, ENCODING_MSGPACK, &payload) == ERR_OK, "a document can be encoded");
        struct violations again = {0};
        json_t *same = decode_document(shared_decoder(1), buf_text(&payload), &again);
        promise(same != NULL && json_equal(document, same), "a document survives MessagePack");
        json_decref(same);
    }
    json_decref(document);
    buf_fini(&payload);
}

static void check_topic(struct text root, struct text given)
{
    struct topic topic = topic_parse(root, given);
    struct buf own = {0};
    promise((unsigned)topic.kind < TOPIC_KIND_COUNT, "a topic has a kind");
    if (topic.kind == TOPIC_UNKNOWN || topic.kind == TOPIC_CANARY) {
        promise(topic.id.data == NULL && topic.verb.data == NULL, "nobody speaks");
        return;
    }
    promise(worker_id_valid(topic.id), "an id is valid");
    promise(topic.id.data > given.data && topic.id.data + topic.id.len < given.data + given.len, "an id is a slice");
    promise((topic.verb.len > 0) == (topic.kind == TOPIC_REQUEST), "a request has a verb");
    topic_append_reply(&own, root, &topic);
    promise(topic_reply_allowed(root, &topic, buf_text(&own)), "the own reply topic is allowed");
    buf_fini(&own);
}

void fuzz_topic(struct text input)
{
    const struct text root = text_of("muster/v1");
    const char *end = input.len > 0 ? memchr(input.data, '\n', input.len) : NULL;
    size_t len = end != NULL ? (size_t)(end - input.data) : input.len;
    struct text given = {input.data, len};
    struct text response = {input.data + len + 1, end != NULL ? input.len - len - 1 : 0};
    check_topic(root, given);
    struct topic topic = topic_parse(root, given);
    if (end != NULL && topic_reply_allowed(root, &topic, response)) {
        struct buf own = {0};
        topic_append_reply(&own, root, &topic);
        promise(response.len >= own.len && memcmp(response.data, own.data, own.len) == 0,
                "a reply stays with its asker");
        promise(response.len == own.len || response.data[own.len] == '/', "a reply stays with its asker, exactly");
        promise(memchr(response.data, '#', response.len) == NULL, "a response topic has no wildcard");
        buf_fini(&own);
    }
}

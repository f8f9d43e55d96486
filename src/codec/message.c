/* message.c -- a decoder: payloads of either encoding to domain values, field by field. */
#include "codec/message.h"

#include "codec/check.h"
#include "codec/decoder.h"
#include "codec/json.h"
#include "codec/labels.h"
#include "codec/schema.h"
#include "codec/tree.h"

#include <stdlib.h>

enum { BYTES_A_CONTAINER = 64, UTF8_MARK = 0xef };

/* A map of MessagePack begins beyond ASCII, a JSON text within it (or with the mark of UTF-8, which no map has). */
enum encoding encoding_of(struct text payload)
{
    unsigned char first = payload.len > 0 ? (unsigned char)payload.data[0] : 0;
    return first < 0x80 || first == UTF8_MARK ? ENCODING_JSON : ENCODING_MSGPACK;
}

const char *encoding_content_type(enum encoding encoding)
{
    return encoding == ENCODING_JSON ? "application/json" : "application/msgpack";
}

struct decoder *decoder_new(size_t bytes_max)
{
    struct decoder *decoder = calloc(1, sizeof *decoder);
    if (decoder != NULL) {
        decoder->bytes_max = bytes_max;
    }
    return decoder;
}

static void forget_item(struct decoder *decoder)
{
    json_decref(decoder->capabilities_tree);
    decoder->capabilities_tree = NULL;
    buf_clear(&decoder->unescaped_item);
    buf_clear(&decoder->unescaped_inside);
}

static void forget(struct decoder *decoder)
{
    forget_item(decoder);
    buf_clear(&decoder->unescaped);
}

void decoder_free(struct decoder *decoder)
{
    if (decoder != NULL) {
        forget(decoder);
        buf_fini(&decoder->unescaped);
        buf_fini(&decoder->unescaped_item);
        buf_fini(&decoder->unescaped_inside);
        buf_fini(&decoder->capabilities_json);
        buf_fini(&decoder->tags_json);
        free(decoder);
    }
}

static size_t containers_max(const struct decoder *decoder)
{
    return decoder->bytes_max / BYTES_A_CONTAINER;
}

void decoder_open(const struct decoder *decoder, struct reader *reader, struct text bytes, enum encoding encoding,
                  size_t depth_max, struct buf *unescaped)
{
    reader_open(reader, bytes, encoding, depth_max, containers_max(decoder), unescaped);
}

void decoder_add_fault(const struct reader *reader, const char *name, struct violations *out_violations)
{
    const struct wire_source *source = &reader->source;
    switch (reader->fault) {
    case READER_SOUND:
        if (reader_bytes_left(reader) > 0) {
            violations_add(out_violations, CODE_INVALID_PAYLOAD, "%s must be one value (has %zu bytes after it)", name,
                           reader_bytes_left(reader));
        }
        break;
    case READER_MALFORMED:
        violations_add(out_violations, CODE_INVALID_PAYLOAD, "%s must be valid %s (at byte %zu: %s)", name,
                       reader->encoding == ENCODING_JSON ? "JSON" : "MessagePack", (size_t)(source->at - source->begin),
                       source->why);
        break;
    case READER_TOO_DEEP:
        violations_add(out_violations, CODE_TOO_LARGE, "%s must be nested at most %zu deep (is deeper)", name,
                       reader->depth_max);
        break;
    case READER_TOO_MANY:
        violations_add(out_violations, CODE_TOO_LARGE, "%s must hold at most %zu lists and maps (has more)", name,
                       reader->containers_max);
        break;
    }
}

bool decoder_begin(struct decoder *decoder, struct text payload, size_t depth_max, struct wire_value *out_top,
                   struct violations *out_violations)
{
    struct reader *reader = &decoder->reader;
    forget(decoder);
    if (payload.len > decoder->bytes_max) {
        violations_add(out_violations, CODE_TOO_LARGE, "payload must be at most %zu bytes (has %zu)",
                       decoder->bytes_max, payload.len);
        return false;
    }
    if (payload.len == 0) {
        violations_add(out_violations, CODE_INVALID_PAYLOAD, "payload must be a map (is empty)");
        return false;
    }
    decoder_open(decoder, reader, payload, encoding_of(payload), depth_max, &decoder->unescaped);
    if (!reader_next(reader, out_top)) {
        decoder_add_fault(reader, "payload", out_violations);
        return false;
    }
    return true;
}

/* Reads the head of the map at the top; false, with the violation, where there is none. */
static bool begin(struct decoder *decoder, struct text payload, struct wire_value *out_map,
                  struct violations *violations)
{
    if (!decoder_begin(decoder, payload, MESSAGE_DEPTH_MAX, out_map, violations)) {
        return false;
    }
    if (out_map->kind != WIRE_MAP) {
        check_mismatch("payload", "a map", out_map, violations);
        return false;
    }
    return true;
}

static void decode(struct decoder *decoder, struct text payload, const struct schema *schema, void *message,
                   struct violations *violations)
{
    struct wire_value map;
    decoder->given = UINT32_MAX;
    if (begin(decoder, payload, &map, violations)) {
        schema_read(decoder, schema, &map, message, violations);
        decoder_add_fault(&decoder->reader, "payload", violations);
    }
}

/* The item is known to be well-formed, so that nothing but a limit can stop the reader. */
static void decode_item(struct decoder *decoder, const struct batch *batch, size_t index, const struct schema *schema,
                        void *message, struct violations *violations)
{
    struct reader *reader = &decoder->reader;
    struct wire_value map;
    decoder->given = UINT32_MAX;
    forget_item(decoder);
    reader_open(reader, batch->items.items[index], batch->encoding, MESSAGE_DEPTH_MAX,
                MESSAGE_BYTES_MAX / BYTES_A_CONTAINER, &decoder->unescaped_item);
    if (reader_next(reader, &map) && map.kind != WIRE_MAP) {
        check_mismatch("item", "a map", &map, violations);
        return;
    }
    if (reader->fault == READER_SOUND) {
        schema_read(decoder, schema, &map, message, violations);
    }
    if (reader->fault != READER_SOUND) {
        decoder_add_fault(reader, "item", violations);
    } else if (reader_bytes_taken(reader) > MESSAGE_BYTES_MAX) {
        violations_add(violations, CODE_TOO_LARGE, "item must be at most %d bytes (has %zu)", MESSAGE_BYTES_MAX,
                       reader_bytes_taken(reader));
    }
}

/* The declarations in one form, whatever encoding they came in. */
static void canonicalize(struct decoder *decoder, struct registration *out, struct violations *violations)
{
    enum err err = ERR_OK;
    if (decoder->capabilities_tree != NULL) {
        buf_clear(&decoder->capabilities_json);
        err = json_append(&decoder->capabilities_json, decoder->capabilities_tree, true);
        out->capabilities_json = buf_text(&decoder->capabilities_json);
    }
    if (err == ERR_OK && out->tags.items != NULL) {
        json_t *tags = labels_tree(out->tags);
        buf_clear(&decoder->tags_json);
        err = tags != NULL ? json_append(&decoder->tags_json, tags, false) : ERR_NO_MEMORY;
        json_decref(tags);
        out->tags_json = buf_text(&decoder->tags_json);
    }
    if (err != ERR_OK) {
        violations_add(violations, CODE_UNAVAILABLE, "The registry is out of memory");
    }
}

static bool settle_registration(struct decoder *decoder, struct registration *out, size_t violations_before,
                                struct violations *violations)
{
    canonicalize(decoder, out, violations);
    if (violations->count == violations_before) {
        return true;
    }
    const struct schema *schema = &schema_registration;
    out->refused.worker_id = out->worker_id.data == NULL && schema_given(decoder, schema, "workerId");
    out->refused.name = out->name.data == NULL && schema_given(decoder, schema, "name");
    out->refused.max_concurrent_jobs =
        !out->max_concurrent_jobs.set && schema_given(decoder, schema, "maxConcurrentJobs");
    return false;
}

bool decode_registration(struct decoder *decoder, struct text payload, struct registration *out,
                         struct violations *out_violations)
{
    size_t before = out_violations->count;
    *out = (struct registration){0};
    decode(decoder, payload, &schema_registration, out, out_violations);
    return settle_registration(decoder, out, before, out_violations);
}

bool decode_batch_registration(struct decoder *decoder, const struct batch *batch, size_t index,
                               struct registration *out, struct violations *out_violations)
{
    size_t before = out_violations->count;
    *out = (struct registration){0};
    decode_item(decoder, batch, index, &schema_registration, out, out_violations);
    return settle_registration(decoder, out, before, out_violations);
}

static void settle_jobs(struct decoder *decoder, struct heartbeat *heartbeat)
{
    struct opt_int *count = &heartbeat->current_job_count;
    int64_t listed = (int64_t)heartbeat->jobs.count;
    if (heartbeat->jobs.items == NULL) {
        return;
    }
    heartbeat->jobs_given = true;
    heartbeat->jobs_contradict = (count->set && count->value != listed) || labels_repeat(decoder, heartbeat->jobs);
    if (!count->set) {
        *count = (struct opt_int){.set = true, .value = listed};
    }
}

bool decode_heartbeat(struct decoder *decoder, struct text payload, struct heartbeat *out,
                      struct violations *out_violations)
{
    size_t before = out_violations->count;
    *out = (struct heartbeat){0};
    if (payload.len == 0) {
        return true;
    }
    decode(decoder, payload, &schema_heartbeat, out, out_violations);
    settle_jobs(decoder, out);
    return out_violations->count == before;
}

bool decode_batch_heartbeat(struct decoder *decoder, const struct batch *batch, size_t index, struct heartbeat *out,
                            struct violations *out_violations)
{
    size_t before = out_violations->count;
    *out = (struct heartbeat){0};
    decode_item(decoder, batch, index, &schema_heartbeat, out, out_violations);
    settle_jobs(decoder, out);
    return out_violations->count == before;
}

size_t decode_item_bytes(const struct decoder *decoder)
{
    return reader_bytes_taken(&decoder->reader);
}

bool decode_deregistration(struct decoder *decoder, struct text payload, struct deregistration *out,
                           struct violations *out_violations)
{
    size_t before = out_violations->count;
    *out = (struct deregistration){0};
    if (payload.len > 0) {
        decode(decoder, payload, &schema_deregistration, out, out_violations);
    }
    return out_violations->count == before;
}

bool decode_batch_deregistration(struct decoder *decoder, const struct batch *batch, size_t index,
                                 struct deregistration *out, struct violations *out_violations)
{
    size_t before = out_violations->count;
    *out = (struct deregistration){0};
    decode_item(decoder, batch, index, &schema_deregistration, out, out_violations);
    return out_violations->count == before;
}

bool decode_batch_state(struct decoder *decoder, const struct batch *batch, size_t index, struct worker_state *out,
                        struct violations *out_violations)
{
    size_t before = out_violations->count;
    *out = (struct worker_state){0};
    decode_item(decoder, batch, index, &schema_state, out, out_violations);
    return out_violations->count == before;
}

bool decode_will(struct decoder *decoder, struct text payload, struct will *out, struct violations *out_violations)
{
    size_t before = out_violations->count;
    *out = (struct will){0};
    decode(decoder, payload, &schema_will, out, out_violations);
    return out_violations->count == before;
}

bool decode_batch_will(struct decoder *decoder, const struct batch *batch, size_t index, struct will *out,
                       struct violations *out_violations)
{
    size_t before = out_violations->count;
    *out = (struct will){0};
    decode_item(decoder, batch, index, &schema_will, out, out_violations);
    return out_violations->count == before;
}

bool decode_query(struct decoder *decoder, struct text payload, struct query *out, struct violations *out_violations)
{
    size_t before = out_violations->count;
    *out = (struct query){0};
    if (payload.len > 0) {
        decode(decoder, payload, &schema_query, out, out_violations);
    }
    return out_violations->count == before;
}

json_t *decode_document(struct decoder *decoder, struct text payload, struct violations *out_violations)
{
    struct wire_value map;
    if (!begin(decoder, payload, &map, out_violations)) {
        return NULL;
    }
    const char *why = "more than there is memory for";
    size_t before = out_violations->count;
    json_t *tree = tree_read(&decoder->reader, &map, TREE_REALS_AS_GIVEN, &why);
    if (tree == NULL && decoder->reader.fault == READER_SOUND) {
        violations_add(out_violations, CODE_INVALID_PAYLOAD, "payload must be without %s", why);
    } else {
        decoder_add_fault(&decoder->reader, "payload", out_violations);
    }
    if (out_violations->count > before) {
        json_decref(tree);
        tree = NULL;
    }
    return tree;
}

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

static void drop_trees(struct decoder *decoder)
{
    json_decref(decoder->payload_tree);
    json_decref(decoder->capabilities_text);
    json_decref(decoder->capabilities_tree);
    decoder->payload_tree = NULL;
    decoder->capabilities_text = NULL;
    decoder->capabilities_tree = NULL;
}

void decoder_free(struct decoder *decoder)
{
    if (decoder != NULL) {
        drop_trees(decoder);
        buf_fini(&decoder->capabilities_json);
        buf_fini(&decoder->tags_json);
        free(decoder);
    }
}

size_t decoder_containers_max(const struct decoder *decoder)
{
    return decoder->bytes_max / BYTES_A_CONTAINER;
}

static void add_fault(const struct decoder *decoder, struct violations *violations)
{
    const struct reader *reader = &decoder->reader;
    switch (reader->fault) {
    case READER_SOUND:
        if (!reader_is_at_end(reader)) {
            violations_add(violations, CODE_INVALID_PAYLOAD, "payload must end with its map (has %zu bytes more)",
                           (size_t)(reader->end - reader->at));
        }
        break;
    case READER_ENDS_EARLY:
        violations_add(violations, CODE_INVALID_PAYLOAD,
                       "payload must be valid MessagePack (ends too early, after %zu bytes)",
                       (size_t)(reader->end - reader->begin));
        break;
    case READER_BAD_BYTE:
        violations_add(violations, CODE_INVALID_PAYLOAD, "payload must be valid MessagePack (has 0xc1 at byte %zu)",
                       (size_t)(reader->at - reader->begin) - 1);
        break;
    case READER_TOO_DEEP:
        violations_add(violations, CODE_TOO_LARGE, "payload must be nested at most %d deep (is deeper)",
                       MESSAGE_DEPTH_MAX);
        break;
    case READER_TOO_MANY:
        violations_add(violations, CODE_TOO_LARGE, "payload must hold at most %zu lists and maps (has more)",
                       decoder_containers_max(decoder));
        break;
    }
}

/* Opens the reader and reads the head of the map; false, with the violation, where there is none. */
static bool begin(struct decoder *decoder, struct text payload, struct wire_value *out_map,
                  struct violations *violations)
{
    drop_trees(decoder);
    if (payload.len > decoder->bytes_max) {
        violations_add(violations, CODE_TOO_LARGE, "payload must be at most %zu bytes (has %zu)", decoder->bytes_max,
                       payload.len);
        return false;
    }
    if (payload.len == 0) {
        violations_add(violations, CODE_INVALID_PAYLOAD, "payload must be a map (is empty)");
        return false;
    }
    if (encoding_of(payload) == ENCODING_JSON) {
        decoder->payload_tree =
            json_load(payload, MESSAGE_DEPTH_MAX, decoder_containers_max(decoder), "payload", violations);
        if (decoder->payload_tree == NULL) {
            return false;
        }
        reader_open_json(&decoder->reader, decoder->payload_tree);
    } else {
        reader_open_msgpack(&decoder->reader, payload, decoder_containers_max(decoder));
    }
    if (!reader_next(&decoder->reader, out_map)) {
        add_fault(decoder, violations);
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
    if (begin(decoder, payload, &map, violations)) {
        schema_read(decoder, schema, &map, message, violations);
        add_fault(decoder, violations);
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

bool decode_registration(struct decoder *decoder, struct text payload, struct registration *out,
                         struct violations *out_violations)
{
    size_t before = out_violations->count;
    *out = (struct registration){0};
    decode(decoder, payload, &schema_registration, out, out_violations);
    canonicalize(decoder, out, out_violations);
    return out_violations->count == before;
}

static void settle_jobs(struct decoder *decoder, struct heartbeat *heartbeat)
{
    struct opt_int *count = &heartbeat->current_job_count;
    int64_t listed = (int64_t)heartbeat->jobs.count;
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
    if (out->jobs.items != NULL) {
        settle_jobs(decoder, out);
    }
    return out_violations->count == before;
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

bool decode_will(struct decoder *decoder, struct text payload, struct will *out, struct violations *out_violations)
{
    size_t before = out_violations->count;
    *out = (struct will){0};
    decode(decoder, payload, &schema_will, out, out_violations);
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
    if (decoder->payload_tree != NULL) {
        json_t *tree = decoder->payload_tree;
        decoder->payload_tree = NULL;
        return tree;
    }
    const char *why = "more than there is memory for";
    size_t before = out_violations->count;
    json_t *tree = tree_read(&decoder->reader, &map, TREE_REALS_AS_GIVEN, &why);
    if (tree == NULL && decoder->reader.fault == READER_SOUND) {
        violations_add(out_violations, CODE_INVALID_PAYLOAD, "payload must be without %s", why);
    } else {
        add_fault(decoder, out_violations);
    }
    if (out_violations->count > before) {
        json_decref(tree);
        tree = NULL;
    }
    return tree;
}

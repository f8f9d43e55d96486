/* reader.c -- one walk over the bytes of both encodings, as deep as is allowed. */
#include "codec/reader.h"

#include "codec/json.h"
#include "codec/msgpack.h"

void reader_open(struct reader *reader, struct text bytes, enum encoding encoding, size_t depth_max,
                 size_t containers_max, struct buf *unescaped)
{
    const unsigned char *begin = (const unsigned char *)bytes.data;
    reader->source =
        (struct wire_source){.begin = begin, .at = begin, .end = begin + bytes.len, .unescaped = unescaped};
    reader->encoding = encoding;
    reader->depth_max = depth_max;
    reader->containers_max = containers_max;
    reader->containers_left = containers_max;
    reader->depth = 0;
    reader->fault = READER_SOUND;
}

static bool fail(struct reader *reader, enum reader_fault fault, const char *why)
{
    reader->fault = fault;
    if (why != NULL) {
        reader->source.why = why;
    }
    return false;
}

static struct reader_frame *innermost(struct reader *reader)
{
    return reader->depth > 0 ? &reader->frames[reader->depth - 1] : NULL;
}

static bool open_container(struct reader *reader, struct wire_value *value)
{
    if (reader->depth == reader->depth_max) {
        return fail(reader, READER_TOO_DEEP, NULL);
    }
    if (reader->containers_left == 0) {
        return fail(reader, READER_TOO_MANY, NULL);
    }
    reader->containers_left--;
    struct reader_frame *frame = &reader->frames[reader->depth++];
    frame->is_map = value->kind == WIRE_MAP;
    frame->is_at_value = false;
    value->level = reader->depth;
    return true;
}

static bool is_container(const struct wire_value *value)
{
    return value->kind == WIRE_LIST || value->kind == WIRE_MAP;
}

static void leave_finished(struct reader *reader)
{
    while (reader->depth > 0 && innermost(reader)->left == 0) {
        reader->depth--;
    }
}

static bool next_msgpack(struct reader *reader, struct wire_value *out)
{
    if (!msgpack_next(&reader->source, out)) {
        return fail(reader, READER_MALFORMED, NULL);
    }
    struct reader_frame *frame = innermost(reader);
    if (frame != NULL) {
        frame->left--;
    }
    if (is_container(out)) {
        size_t left = out->kind == WIRE_MAP ? 2 * out->count : out->count;
        if (!open_container(reader, out)) {
            return false;
        }
        innermost(reader)->left = left;
    }
    leave_finished(reader);
    return true;
}

/* What may follow a whole value: a comma, and whatever ends with it. */
static bool end_values(struct reader *reader)
{
    while (reader->depth > 0 && !json_take(&reader->source, ',')) {
        if (!json_take(&reader->source, innermost(reader)->is_map ? '}' : ']')) {
            return fail(reader, READER_MALFORMED, "a comma or the closing bracket is missing");
        }
        reader->depth--;
    }
    if (reader->depth > 0) {
        innermost(reader)->is_at_value = false;
    }
    return true;
}

static bool end_key(struct reader *reader, const struct wire_value *key)
{
    if (key->kind != WIRE_TEXT) {
        return fail(reader, READER_MALFORMED, "a name must be a text");
    }
    if (!json_take(&reader->source, ':')) {
        return fail(reader, READER_MALFORMED, "a colon is missing");
    }
    innermost(reader)->is_at_value = true;
    return true;
}

static bool next_json(struct reader *reader, struct wire_value *out)
{
    if (!json_next(&reader->source, out)) {
        return fail(reader, READER_MALFORMED, NULL);
    }
    const struct reader_frame *frame = innermost(reader);
    if (frame != NULL && frame->is_map && !frame->is_at_value) {
        return end_key(reader, out);
    }
    if (!is_container(out)) {
        return end_values(reader);
    }
    if (!open_container(reader, out)) {
        return false;
    }
    if (json_take(&reader->source, out->kind == WIRE_MAP ? '}' : ']')) {
        reader->depth--;
        return end_values(reader);
    }
    return true;
}

bool reader_next(struct reader *reader, struct wire_value *out_value)
{
    if (reader->fault != READER_SOUND) {
        return false;
    }
    return reader->encoding == ENCODING_JSON ? next_json(reader, out_value) : next_msgpack(reader, out_value);
}

bool reader_is_in(const struct reader *reader, const struct wire_value *container)
{
    return reader->depth >= container->level && reader->fault == READER_SOUND;
}

/* What needs no looking at is most of what is skipped, and passed over without becoming a value. */
static void pass_plain(struct reader *reader)
{
    struct reader_frame *frame = innermost(reader);
    frame->left -= msgpack_pass(&reader->source, frame->left);
    leave_finished(reader);
}

bool reader_skip(struct reader *reader, const struct wire_value *value)
{
    struct wire_value inner;
    bool is_open = is_container(value);
    while (is_open && reader_is_in(reader, value)) {
        if (reader->encoding == ENCODING_MSGPACK) {
            pass_plain(reader);
        }
        is_open = !reader_is_in(reader, value) || reader_next(reader, &inner);
    }
    return reader->fault == READER_SOUND;
}

struct text reader_rest(const struct reader *reader)
{
    return (struct text){(const char *)reader->source.at, (size_t)(reader->source.end - reader->source.at)};
}

size_t reader_bytes_taken(const struct reader *reader)
{
    return (size_t)(reader->source.at - reader->source.begin);
}

size_t reader_bytes_left(const struct reader *reader)
{
    struct wire_source rest = reader->source;
    if (reader->encoding == ENCODING_JSON) {
        json_pass_blanks(&rest);
    }
    return (size_t)(rest.end - rest.at);
}

/* reader.c -- one walk for both encodings: over the bytes of MessagePack, over the tree of JSON. */
#include "codec/reader.h"

#include "codec/json.h"
#include "codec/msgpack.h"

void reader_open_msgpack(struct reader *reader, struct text bytes, size_t containers_max)
{
    reader->begin = (const unsigned char *)bytes.data;
    reader->at = reader->begin;
    reader->end = reader->begin + bytes.len;
    reader->root = NULL;
    reader->containers_left = containers_max;
    reader->depth = 0;
    reader->fault = READER_SOUND;
}

void reader_open_json(struct reader *reader, json_t *root)
{
    reader->begin = NULL;
    reader->at = NULL;
    reader->end = NULL;
    reader->root = root;
    reader->containers_left = SIZE_MAX;
    reader->depth = 0;
    reader->fault = READER_SOUND;
}

static void step_msgpack(struct reader *reader, struct wire_value *out)
{
    enum err err = msgpack_next(&reader->at, reader->end, out);
    if (err != ERR_OK) {
        reader->fault = err == ERR_INVALID ? READER_BAD_BYTE : READER_ENDS_EARLY;
    }
}

/* Returns the node that was read; NULL for a key. */
static json_t *step_json(struct reader *reader, struct wire_value *out)
{
    json_t *node = reader->root;
    if (reader->depth > 0) {
        struct reader_frame *frame = &reader->frames[reader->depth - 1];
        if (json_is_array(frame->node)) {
            node = json_array_get(frame->node, json_array_size(frame->node) - frame->left);
        } else if (frame->left % 2 == 0) {
            out->kind = WIRE_TEXT;
            out->text = (struct text){json_object_iter_key(frame->at), json_object_iter_key_len(frame->at)};
            return NULL;
        } else {
            node = json_object_iter_value(frame->at);
            frame->at = json_object_iter_next(frame->node, frame->at);
        }
    }
    json_value(node, out);
    return node;
}

static void open_container(struct reader *reader, const struct wire_value *value, json_t *node)
{
    if (reader->depth == MESSAGE_DEPTH_MAX) {
        reader->fault = READER_TOO_DEEP;
        return;
    }
    if (reader->containers_left-- == 0) {
        reader->fault = READER_TOO_MANY;
        return;
    }
    reader->frames[reader->depth++] = (struct reader_frame){
        .left = value->kind == WIRE_MAP ? 2 * value->count : value->count,
        .node = node,
        .at = value->kind == WIRE_MAP && node != NULL ? json_object_iter(node) : NULL,
    };
}

bool reader_next(struct reader *reader, struct wire_value *out_value)
{
    if (reader->fault != READER_SOUND) {
        return false;
    }
    json_t *node = NULL;
    if (reader->root == NULL) {
        step_msgpack(reader, out_value);
        if (reader->fault != READER_SOUND) {
            return false;
        }
    } else {
        node = step_json(reader, out_value);
    }
    if (reader->depth > 0) {
        reader->frames[reader->depth - 1].left--;
    }
    if (out_value->kind == WIRE_LIST || out_value->kind == WIRE_MAP) {
        open_container(reader, out_value, node);
    }
    while (reader->depth > 0 && reader->frames[reader->depth - 1].left == 0) {
        reader->depth--;
    }
    return reader->fault == READER_SOUND;
}

bool reader_skip(struct reader *reader, const struct wire_value *value)
{
    if ((value->kind != WIRE_LIST && value->kind != WIRE_MAP) || value->count == 0) {
        return reader->fault == READER_SOUND;
    }
    size_t own_depth = reader->depth;
    struct wire_value inner;
    while (reader->depth >= own_depth) {
        if (!reader_next(reader, &inner)) {
            return false;
        }
    }
    return true;
}

bool reader_is_at_end(const struct reader *reader)
{
    return reader->depth == 0 && reader->at == reader->end;
}

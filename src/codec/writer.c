/*
 * writer.c -- lists, maps and values as they come, without a tree: for what is published by the thousand, building one
 * took ten times as long as writing it.
 */
#include "codec/writer.h"

#include "codec/number.h"
#include "codec/reader.h"
#include "codec/utf8.h"

#include <math.h>
#include <msgpack.h>

enum { REAL_DIGITS = 15, FIXED_MAX = 15 };

/* What MessagePack calls them: with up to 15 members, and with a count of 16 or 32 bits behind the head. */
enum { FIXED_MAP = 0x80, FIXED_LIST = 0x90, MAP_16 = 0xde, LIST_16 = 0xdc };

static int append_bytes(void *out, const char *bytes, size_t len)
{
    buf_append(out, bytes, len);
    return 0;
}

static msgpack_packer packer_of(struct writer *writer)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, writer->out, append_bytes);
    return packer;
}

void writer_begin(struct writer *writer, enum encoding encoding, struct buf *out)
{
    writer->out = out;
    writer->encoding = encoding;
    writer->depth = 0;
}

static struct writer_level *innermost(struct writer *writer)
{
    return writer->depth > 0 ? &writer->levels[writer->depth - 1] : NULL;
}

static void count_member(struct writer *writer, struct writer_level *level)
{
    if (writer->encoding == ENCODING_JSON && level->count > 0) {
        buf_append(writer->out, ",", 1);
    }
    level->count++;
}

/* Members of a map are counted by their names. */
static void begin_value(struct writer *writer)
{
    struct writer_level *level = innermost(writer);
    if (level != NULL && !level->is_map) {
        count_member(writer, level);
    }
}

/* The head that MessagePack wants is known at the end only: a short one is what most come by with. */
static void open_level(struct writer *writer, bool is_map)
{
    begin_value(writer);
    writer->levels[writer->depth++] = (struct writer_level){.head = writer->out->len, .is_map = is_map};
    buf_append(writer->out, is_map ? "{" : "[", 1);
}

void writer_open_map(struct writer *writer)
{
    open_level(writer, true);
}

void writer_open_list(struct writer *writer)
{
    open_level(writer, false);
}

static void set_head(struct buf *out, const struct writer_level *level)
{
    if (out->failed) {
        return;
    }
    char *head = out->data + level->head;
    if (level->count <= FIXED_MAX) {
        *head = (char)((level->is_map ? FIXED_MAP : FIXED_LIST) | level->count);
        return;
    }
    bool is_wide = level->count > UINT16_MAX;
    size_t more = is_wide ? sizeof(uint32_t) : sizeof(uint16_t);
    if (!buf_reserve(out, more)) {
        return;
    }
    head = out->data + level->head;
    memmove(head + 1 + more, head + 1, out->len - level->head - 1);
    out->len += more;
    *head = (char)((level->is_map ? MAP_16 : LIST_16) + is_wide);
    for (size_t i = 0; i < more; i++) {
        head[1 + i] = (char)(level->count >> 8 * (more - 1 - i));
    }
}

void writer_close(struct writer *writer)
{
    const struct writer_level *level = innermost(writer);
    if (writer->encoding == ENCODING_JSON) {
        buf_append(writer->out, level->is_map ? "}" : "]", 1);
    } else {
        set_head(writer->out, level);
    }
    writer->depth--;
}

static void append_escape(struct buf *out, unsigned char c)
{
    static const char escaped[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *at = c != '\0' ? strchr(escaped, c) : NULL;
    if (at != NULL) {
        const char escape[] = {'\\', letters[at - escaped]};
        buf_append(out, escape, sizeof escape);
    } else {
        buf_printf(out, "\\u%04X", c);
    }
}

static void append_json_text(struct buf *out, struct text text)
{
    size_t run = 0;
    buf_append(out, "\"", 1);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x20 || c == '"' || c == '\\') {
            buf_append(out, text.data + run, i - run);
            append_escape(out, c);
            run = i + 1;
        }
    }
    buf_append(out, text.data + run, text.len - run);
    buf_append(out, "\"", 1);
}

static void append_text(struct writer *writer, struct text text)
{
    if (writer->encoding == ENCODING_JSON) {
        append_json_text(writer->out, text);
        return;
    }
    msgpack_packer packer = packer_of(writer);
    (void)msgpack_pack_str(&packer, text.len);
    (void)msgpack_pack_str_body(&packer, text.data, text.len);
}

void writer_name(struct writer *writer, struct text name)
{
    count_member(writer, innermost(writer));
    append_text(writer, name);
    if (writer->encoding == ENCODING_JSON) {
        buf_append(writer->out, ":", 1);
    }
}

void writer_text(struct writer *writer, struct text text)
{
    begin_value(writer);
    append_text(writer, text);
}

void writer_int(struct writer *writer, int64_t value)
{
    begin_value(writer);
    if (writer->encoding == ENCODING_JSON) {
        char room[NUMBER_TEXT_MAX];
        buf_append_text(writer->out, number_of_int(value, room));
        return;
    }
    msgpack_packer packer = packer_of(writer);
    (void)msgpack_pack_int64(&packer, value);
}

/* With a fraction or an exponent, so that it is a real to whoever reads it; the exponent without plus and zeros. */
static void append_json_real(struct buf *out, double value)
{
    char room[NUMBER_TEXT_MAX];
    struct text text = number_of_real(value, REAL_DIGITS, room);
    const char *end = text.data + text.len;
    const char *exponent = memchr(text.data, 'e', text.len);
    buf_append(out, text.data, exponent != NULL ? (size_t)(exponent - text.data) + 1 : text.len);
    if (exponent == NULL) {
        buf_append_string(out, memchr(text.data, '.', text.len) != NULL ? "" : ".0");
        return;
    }
    buf_append_string(out, exponent[1] == '-' ? "-" : "");
    for (exponent += 2; *exponent == '0'; exponent++) {
    }
    buf_append(out, exponent, (size_t)(end - exponent));
}

void writer_real(struct writer *writer, double value)
{
    begin_value(writer);
    if (writer->encoding == ENCODING_JSON) {
        append_json_real(writer->out, value);
        return;
    }
    msgpack_packer packer = packer_of(writer);
    (void)msgpack_pack_double(&packer, value);
}

void writer_flag(struct writer *writer, bool value)
{
    begin_value(writer);
    if (writer->encoding == ENCODING_JSON) {
        buf_append_string(writer->out, value ? "true" : "false");
        return;
    }
    msgpack_packer packer = packer_of(writer);
    (void)(value ? msgpack_pack_true(&packer) : msgpack_pack_false(&packer));
}

void writer_null(struct writer *writer)
{
    begin_value(writer);
    if (writer->encoding == ENCODING_JSON) {
        buf_append_string(writer->out, "null");
        return;
    }
    msgpack_packer packer = packer_of(writer);
    (void)msgpack_pack_nil(&packer);
}

static bool is_sound(struct text text)
{
    return utf8_valid_bytes(text) == text.len && memchr(text.data, '\0', text.len) == NULL;
}

/* Writes a value that holds no other; false where it can be none of a document. */
static bool write_plain(struct writer *writer, const struct wire_value *value)
{
    switch (value->kind) {
    case WIRE_TEXT:
        writer_text(writer, value->text);
        return is_sound(value->text);
    case WIRE_INT:
        writer_int(writer, value->integer);
        return true;
    case WIRE_REAL:
        writer_real(writer, value->real);
        return isfinite(value->real);
    case WIRE_FLAG:
        writer_flag(writer, value->flag);
        return true;
    case WIRE_NULL:
        writer_null(writer);
        return true;
    default:
        return false;
    }
}

static bool copy_members(struct writer *writer, struct reader *reader, const struct wire_value *container);

static bool copy_value(struct writer *writer, struct reader *reader)
{
    struct wire_value value;
    if (!reader_next(reader, &value)) {
        return false;
    }
    bool is_container = value.kind == WIRE_MAP || value.kind == WIRE_LIST;
    return is_container ? copy_members(writer, reader, &value) : write_plain(writer, &value);
}

static bool copy_members(struct writer *writer, struct reader *reader, const struct wire_value *container)
{
    open_level(writer, container->kind == WIRE_MAP);
    while (reader_is_in(reader, container)) {
        struct wire_value name;
        if (container->kind == WIRE_MAP) {
            if (!reader_next(reader, &name) || !is_sound(name.text)) {
                return false;
            }
            writer_name(writer, name.text);
        }
        if (!copy_value(writer, reader)) {
            return false;
        }
    }
    writer_close(writer);
    return reader->fault == READER_SOUND;
}

void writer_json(struct writer *writer, struct text name, struct text json, bool map_allowed, bool list_allowed)
{
    struct reader reader;
    struct wire_value value;
    struct buf unescaped = {0};
    struct writer_level before = *innermost(writer);
    size_t depth = writer->depth;
    size_t len = writer->out->len;
    reader_open(&reader, json, ENCODING_JSON, BATCH_DEPTH_MAX, SIZE_MAX, &unescaped);
    if (!reader_next(&reader, &value) ||
        !((value.kind == WIRE_MAP && map_allowed) || (value.kind == WIRE_LIST && list_allowed))) {
        buf_fini(&unescaped);
        return;
    }
    writer_name(writer, name);
    if (!copy_members(writer, &reader, &value) || reader_bytes_left(&reader) > 0) {
        writer->out->len = len;
        writer->depth = depth;
        *innermost(writer) = before;
    }
    buf_fini(&unescaped);
}

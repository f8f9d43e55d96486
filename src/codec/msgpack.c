/*
 * msgpack.c -- MessagePack: reading one value in place, writing a tree.
 *
 * Reading is our own: msgpack-c's unpacker builds a tree, and reserves what a head declares before it has seen the
 * items, so that five bytes could ask for gigabytes. Here nothing is built, and a count is believed only as far as
 * the bytes that are left can hold it.
 */
#include "codec/msgpack.h"

#include <msgpack.h>

/* What follows the first bytes 0xc0 to 0xdf: size is that of the number, of the length, or of the data itself. */
enum shape_kind {
    SHAPE_NONE,
    SHAPE_NULL,
    SHAPE_FLAG,
    SHAPE_UNSIGNED,
    SHAPE_SIGNED,
    SHAPE_REAL,
    SHAPE_COUNTED,
    SHAPE_DATA
};
struct shape {
    unsigned char kind;
    unsigned char size;
    unsigned char holds; /* of SHAPE_COUNTED: an enum wire_kind */
    unsigned char extra; /* bytes between head and data: the type of an extension */
};

enum { SHAPES_FIRST = 0xc0, SHAPES_END = 0xe0 };
static const struct shape shapes[SHAPES_END - SHAPES_FIRST] = {
    {SHAPE_NULL, 0, 0, 0},
    {SHAPE_NONE, 0, 0, 0},
    {SHAPE_FLAG, 0, 0, 0},
    {SHAPE_FLAG, 0, 0, 0},
    {SHAPE_COUNTED, 1, WIRE_BYTES, 0},
    {SHAPE_COUNTED, 2, WIRE_BYTES, 0},
    {SHAPE_COUNTED, 4, WIRE_BYTES, 0},
    {SHAPE_COUNTED, 1, WIRE_BYTES, 1},
    {SHAPE_COUNTED, 2, WIRE_BYTES, 1},
    {SHAPE_COUNTED, 4, WIRE_BYTES, 1},
    {SHAPE_REAL, 4, 0, 0},
    {SHAPE_REAL, 8, 0, 0},
    {SHAPE_UNSIGNED, 1, 0, 0},
    {SHAPE_UNSIGNED, 2, 0, 0},
    {SHAPE_UNSIGNED, 4, 0, 0},
    {SHAPE_UNSIGNED, 8, 0, 0},
    {SHAPE_SIGNED, 1, 0, 0},
    {SHAPE_SIGNED, 2, 0, 0},
    {SHAPE_SIGNED, 4, 0, 0},
    {SHAPE_SIGNED, 8, 0, 0},
    {SHAPE_DATA, 1, 0, 1},
    {SHAPE_DATA, 2, 0, 1},
    {SHAPE_DATA, 4, 0, 1},
    {SHAPE_DATA, 8, 0, 1},
    {SHAPE_DATA, 16, 0, 1},
    {SHAPE_COUNTED, 1, WIRE_TEXT, 0},
    {SHAPE_COUNTED, 2, WIRE_TEXT, 0},
    {SHAPE_COUNTED, 4, WIRE_TEXT, 0},
    {SHAPE_COUNTED, 2, WIRE_LIST, 0},
    {SHAPE_COUNTED, 4, WIRE_LIST, 0},
    {SHAPE_COUNTED, 2, WIRE_MAP, 0},
    {SHAPE_COUNTED, 4, WIRE_MAP, 0},
};

static const char ends_early[] = "it ends too early";

static uint64_t big_endian(const unsigned char *at, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) {
        number = number << 8 | at[i];
    }
    return number;
}

static double real_of(uint64_t bits, size_t size)
{
    double real = 0;
    if (size == sizeof real) {
        memcpy(&real, &bits, sizeof real);
        return real;
    }
    uint32_t narrow_bits = (uint32_t)bits;
    float narrow = 0;
    memcpy(&narrow, &narrow_bits, sizeof narrow);
    return (double)narrow;
}

/* Widens a two's complement number of size bytes. */
static int64_t signed_of(uint64_t bits, size_t size)
{
    switch (size) {
    case 1:
        return (int8_t)bits;
    case 2:
        return (int16_t)bits;
    case 4:
        return (int32_t)bits;
    default:
        return (int64_t)bits;
    }
}

static bool fail(struct wire_source *source, const char *why)
{
    source->why = why;
    return false;
}

static size_t bytes_left(const struct wire_source *source)
{
    return (size_t)(source->end - source->at);
}

/* Takes len bytes of text or data, or believes the head of a list or map of len. */
static bool take_counted(struct wire_source *source, enum wire_kind kind, size_t len, struct wire_value *out)
{
    size_t least = kind == WIRE_MAP ? 2 : 1;
    if (len > bytes_left(source) / least) {
        return fail(source, ends_early);
    }
    out->kind = kind;
    if (kind == WIRE_TEXT || kind == WIRE_BYTES) {
        out->text = (struct text){(const char *)source->at, len};
        source->at += len;
    } else {
        out->count = len;
    }
    return true;
}

static void take_number(const struct shape *shape, uint64_t bits, struct wire_value *out)
{
    if (shape->kind == SHAPE_REAL) {
        out->kind = WIRE_REAL;
        out->real = real_of(bits, shape->size);
    } else if (shape->kind == SHAPE_SIGNED) {
        out->kind = WIRE_INT;
        out->integer = signed_of(bits, shape->size);
    } else if (bits <= INT64_MAX) {
        out->kind = WIRE_INT;
        out->integer = (int64_t)bits;
    } else {
        out->kind = WIRE_HUGE;
        out->real = (double)bits;
    }
}

static bool take_shaped(struct wire_source *source, unsigned first, struct wire_value *out)
{
    const struct shape *shape = &shapes[first - SHAPES_FIRST];
    if (bytes_left(source) < (size_t)shape->size + shape->extra) {
        return fail(source, ends_early);
    }
    switch (shape->kind) {
    case SHAPE_NONE:
        return fail(source, "0xc1 has no meaning");
    case SHAPE_NULL:
        out->kind = WIRE_NULL;
        return true;
    case SHAPE_FLAG:
        out->kind = WIRE_FLAG;
        out->flag = (first & 1) != 0;
        return true;
    case SHAPE_DATA:
        source->at += shape->extra;
        return take_counted(source, WIRE_BYTES, shape->size, out);
    default:
        break;
    }
    uint64_t number = big_endian(source->at, shape->size);
    source->at += shape->size;
    if (shape->kind != SHAPE_COUNTED) {
        take_number(shape, number, out);
        return true;
    }
    source->at += shape->extra;
    return take_counted(source, (enum wire_kind)shape->holds, (size_t)number, out);
}

bool msgpack_next(struct wire_source *source, struct wire_value *out_value)
{
    if (source->at == source->end) {
        return fail(source, ends_early);
    }
    unsigned first = *source->at++;
    if (first < 0x80 || first >= SHAPES_END) {
        out_value->kind = WIRE_INT;
        out_value->integer = first < 0x80 ? (int64_t)first : (int64_t)first - 0x100;
        return true;
    }
    if (first >= SHAPES_FIRST) {
        return take_shaped(source, first, out_value);
    }
    if (first >= 0xa0) {
        return take_counted(source, WIRE_TEXT, first & 0x1f, out_value);
    }
    return take_counted(source, first >= 0x90 ? WIRE_LIST : WIRE_MAP, first & 0x0f, out_value);
}

/* Bytes of a value that tells its size in its first byte and holds no other; else 0. */
static size_t plain_size(unsigned first)
{
    if (first < 0x80 || first >= SHAPES_END) {
        return 1;
    }
    if (first >= 0xa0 && first < SHAPES_FIRST) {
        return 1 + (first & 0x1f);
    }
    const struct shape *shape = first >= SHAPES_FIRST ? &shapes[first - SHAPES_FIRST] : NULL;
    bool is_plain = shape != NULL && shape->kind != SHAPE_NONE && shape->kind != SHAPE_COUNTED;
    return is_plain ? 1 + (size_t)shape->size + shape->extra : 0;
}

size_t msgpack_pass(struct wire_source *source, size_t most)
{
    size_t passed = 0;
    while (passed < most && source->at < source->end) {
        size_t size = plain_size(*source->at);
        if (size == 0 || size > bytes_left(source)) {
            break;
        }
        source->at += size;
        passed++;
    }
    return passed;
}

static int append_bytes(void *out, const char *bytes, size_t len)
{
    struct buf *buf = out;
    buf_append(buf, bytes, len);
    return buf->failed ? -1 : 0;
}

static void pack_text(msgpack_packer *packer, const char *text, size_t len)
{
    (void)msgpack_pack_str(packer, len);
    (void)msgpack_pack_str_body(packer, text, len);
}

static void pack(msgpack_packer *packer, const json_t *tree)
{
    switch (json_typeof(tree)) {
    case JSON_OBJECT: {
        (void)msgpack_pack_map(packer, json_object_size(tree));
        json_t *object = (json_t *)tree;
        for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
            pack_text(packer, json_object_iter_key(at), json_object_iter_key_len(at));
            pack(packer, json_object_iter_value(at));
        }
        break;
    }
    case JSON_ARRAY:
        (void)msgpack_pack_array(packer, json_array_size(tree));
        for (size_t i = 0; i < json_array_size(tree); i++) {
            pack(packer, json_array_get(tree, i));
        }
        break;
    case JSON_STRING:
        pack_text(packer, json_string_value(tree), json_string_length(tree));
        break;
    case JSON_INTEGER:
        (void)msgpack_pack_int64(packer, json_integer_value(tree));
        break;
    case JSON_REAL:
        (void)msgpack_pack_double(packer, json_real_value(tree));
        break;
    case JSON_TRUE:
        (void)msgpack_pack_true(packer);
        break;
    case JSON_FALSE:
        (void)msgpack_pack_false(packer);
        break;
    case JSON_NULL:
        (void)msgpack_pack_nil(packer);
        break;
    }
}

enum err msgpack_append(struct buf *out, const json_t *tree)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, out, append_bytes);
    pack(&packer, tree);
    return out->failed ? ERR_NO_MEMORY : ERR_OK;
}

/* tree.c -- building JSON trees from a reader; as deep as a reader goes, no deeper. */
#include "codec/tree.h"

#include "codec/utf8.h"

#include <math.h>

static json_t *read_map(struct reader *reader, size_t count, enum tree_reals reals, const char **out_why)
{
    json_t *map = json_object();
    for (size_t i = 0; i < count && map != NULL; i++) {
        struct wire_value key;
        struct wire_value inner;
        json_t *node = NULL;
        if (!reader_next(reader, &key)) {
            *out_why = NULL;
        } else if (key.kind != WIRE_TEXT) {
            *out_why = "keys that are not text";
        } else if (utf8_valid_bytes(key.text) < key.text.len) {
            *out_why = "text that is not UTF-8";
        } else if (json_object_getn(map, key.text.data, key.text.len) != NULL) {
            *out_why = "keys that come twice";
        } else if (!reader_next(reader, &inner)) {
            *out_why = NULL;
        } else {
            node = tree_read(reader, &inner, reals, out_why);
        }
        if (node == NULL || json_object_setn_new(map, key.text.data, key.text.len, node) != 0) {
            json_decref(map);
            map = NULL;
        }
    }
    return map;
}

static json_t *read_list(struct reader *reader, size_t count, enum tree_reals reals, const char **out_why)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count && list != NULL; i++) {
        struct wire_value inner;
        json_t *node = NULL;
        if (reader_next(reader, &inner)) {
            node = tree_read(reader, &inner, reals, out_why);
        } else {
            *out_why = NULL;
        }
        if (node == NULL || json_array_append_new(list, node) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

static json_t *read_real(const struct wire_value *value, enum tree_reals reals)
{
    int64_t whole = 0;
    if (reals == TREE_REALS_WHOLE_AS_INTEGERS && wire_to_int(value, &whole)) {
        return json_integer(whole);
    }
    return isfinite(value->real) ? json_real(value->real) : NULL;
}

json_t *tree_read(struct reader *reader, const struct wire_value *value, enum tree_reals reals, const char **out_why)
{
    switch (value->kind) {
    case WIRE_MAP:
        return read_map(reader, value->count, reals, out_why);
    case WIRE_LIST:
        return read_list(reader, value->count, reals, out_why);
    case WIRE_TEXT:
        *out_why = "text that is not UTF-8";
        return json_stringn(value->text.data, value->text.len);
    case WIRE_INT:
        return json_integer(value->integer);
    case WIRE_REAL:
        *out_why = "numbers that are not finite";
        return read_real(value, reals);
    case WIRE_FLAG:
        return json_boolean(value->flag);
    case WIRE_NULL:
        return json_null();
    case WIRE_HUGE:
        *out_why = "numbers beyond 64 bits";
        return NULL;
    case WIRE_BYTES:
        *out_why = "binary data";
        return NULL;
    }
    return NULL;
}

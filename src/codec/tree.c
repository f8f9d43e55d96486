/* tree.c -- building JSON trees from a reader; as deep as a reader goes, no deeper. */
#include "codec/tree.h"

#include "codec/utf8.h"

#include <math.h>

static json_t *read_pair(struct reader *reader, json_t *map, enum tree_reals reals, struct text *out_key,
                         const char **out_why)
{
    struct wire_value key;
    struct wire_value value;
    if (!reader_next(reader, &key)) {
        return NULL;
    }
    if (key.kind != WIRE_TEXT) {
        *out_why = "names that are not text";
        return NULL;
    }
    if (utf8_valid_bytes(key.text) < key.text.len) {
        *out_why = "text that is not UTF-8";
        return NULL;
    }
    if (memchr(key.text.data, '\0', key.text.len) != NULL) {
        *out_why = "names with a zero byte"; /* jansson takes names for C strings here and there */
        return NULL;
    }
    if (json_object_getn(map, key.text.data, key.text.len) != NULL) {
        *out_why = "names that come twice";
        return NULL;
    }
    *out_key = key.text;
    return reader_next(reader, &value) ? tree_read(reader, &value, reals, out_why) : NULL;
}

static json_t *read_map(struct reader *reader, const struct wire_value *head, enum tree_reals reals,
                        const char **out_why)
{
    json_t *map = json_object();
    while (map != NULL && reader_is_in(reader, head)) {
        struct text key = {0};
        json_t *value = read_pair(reader, map, reals, &key, out_why);
        if (value == NULL || json_object_setn_new(map, key.data, key.len, value) != 0) {
            json_decref(map);
            map = NULL;
        }
    }
    return map;
}

static json_t *read_list(struct reader *reader, const struct wire_value *head, enum tree_reals reals,
                         const char **out_why)
{
    json_t *list = json_array();
    while (list != NULL && reader_is_in(reader, head)) {
        struct wire_value item;
        json_t *node = reader_next(reader, &item) ? tree_read(reader, &item, reals, out_why) : NULL;
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
        return read_map(reader, value, reals, out_why);
    case WIRE_LIST:
        return read_list(reader, value, reals, out_why);
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

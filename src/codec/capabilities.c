/* capabilities.c -- an object, a list, or the JSON text of one, brought to one form. */
#include "codec/capabilities.h"

#include "codec/check.h"
#include "codec/labels.h"
#include "codec/tree.h"

#include <stdio.h>

static const char wanted[] = "an object, a list, or the JSON text of one";

static bool is_blank(struct text text)
{
    size_t at = 0;
    while (at < text.len && strchr(" \t\r\n", text.data[at]) != NULL && text.data[at] != '\0') {
        at++;
    }
    return at == text.len;
}

/* A null is as good as absent. */
static void drop_nulls(json_t *map)
{
    for (void *at = json_object_iter(map); at != NULL;) {
        void *next = json_object_iter_next(map, at);
        if (json_is_null(json_object_iter_value(at))) {
            (void)json_object_deln(map, json_object_iter_key(at), json_object_iter_key_len(at));
        }
        at = next;
    }
}

static bool is_clean(const char *field, const char *data, size_t len, struct violations *violations)
{
    struct text text = {0};
    struct wire_value value = {.kind = WIRE_TEXT, .text = {data, len}};
    return check_text(field, &value, len, &text, violations);
}

/* Names and texts within: what holds control characters could not be shown, and a name goes into a key. */
static bool are_clean(const char *field, const json_t *node, struct violations *violations)
{
    bool clean = true;
    if (json_is_string(node)) {
        return is_clean(field, json_string_value(node), json_string_length(node), violations);
    }
    for (size_t i = 0; i < json_array_size(node); i++) {
        clean = are_clean(field, json_array_get(node, i), violations) && clean;
    }
    json_t *map = (json_t *)node;
    for (void *at = json_object_iter(map); at != NULL; at = json_object_iter_next(map, at)) {
        clean = is_clean(field, json_object_iter_key(at), json_object_iter_key_len(at), violations) && clean;
        clean = are_clean(field, json_object_iter_value(at), violations) && clean;
    }
    return clean;
}

static bool take_names(struct decoder *decoder, const char *field, json_t *map, struct texts *out_names,
                       struct violations *violations)
{
    size_t count = 0;
    bool fits = true;
    if (json_object_size(map) > WORKER_CAPABILITIES_MAX) {
        violations_add(violations, CODE_TOO_LARGE, "%s must be at most %d (has %zu)", field, WORKER_CAPABILITIES_MAX,
                       json_object_size(map));
        return false;
    }
    for (void *at = json_object_iter(map); at != NULL; at = json_object_iter_next(map, at)) {
        struct text name = {json_object_iter_key(at), json_object_iter_key_len(at)};
        if (name.len == 0) {
            violations_add(violations, CODE_VALIDATION_FAILED, "%s must have names (one is empty)", field);
            fits = false;
        } else if (name.len > WORKER_LABEL_MAX) {
            char shown[24];
            wire_printable(name, shown, sizeof shown);
            violations_add(violations, CODE_TOO_LARGE, "%s.%s… must be at most %d bytes (has %zu)", field, shown,
                           WORKER_LABEL_MAX, name.len);
            fits = false;
        } else if (!json_is_false(json_object_iter_value(at))) {
            decoder->capabilities[count++] = name;
        }
    }
    *out_names = (struct texts){decoder->capabilities, count};
    return fits;
}

static void read_map(struct decoder *decoder, struct reader *reader, const char *field, const struct wire_value *value,
                     struct texts *out_names, struct violations *violations)
{
    const char *why = NULL;
    struct texts names = {0};
    json_t *map = tree_read(reader, value, TREE_REALS_WHOLE_AS_INTEGERS, &why);
    if (map == NULL) {
        violations_add(violations, CODE_INVALID_PAYLOAD, "%s must be without %s", field,
                       why != NULL ? why : "an early end");
        return;
    }
    drop_nulls(map);
    if (!are_clean(field, map, violations) || !take_names(decoder, field, map, &names, violations)) {
        json_decref(map);
        return;
    }
    decoder->capabilities_tree = map;
    *out_names = names;
}

static void read_list(struct decoder *decoder, struct reader *reader, const char *field, const struct wire_value *value,
                      struct texts *out_names, struct violations *violations)
{
    size_t violations_before = violations->count;
    struct texts names = {0};
    labels_read(reader, &labels_tags, field, value, decoder->capabilities, &names, violations);
    if (violations->count == violations_before && names.items != NULL) {
        decoder->capabilities_tree = labels_tree(names);
        *out_names = names;
    }
}

static void read_one(struct decoder *decoder, struct reader *reader, const char *field, const struct wire_value *value,
                     struct texts *out_names, struct violations *violations)
{
    if (value->kind == WIRE_MAP) {
        /* The reader itself goes on behind the map, even where building fails half-way. What it unescaped on the way is
         * unescaped again at the same place, for which there is room: earlier texts do not move. */
        struct reader inside = *reader;
        size_t unescaped = reader->source.unescaped->len;
        if (reader_skip(reader, value)) {
            reader->source.unescaped->len = unescaped;
            read_map(decoder, &inside, field, value, out_names, violations);
        }
    } else if (value->kind == WIRE_LIST) {
        read_list(decoder, reader, field, value, out_names, violations);
    } else {
        check_mismatch(field, wanted, value, violations);
    }
}

static void read_text(struct decoder *decoder, const char *field, struct text text, struct texts *out_names,
                      struct violations *violations)
{
    struct reader reader;
    struct wire_value top;
    /* One level less: the message's own map is around it. */
    decoder_open(decoder, &reader, text, ENCODING_JSON, MESSAGE_DEPTH_MAX - 1, &decoder->unescaped_inside);
    if (reader_next(&reader, &top)) {
        read_one(decoder, &reader, field, &top, out_names, violations);
    }
    decoder_add_fault(&reader, field, violations);
}

void capabilities_read(struct decoder *decoder, const char *field, const struct wire_value *value,
                       struct texts *out_names, struct violations *out_violations)
{
    if (value->kind != WIRE_TEXT) {
        read_one(decoder, &decoder->reader, field, value, out_names, out_violations);
    } else if (!is_blank(value->text)) {
        read_text(decoder, field, value->text, out_names, out_violations);
    }
}

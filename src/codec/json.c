/* json.c -- JSON by jansson, behind a look at depth and size. */
#include "codec/json.h"

#include "codec/utf8.h"

#include <math.h>

enum { REAL_DIGITS = 15 };

/* Counts lists and objects outside of strings: how many, and how deep at most. */
static void count_containers(struct text text, size_t *out_count, size_t *out_depth)
{
    size_t count = 0;
    size_t depth = 0;
    size_t deepest = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        switch (text.data[i]) {
        case '"':
            in_string = !in_string;
            break;
        case '\\':
            i += in_string ? 1 : 0;
            break;
        case '{':
        case '[':
            if (!in_string) {
                count++;
                depth++;
                deepest = depth > deepest ? depth : deepest;
            }
            break;
        case '}':
        case ']':
            depth -= !in_string && depth > 0 ? 1 : 0;
            break;
        default:
            break;
        }
    }
    *out_count = count;
    *out_depth = deepest;
}

static bool check_containers(struct text text, size_t depth_max, size_t containers_max, const char *name,
                             struct violations *violations)
{
    size_t count = 0;
    size_t depth = 0;
    count_containers(text, &count, &depth);
    if (depth > depth_max) {
        violations_add(violations, CODE_TOO_LARGE, "%s must be nested at most %zu deep (is %zu)", name, depth_max,
                       depth);
        return false;
    }
    if (count > containers_max) {
        violations_add(violations, CODE_TOO_LARGE, "%s must hold at most %zu lists and maps (has %zu)", name,
                       containers_max, count);
        return false;
    }
    return true;
}

json_t *json_load(struct text text, size_t depth_max, size_t containers_max, const char *name,
                  struct violations *out_violations)
{
    if (!check_containers(text, depth_max, containers_max, name, out_violations)) {
        return NULL;
    }
    json_error_t error;
    json_t *tree = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (tree == NULL) {
        char why[VIOLATION_TEXT_MAX / 2];
        wire_printable(text_of(error.text), why, sizeof why);
        violations_add(out_violations, CODE_INVALID_PAYLOAD, "%s must be valid JSON (line %d, column %d: %s)", name,
                       error.line, error.column, why);
    }
    return tree;
}

void json_value(const json_t *node, struct wire_value *out_value)
{
    switch (json_typeof(node)) {
    case JSON_OBJECT:
        out_value->kind = WIRE_MAP;
        out_value->count = json_object_size(node);
        break;
    case JSON_ARRAY:
        out_value->kind = WIRE_LIST;
        out_value->count = json_array_size(node);
        break;
    case JSON_STRING:
        out_value->kind = WIRE_TEXT;
        out_value->text = (struct text){json_string_value(node), json_string_length(node)};
        break;
    case JSON_INTEGER:
        out_value->kind = WIRE_INT;
        out_value->integer = json_integer_value(node);
        break;
    case JSON_REAL:
        out_value->kind = WIRE_REAL;
        out_value->real = json_real_value(node);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        out_value->kind = WIRE_FLAG;
        out_value->flag = json_is_true(node);
        break;
    case JSON_NULL:
        out_value->kind = WIRE_NULL;
        break;
    }
}

static int append_bytes(const char *bytes, size_t len, void *out)
{
    struct buf *buf = out;
    buf_append(buf, bytes, len);
    return buf->failed ? -1 : 0;
}

enum err json_append(struct buf *out, const json_t *tree, bool sorted)
{
    size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS) | (sorted ? JSON_SORT_KEYS : 0);
    return json_dump_callback(tree, append_bytes, out, flags) == 0 ? ERR_OK : ERR_NO_MEMORY;
}

/* fields.c -- see fields.h. */
#include "ctl/fields.h"

#include "ctl/figure.h"
#include "ctl/glyph.h"
#include "ctl/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_WIDTH = 22 };

static bool ends_in(const char *field, const char *end)
{
    size_t len = strlen(field);
    size_t end_len = strlen(end);
    return len > end_len && strcmp(field + len - end_len, end) == 0;
}

static bool is_time(const char *field)
{
    return ends_in(field, "At") || ends_in(field, "Time") || strcmp(field, "lastHeartbeat") == 0 ||
           strcmp(field, "timestamp") == 0;
}

static void append_time(struct buf *out, int64_t at_ms, int64_t now_ms)
{
    char time[FIGURE_MAX];
    char age[FIGURE_MAX];
    bool is_ahead = at_ms > now_ms;
    figure_time(at_ms, time);
    figure_age(is_ahead ? at_ms - now_ms : now_ms - at_ms, age);
    buf_printf(out, is_ahead ? "%s (in %s)" : "%s (%s ago)", time, age);
}

static void append_value(struct buf *out, const json_t *value)
{
    if (json_is_string(value)) {
        (void)glyph_append(out, (struct text){json_string_value(value), json_string_length(value)}, 0);
        return;
    }
    char *json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
    if (json != NULL) {
        (void)glyph_append(out, text_of(json), 0);
    }
    free(json);
}

static void append_list(struct buf *out, const json_t *list)
{
    size_t i = 0;
    const json_t *item = NULL;
    buf_append_string(out, json_array_size(list) == 0 ? "-" : "");
    json_array_foreach(list, i, item)
    {
        buf_append_string(out, i > 0 ? ", " : "");
        append_value(out, item);
    }
}

static void append_field(struct buf *out, const char *field, const json_t *value, int64_t now_ms)
{
    buf_printf(out, "%-*s ", FIELD_WIDTH, field);
    if (json_is_array(value)) {
        append_list(out, value);
    } else if (json_is_integer(value) && is_time(field)) {
        append_time(out, json_integer_value(value), now_ms);
    } else {
        append_value(out, value);
    }
    buf_append_string(out, "\n");
}

void fields_append(struct buf *out, json_t *object, const char *without, int64_t now_ms)
{
    const char *field = NULL;
    json_t *value = NULL;
    json_object_foreach(object, field, value)
    {
        if (!words_have(without, field)) {
            append_field(out, field, value, now_ms);
        }
    }
}

/* event_line.c -- see event_line.h. */
#include "ctl/event_line.h"

#include "ctl/figure.h"
#include "ctl/glyph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ID_WIDTH = 15, TYPE_WIDTH = 12, WORKER_WIDTH = 20 };

static bool parse_number(const char **at, uint64_t *out_number)
{
    char *end = NULL;
    errno = 0;
    if (**at < '0' || **at > '9') {
        return false;
    }
    *out_number = strtoull(*at, &end, 10);
    *at = end;
    return errno == 0;
}

bool event_id_parse(const char *text, struct event_id *out_id)
{
    struct event_id id = {0};
    if (!parse_number(&text, &id.at_ms)) {
        return false;
    }
    if (*text == '-') {
        text++;
        if (!parse_number(&text, &id.sequence)) {
            return false;
        }
    }
    if (*text != '\0') {
        return false;
    }
    *out_id = id;
    return true;
}

int event_id_compare(struct event_id a, struct event_id b)
{
    if (a.at_ms != b.at_ms) {
        return a.at_ms < b.at_ms ? -1 : 1;
    }
    return (a.sequence > b.sequence) - (a.sequence < b.sequence);
}

static struct text text_in(const json_t *object, const char *field)
{
    const json_t *value = json_object_get(object, field);
    return json_is_string(value) ? (struct text){json_string_value(value), json_string_length(value)} : text_of("");
}

static void append_padded(struct buf *out, struct text text, size_t width)
{
    size_t used = glyph_append(out, text, 0);
    buf_printf(out, "%*s  ", used < width ? (int)(width - used) : 0, "");
}

static void append_state(struct buf *out, const json_t *state)
{
    (void)glyph_append(out, text_in(state, "status"), 0);
    buf_append_string(out, "/");
    (void)glyph_append(out, text_in(state, "health"), 0);
}

static void append_change(struct buf *out, const json_t *event)
{
    const json_t *from = json_object_get(event, "from");
    const json_t *to = json_object_get(event, "to");
    if (from != NULL && !json_equal(from, to)) {
        append_state(out, from);
        buf_append_string(out, " → ");
    }
    if (to != NULL) {
        append_state(out, to);
    }
}

/* Who asked for it, and in which words. */
static void append_asker(struct buf *out, const json_t *event)
{
    struct text by = text_in(event, "by");
    struct text message = text_in(event, "message");
    if (by.len > 0) {
        buf_append_string(out, "  by ");
        (void)glyph_append(out, by, 0);
    }
    if (message.len > 0) {
        buf_append_string(out, by.len > 0 ? ": " : "  ");
        (void)glyph_append(out, message, 0);
    }
}

static void append_jobs(struct buf *out, const json_t *event)
{
    size_t i = 0;
    const json_t *job = NULL;
    const json_t *count = json_object_get(event, "orphanedJobCount");
    if (json_integer_value(count) == 0) {
        return;
    }
    buf_printf(out, "  jobs orphaned: %" JSON_INTEGER_FORMAT, json_integer_value(count));
    json_array_foreach(json_object_get(event, "orphanedJobs"), i, job)
    {
        buf_append_string(out, i == 0 ? " (" : " ");
        (void)glyph_append(out, (struct text){json_string_value(job), json_string_length(job)}, 0);
    }
    buf_append_string(out, i > 0 ? ")" : "");
}

void event_line_append(struct buf *out, const json_t *event)
{
    char time[FIGURE_MAX];
    figure_time(json_integer_value(json_object_get(event, "at")), time);
    buf_printf(out, "%s  ", time);
    append_padded(out, text_in(event, "eventId"), ID_WIDTH);
    append_padded(out, text_in(event, "type"), TYPE_WIDTH);
    append_padded(out, text_in(event, "workerId"), WORKER_WIDTH);
    append_change(out, event);
    struct text reason = text_in(event, "reason");
    if (reason.len > 0) {
        buf_append_string(out, "  ");
        (void)glyph_append(out, reason, 0);
    }
    const json_t *late_ms = json_object_get(json_object_get(event, "evidence"), "lateMs");
    if (json_is_integer(late_ms)) {
        buf_printf(out, " (%" JSON_INTEGER_FORMAT " ms past its deadline)", json_integer_value(late_ms));
    }
    append_jobs(out, event);
    append_asker(out, event);
}

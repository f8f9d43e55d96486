/* get.c -- musterctl get: one worker, a field a line. */
#include "base/clock.h"
#include "ctl/ask.h"
#include "ctl/figure.h"
#include "ctl/glyph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_WIDTH = 22 };

static bool is_time(const char *field)
{
    size_t len = strlen(field);
    return len > 2 && strcmp(field + len - 2, "At") == 0;
}

static void append_time(struct buf *out, int64_t at_ms)
{
    char time[FIGURE_MAX];
    char age[FIGURE_MAX];
    figure_time(at_ms, time);
    figure_age(clock_wall_ms() - at_ms, age);
    buf_printf(out, "%s (%s ago)", time, age);
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
    json_array_foreach(list, i, item)
    {
        buf_append_string(out, i > 0 ? ", " : "");
        append_value(out, item);
    }
}

static void append_field(struct buf *out, const char *field, const json_t *value)
{
    buf_printf(out, "%-*s ", FIELD_WIDTH, field);
    if (json_is_array(value)) {
        append_list(out, value);
    } else if (json_is_integer(value) && is_time(field)) {
        append_time(out, json_integer_value(value));
    } else {
        append_value(out, value);
    }
    buf_append_string(out, "\n");
}

static void print_worker(struct call *call, json_t *worker)
{
    if (call->output->json) {
        output_json(call->output, worker);
        return;
    }
    struct buf lines = {0};
    const char *field = NULL;
    json_t *value = NULL;
    json_object_foreach(worker, field, value)
    {
        append_field(&lines, field, value);
    }
    output_text(call->output, buf_text(&lines));
    buf_fini(&lines);
}

enum command_status get_run(struct call *call)
{
    json_t *reply = NULL;
    enum command_status status = ask(call, "status", json_pack("{s:s}", "workerId", call->options->operand), &reply);
    if (status == COMMAND_DONE) {
        print_worker(call, json_object_get(reply, "worker"));
    }
    json_decref(reply);
    return status;
}

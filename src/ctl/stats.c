/* stats.c -- musterctl stats and summary: the fleet in figures, and in words. */
#include "base/clock.h"
#include "ctl/ask.h"
#include "ctl/fields.h"
#include "ctl/member.h"

#include <inttypes.h>

static enum command_status ask_plainly(struct call *call, const char *verb, json_t **out_reply)
{
    enum command_status status = ask(call, verb, json_object(), out_reply);
    if (status == COMMAND_DONE && call->output->json) {
        output_json(call->output, *out_reply);
    }
    return status;
}

enum command_status stats_run(struct call *call)
{
    json_t *reply = NULL;
    struct buf lines = {0};
    enum command_status status = ask_plainly(call, "system-health", &reply);
    if (status == COMMAND_DONE && !call->output->json) {
        fields_append(&lines, reply, "success code message", clock_wall_ms());
        output_text(call->output, buf_text(&lines));
    }
    buf_fini(&lines);
    json_decref(reply);
    return status;
}

static void append_counts(struct buf *out, const char *title, json_t *counts)
{
    const char *name = NULL;
    const json_t *count = NULL;
    const char *between = "";
    buf_printf(out, "%s", title);
    json_object_foreach(counts, name, count)
    {
        if (json_integer_value(count) > 0) {
            buf_printf(out, "%s %" JSON_INTEGER_FORMAT " %s", between, json_integer_value(count), name);
            between = ",";
        }
    }
    buf_append_string(out, between[0] == '\0' ? " none\n" : "\n");
}

enum command_status summary_run(struct call *call)
{
    json_t *reply = NULL;
    struct buf lines = {0};
    enum command_status status = ask_plainly(call, "health-summary", &reply);
    if (status == COMMAND_DONE && !call->output->json) {
        int64_t total = member_integer(reply, "totalWorkers", 0);
        buf_printf(&lines, "%" PRId64 " worker%s\n", total, total == 1 ? "" : "s");
        append_counts(&lines, "Health:", json_object_get(reply, "byHealth"));
        append_counts(&lines, "Status:", json_object_get(reply, "byStatus"));
        output_text(call->output, buf_text(&lines));
    }
    buf_fini(&lines);
    json_decref(reply);
    return status;
}

/* health.c -- musterctl health: the report on one worker, or those that are not healthy. */
#include "base/clock.h"
#include "ctl/ask.h"
#include "ctl/fields.h"
#include "ctl/member.h"
#include "ctl/workers.h"

#include <inttypes.h>
#include <stdlib.h>

static const struct table_column check_columns[] = {{"CHECK", false, 0}, {"RESULT", false, 0}, {"WHY", false, 16}};

/* ---- one worker */

static struct table *checks_table(json_t *checks)
{
    struct table *table = table_new(check_columns, sizeof check_columns / sizeof check_columns[0]);
    const char *name = NULL;
    const json_t *check = NULL;
    json_object_foreach(checks, name, check)
    {
        if (table != NULL) {
            bool passed = json_is_true(json_object_get(check, "passed"));
            table_add(table, text_of(name), INK_PLAIN);
            table_add(table, text_of(passed ? "passed" : "failed"), passed ? INK_GOOD : INK_BAD);
            table_add(table, member_text(check, "description"), INK_PLAIN);
        }
    }
    return table;
}

static void print_report(struct call *call, json_t *report)
{
    struct buf lines = {0};
    int64_t now_ms = clock_wall_ms();
    fields_append(&lines, report, "success code message checks metrics", now_ms);
    fields_append(&lines, json_object_get(report, "metrics"), "", now_ms);
    buf_append_string(&lines, "\n");
    output_text(call->output, buf_text(&lines));
    output_table(call->output, checks_table(json_object_get(report, "checks")));
    buf_fini(&lines);
}

/* ---- all that are not healthy */

static void print_unhealthy(struct call *call, const json_t *summary)
{
    struct buf line = {0};
    const json_t *workers = json_object_get(summary, "workers");
    size_t count = json_array_size(workers);
    int64_t more = member_integer(summary, "unhealthyWorkerCount", 0) - (int64_t)count;
    json_t **documents = count > 0 ? calloc(count, sizeof(json_t *)) : NULL;
    for (size_t i = 0; documents != NULL && i < count; i++) {
        documents[i] = json_array_get(workers, i);
    }
    output_table(call->output, workers_table(documents, documents != NULL ? count : 0, clock_wall_ms()));
    if (more > 0) {
        buf_printf(&line, "… and %" PRId64 " more\n", more);
    }
    output_text(call->output, buf_text(&line));
    buf_fini(&line);
    free(documents);
}

enum command_status health_run(struct call *call)
{
    const char *id = call->options->operand;
    json_t *reply = NULL;
    json_t *request = id != NULL ? json_pack("{s:s}", "workerId", id) : json_object();
    enum command_status status = ask(call, id != NULL ? "health" : "health-summary", request, &reply);
    if (status == COMMAND_DONE && call->output->json) {
        output_json(call->output, reply);
    } else if (status == COMMAND_DONE && id != NULL) {
        print_report(call, reply);
    } else if (status == COMMAND_DONE) {
        print_unhealthy(call, reply);
    }
    json_decref(reply);
    return status;
}

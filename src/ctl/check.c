/* check.c -- musterctl check: what the registry found in its own state, and what it has repaired of it. */
#include "ctl/ask.h"
#include "ctl/figure.h"
#include "ctl/member.h"

#include <inttypes.h>

static const struct table_column columns[] = {
    {"CHECK", false, 0}, {"ID", false, 8}, {"REPAIRED", false, 0}, {"FINDING", false, 16}};

static void append_counts(struct buf *out, const json_t *reply)
{
    static const char *const results[] = {"HEALTHY", "RECOVERED", "UNHEALTHY", "FAILED"};
    char took[FIGURE_MAX];
    const json_t *counts = json_object_get(reply, "results");
    figure_age(member_integer(reply, "durationMs", 0), took);
    buf_printf(out, "%" PRId64 " checked in %s:", member_integer(reply, "checked", 0), took);
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        buf_printf(out, "%s %" PRId64 " %s", i > 0 ? "," : "", member_integer(counts, results[i], 0), results[i]);
    }
    buf_printf(out, "; %" PRId64 " found, %" PRId64 " repaired\n", member_integer(reply, "findingCount", 0),
               member_integer(reply, "repaired", 0));
}

static struct table *findings_table(const json_t *findings)
{
    struct table *table = table_new(columns, sizeof columns / sizeof columns[0]);
    size_t i = 0;
    const json_t *finding = NULL;
    json_array_foreach(findings, i, finding)
    {
        if (table != NULL) {
            bool repaired = json_is_true(json_object_get(finding, "repaired"));
            table_add(table, member_text(finding, "check"), INK_PLAIN);
            table_add(table, member_text(finding, "workerId"), INK_PLAIN);
            table_add(table, text_of(repaired ? "yes" : "no"), repaired ? INK_GOOD : INK_WARNING);
            table_add(table, member_text(finding, "message"), INK_PLAIN);
        }
    }
    return table;
}

static void print(struct call *call, const json_t *reply)
{
    struct buf line = {0};
    const json_t *findings = json_object_get(reply, "findings");
    size_t shown = json_array_size(findings);
    if (shown > 0) {
        output_table(call->output, findings_table(findings));
    }
    int64_t more = member_integer(reply, "findingCount", 0) - (int64_t)shown;
    if (more > 0) {
        buf_printf(&line, "… and %" PRId64 " more\n", more);
    }
    append_counts(&line, reply);
    output_text(call->output, buf_text(&line));
    buf_fini(&line);
}

enum command_status check_run(struct call *call)
{
    json_t *request = json_object();
    json_t *reply = NULL;
    if (call->options->reason != NULL) {
        (void)json_object_set_new(request, "reason", json_string(call->options->reason));
    }
    enum command_status status = ask(call, "check", request, &reply);
    if (status == COMMAND_DONE && call->output->json) {
        output_json(call->output, reply);
    } else if (status == COMMAND_DONE) {
        print(call, reply);
    }
    json_decref(reply);
    return status;
}

/* alerts.c -- musterctl alerts: every rule that has spoken, those that are raised first. */
#include "base/clock.h"
#include "ctl/ask.h"
#include "ctl/figure.h"
#include "ctl/member.h"

static const struct table_column columns[] = {
    {"RULE", false, 8}, {"STATE", false, 0}, {"SEVERITY", false, 0}, {"SINCE", true, 0}, {"MESSAGE", false, 16}};

static enum table_ink ink_of(const json_t *alert)
{
    if (!text_is(member_text(alert, "state"), "raised")) {
        return INK_GOOD;
    }
    return text_is(member_text(alert, "severity"), "critical") ? INK_BAD : INK_WARNING;
}

static struct table *alerts_table(const json_t *alerts, int64_t now_ms)
{
    struct table *table = table_new(columns, sizeof columns / sizeof columns[0]);
    size_t i = 0;
    const json_t *alert = NULL;
    json_array_foreach(alerts, i, alert)
    {
        char age[FIGURE_MAX] = "";
        int64_t since_ms = member_integer(alert, "since", 0);
        if (since_ms > 0) {
            figure_age(now_ms - since_ms, age);
        }
        if (table != NULL) {
            table_add(table, member_text(alert, "rule"), INK_PLAIN);
            table_add(table, member_text(alert, "state"), ink_of(alert));
            table_add(table, member_text(alert, "severity"), INK_PLAIN);
            table_add(table, text_of(age), INK_PLAIN);
            table_add(table, member_text(alert, "message"), INK_PLAIN);
        }
    }
    return table;
}

enum command_status alerts_run(struct call *call)
{
    json_t *reply = NULL;
    enum command_status status = ask(call, "alerts", json_object(), &reply);
    if (status == COMMAND_DONE && call->output->json) {
        output_json(call->output, reply);
    } else if (status == COMMAND_DONE) {
        output_table(call->output, alerts_table(json_object_get(reply, "alerts"), clock_wall_ms()));
    }
    json_decref(reply);
    return status;
}

/* config.c -- musterctl config: the settings that the registry runs with, and where each comes from. */
#include "ctl/ask.h"
#include "ctl/member.h"

#include <inttypes.h>
#include <stdlib.h>

static const struct table_column columns[] = {{"KEY", false, 0}, {"VALUE", false, 8}, {"FROM", false, 8}};

static void add_value(struct table *table, const json_t *value, enum table_ink ink)
{
    if (json_is_string(value)) {
        table_add(table, (struct text){json_string_value(value), json_string_length(value)}, ink);
        return;
    }
    char *json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
    table_add(table, text_of(json != NULL ? json : ""), ink);
    free(json);
}

static void add_row(struct table *table, const json_t *setting)
{
    struct buf origin = {0};
    const char *source = member_string(setting, "source", "");
    bool is_default = text_is(text_of(source), "default");
    int64_t line = member_integer(setting, "line", 0);
    buf_append_string(&origin, source);
    if (line > 0) {
        buf_printf(&origin, " %s:%" PRId64, member_string(setting, "file", ""), line);
    }
    table_add(table, member_text(setting, "key"), INK_PLAIN);
    add_value(table, json_object_get(setting, "value"), is_default ? INK_FAINT : INK_PLAIN);
    table_add(table, buf_text(&origin), is_default ? INK_FAINT : INK_PLAIN);
    buf_fini(&origin);
}

static struct table *settings_table(const json_t *settings)
{
    struct table *table = table_new(columns, sizeof columns / sizeof columns[0]);
    size_t i = 0;
    const json_t *setting = NULL;
    json_array_foreach(settings, i, setting)
    {
        if (table != NULL) {
            add_row(table, setting);
        }
    }
    return table;
}

enum command_status config_run(struct call *call)
{
    json_t *reply = NULL;
    enum command_status status = ask(call, "config", json_object(), &reply);
    if (status == COMMAND_DONE && call->output->json) {
        output_json(call->output, reply);
    } else if (status == COMMAND_DONE) {
        output_table(call->output, settings_table(json_object_get(reply, "config")));
    }
    json_decref(reply);
    return status;
}

/* list.c -- musterctl list: follows the cursor until all pages are in. */
#include "ctl/list.h"

#include "base/clock.h"
#include "ctl/ask.h"
#include "ctl/workers.h"

#include <stdlib.h>

/* Returns the cursor of the next page, NULL at the end. */
static json_t *take_page(struct fleet *fleet, const json_t *reply)
{
    size_t i = 0;
    json_t *document = NULL;
    json_array_foreach(json_object_get(reply, "workers"), i, document)
    {
        fleet_list_take(fleet, document);
    }
    json_t *cursor = json_object_get(reply, "cursor");
    return json_string_length(cursor) > 0 ? json_incref(cursor) : NULL;
}

enum command_status list_read(struct call *call, struct fleet *fleet)
{
    json_t *cursor = NULL;
    fleet_list_begin(fleet);
    do {
        json_t *request = cursor != NULL ? json_pack("{s:o}", "cursor", cursor) : json_object();
        json_t *reply = NULL;
        enum command_status status = ask(call, "list", request, &reply);
        if (status != COMMAND_DONE) {
            return status;
        }
        cursor = take_page(fleet, reply);
        json_decref(reply);
    } while (cursor != NULL);
    fleet_list_end(fleet);
    return COMMAND_DONE;
}

static void print_json(struct call *call, json_t *const *documents, size_t count)
{
    json_t *workers = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append(workers, documents[i]);
    }
    json_t *all = json_pack("{s:o}", "workers", workers);
    output_json(call->output, all);
    json_decref(all);
}

static void print_table(struct call *call, json_t *const *documents, size_t count)
{
    struct buf lines = {0};
    struct table_view view = output_view(call->output);
    struct table *table = workers_table(documents, count, clock_wall_ms());
    if (table != NULL) {
        table_render(table, &view, &lines);
        output_text(call->output, buf_text(&lines));
    }
    table_free(table);
    buf_fini(&lines);
}

void list_print(struct call *call, const struct fleet *fleet)
{
    size_t count = 0;
    json_t **documents = fleet_sorted(fleet, FLEET_BY_ID, &count);
    if (call->output->json) {
        print_json(call, documents, count);
    } else {
        print_table(call, documents, count);
    }
    free(documents);
}

enum command_status list_run(struct call *call)
{
    struct fleet *fleet = fleet_new();
    if (fleet == NULL) {
        buf_append_string(&call->wrong, "no memory\n");
        return COMMAND_NO_ANSWER;
    }
    enum command_status status = list_read(call, fleet);
    if (status == COMMAND_DONE) {
        list_print(call, fleet);
    }
    fleet_free(fleet);
    return status;
}

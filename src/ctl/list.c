/*
 * list.c -- musterctl list and find: follows the cursor until all pages are in, or as many workers as were asked for.
 * The best are known when all pages are in.
 */
#include "ctl/list.h"

#include "base/clock.h"
#include "ctl/ask.h"
#include "ctl/workers.h"

#include <stdlib.h>

enum { PAGE_MAX = 1000, SORTED_DEFAULT = 100 };

static void add_text(json_t *request, const char *name, const char *value)
{
    if (value != NULL) {
        (void)json_object_set_new(request, name, json_string(value));
    }
}

/* What is asked for on every page. NULL without memory. */
static json_t *filters_of(const struct options *options)
{
    json_t *request = json_object();
    add_text(request, "status", options->status);
    add_text(request, "health", options->health);
    add_text(request, "tags", options->tags);
    add_text(request, "capabilities", options->capabilities);
    add_text(request, "zone", options->zone);
    add_text(request, "namePrefix", options->name_prefix);
    add_text(request, "sort", options->sort != NULL ? "freeCapacity" : NULL);
    if (options->minimum_free > 0) {
        (void)json_object_set_new(request, "minimumFreeCapacity", json_integer(options->minimum_free));
    }
    return request;
}

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

/* Takes the reference of the cursor. */
static json_t *request_page(json_t *filters, json_t *cursor, size_t rest)
{
    json_t *request = json_copy(filters);
    (void)json_object_set_new(request, "limit", json_integer(rest < PAGE_MAX ? (json_int_t)rest : PAGE_MAX));
    if (cursor != NULL) {
        (void)json_object_set_new(request, "cursor", cursor);
    }
    return request;
}

static enum command_status read_pages(struct call *call, const char *verb, json_t *filters, size_t most,
                                      struct fleet *fleet)
{
    bool sorts = call->options->sort != NULL;
    json_t *cursor = NULL;
    bool more = true;
    while (more) {
        json_t *reply = NULL;
        json_t *request = request_page(filters, cursor, sorts ? most : most - fleet_listed(fleet));
        enum command_status status = ask(call, verb, request, &reply);
        if (status != COMMAND_DONE) {
            return status;
        }
        cursor = take_page(fleet, reply);
        json_decref(reply);
        more = cursor != NULL && (sorts || fleet_listed(fleet) < most);
    }
    json_decref(cursor);
    return COMMAND_DONE;
}

static size_t most_of(const struct options *options)
{
    if (options->limit > 0) {
        return (size_t)options->limit;
    }
    return options->sort != NULL ? SORTED_DEFAULT : SIZE_MAX;
}

enum command_status list_read(struct call *call, const char *verb, struct fleet *fleet)
{
    const struct options *options = call->options;
    json_t *filters = filters_of(options);
    size_t most = most_of(options);
    fleet_list_begin(fleet);
    enum command_status status = read_pages(call, verb, filters, most, fleet);
    if (status == COMMAND_DONE) {
        fleet_list_end(fleet);
    }
    json_decref(filters);
    return status;
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

static void print(struct call *call, const struct fleet *fleet)
{
    size_t count = 0;
    size_t most = most_of(call->options);
    bool sorts = call->options->sort != NULL;
    json_t **documents = fleet_sorted(fleet, sorts ? FLEET_FREEST_FIRST : FLEET_BY_ID, &count);
    count = count < most ? count : most;
    if (call->output->json) {
        print_json(call, documents, count);
    } else {
        output_table(call->output, workers_table(documents, count, clock_wall_ms()));
    }
    free(documents);
}

static enum command_status run(struct call *call, const char *verb)
{
    struct fleet *fleet = fleet_new();
    if (fleet == NULL) {
        buf_append_string(&call->wrong, "no memory\n");
        return COMMAND_NO_ANSWER;
    }
    enum command_status status = list_read(call, verb, fleet);
    if (status == COMMAND_DONE) {
        print(call, fleet);
    }
    fleet_free(fleet);
    return status;
}

enum command_status list_run(struct call *call)
{
    return run(call, "list");
}

enum command_status find_run(struct call *call)
{
    return run(call, "find");
}

/* export.c -- musterctl export: the records of all pages, a line each, delivered once they are complete. */
#include "ctl/ask.h"
#include "ctl/draft.h"
#include "ctl/member.h"

#include <string.h>

enum { PAGE_MAX = 1000, CHUNK_BYTES = 65536 };

struct export
{
    struct call *call;
    struct draft draft;
    json_t *seen; /* ids: pages may overlap */
};

static void take_page(struct export *export, const json_t *reply)
{
    size_t i = 0;
    const json_t *record = NULL;
    json_array_foreach(json_object_get(reply, "workers"), i, record)
    {
        const char *id = member_string(record, "workerId", "");
        if (json_object_get(export->seen, id) == NULL) {
            (void)json_object_set_new(export->seen, id, json_true());
            (void)json_dumpf(record, export->draft.file, JSON_COMPACT | JSON_REAL_PRECISION(OUTPUT_REAL_DIGITS));
            (void)fputc('\n', export->draft.file);
        }
    }
}

/* The limit is what the registry takes at most; it cuts a page before the broker would. */
static json_t *request_of(json_t *cursor)
{
    json_t *request = json_pack("{s:i}", "limit", PAGE_MAX);
    if (cursor != NULL) {
        (void)json_object_set_new(request, "cursor", cursor);
    }
    return request;
}

static enum command_status read_all(struct export *export)
{
    json_t *cursor = NULL;
    do {
        json_t *reply = NULL;
        enum command_status status = ask(export->call, "export", request_of(cursor), &reply);
        if (status != COMMAND_DONE) {
            return status;
        }
        take_page(export, reply);
        cursor = json_incref(json_object_get(reply, "cursor"));
        json_decref(reply);
    } while (json_string_length(cursor) > 0);
    json_decref(cursor);
    return COMMAND_DONE;
}

static void copy(FILE *from, struct output *output)
{
    static char chunk[CHUNK_BYTES];
    size_t len = 0;
    while ((len = fread(chunk, 1, sizeof chunk, from)) > 0) {
        output_text(output, (struct text){chunk, len});
    }
}

static void tell(struct export *export)
{
    struct call *call = export->call;
    size_t count = json_object_size(export->seen);
    if (call->output->json) {
        json_t *document = json_pack("{s:s, s:I}", "file", call->options->operand, "workers", (json_int_t)count);
        output_json(call->output, document);
        json_decref(document);
        return;
    }
    struct buf line = {0};
    buf_printf(&line, "%zu worker%s exported to %s\n", count, count == 1 ? "" : "s", call->options->operand);
    output_text(call->output, buf_text(&line));
    buf_fini(&line);
}

static enum command_status run(struct export *export, const char *path)
{
    struct call *call = export->call;
    struct fault fault = {0};
    if (draft_open(&export->draft, path, &fault) != ERR_OK) {
        buf_printf(&call->wrong, "%s\n", fault.text);
        return COMMAND_USAGE;
    }
    enum command_status status = read_all(export);
    if (status != COMMAND_DONE) {
        return status;
    }
    if (draft_complete(&export->draft, &fault) != ERR_OK) {
        buf_printf(&call->wrong, "%s\n", fault.text);
        return COMMAND_USAGE;
    }
    if (path == NULL) {
        copy(export->draft.file, call->output);
    } else {
        tell(export);
    }
    return call->output->failed ? COMMAND_USAGE : COMMAND_DONE;
}

enum command_status export_run(struct call *call)
{
    const char *path = call->options->operand;
    struct export export = {.call = call, .seen = json_object()};
    enum command_status status = run(&export, strcmp(path, "-") == 0 ? NULL : path);
    draft_close(&export.draft);
    json_decref(export.seen);
    return status;
}

/* import.c -- musterctl import: documents from a file in batches, and what became of each. */
#include "ctl/ask.h"
#include "ctl/member.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What the registry takes in one request, with room for what is around the documents. */
enum { BATCH_MAX = 100, BATCH_BYTES_MAX = 60 * 1024 };

struct import {
    struct call *call;
    FILE *file;
    size_t documents; /* read from the file */
    json_t *batch;
    size_t batch_bytes;
    size_t imported;
    size_t refused;
};

/* ---- what became of them */

static void append_result(struct buf *out, const json_t *result)
{
    const char *id = member_string(result, "workerId", "-");
    if (json_is_true(json_object_get(result, "success"))) {
        buf_printf(out, "%s: imported\n", id);
        return;
    }
    struct buf reasons = {0};
    ask_append_refusal(&reasons, result);
    for (struct text rest = buf_text(&reasons); rest.len > 0;) {
        const char *end = memchr(rest.data, '\n', rest.len);
        size_t len = end != NULL ? (size_t)(end - rest.data) : rest.len;
        buf_printf(out, "%s: %.*s\n", id, (int)len, rest.data);
        len += end != NULL ? 1 : 0;
        rest = (struct text){rest.data + len, rest.len - len};
    }
    buf_fini(&reasons);
}

static void take_result(struct import *import, const json_t *result)
{
    bool good = json_is_true(json_object_get(result, "success"));
    import->imported += good ? 1 : 0;
    import->refused += good ? 0 : 1;
    if (import->call->output->json) {
        output_json(import->call->output, result);
        return;
    }
    struct buf lines = {0};
    append_result(&lines, result);
    output_text(import->call->output, buf_text(&lines));
    buf_fini(&lines);
}

/* ---- sending */

/* Whether a refusal is about what was sent: then each document may be refused for itself. */
static bool is_about_content(const json_t *reply)
{
    static const char *const codes[] = {"invalid_payload", "validation_failed", "too_large"};
    const char *code = member_string(reply, "code", "");
    size_t i = 0;
    while (i < sizeof codes / sizeof codes[0] && strcmp(code, codes[i]) != 0) {
        i++;
    }
    return i < sizeof codes / sizeof codes[0];
}

/* Answers with the reply, whatever it says. */
static enum command_status send_documents(struct import *import, json_t *documents, json_t **out_reply)
{
    struct call *call = import->call;
    struct fault fault = {0};
    json_t *request = json_pack("{s:O}", "workers", documents);
    if (call->options->force) {
        (void)json_object_set_new(request, "force", json_true());
    }
    enum err err = session_request(call->session, "import", request, out_reply, &fault);
    json_decref(request);
    if (err != ERR_OK) {
        buf_printf(&call->wrong, "%s\n", fault.text);
    }
    return err == ERR_OK ? COMMAND_DONE : COMMAND_NO_ANSWER;
}

static enum command_status take_results(struct import *import, const json_t *reply, size_t expected)
{
    const json_t *results = json_object_get(reply, "results");
    size_t i = 0;
    const json_t *result = NULL;
    json_array_foreach(results, i, result)
    {
        take_result(import, result);
    }
    if (i != expected) {
        buf_printf(&import->call->wrong, "the registry told what became of %zu of %zu workers\n", i, expected);
        return COMMAND_NO_ANSWER;
    }
    return COMMAND_DONE;
}

static enum command_status refuse_all(struct import *import, const json_t *reply)
{
    ask_append_refusal(&import->call->wrong, reply);
    return COMMAND_REFUSED;
}

static enum command_status send_one(struct import *import, json_t *document)
{
    json_t *reply = NULL;
    json_t *alone = json_pack("[O]", document);
    enum command_status status = send_documents(import, alone, &reply);
    if (status == COMMAND_DONE && json_is_true(json_object_get(reply, "success"))) {
        status = take_results(import, reply, 1);
    } else if (status == COMMAND_DONE && is_about_content(reply)) {
        (void)json_object_set_new(reply, "workerId", json_string(member_string(document, "workerId", "-")));
        take_result(import, reply);
    } else if (status == COMMAND_DONE) {
        status = refuse_all(import, reply);
    }
    json_decref(alone);
    json_decref(reply);
    return status;
}

static enum command_status send_each(struct import *import)
{
    enum command_status status = COMMAND_DONE;
    size_t i = 0;
    json_t *document = NULL;
    json_array_foreach(import->batch, i, document)
    {
        status = status == COMMAND_DONE ? send_one(import, document) : status;
    }
    return status;
}

static enum command_status flush(struct import *import)
{
    size_t count = json_array_size(import->batch);
    json_t *reply = NULL;
    enum command_status status = count > 1 ? send_documents(import, import->batch, &reply) : send_each(import);
    if (reply != NULL && json_is_true(json_object_get(reply, "success"))) {
        status = take_results(import, reply, count);
    } else if (reply != NULL) {
        status = is_about_content(reply) ? send_each(import) : refuse_all(import, reply);
    }
    json_decref(reply);
    (void)json_array_clear(import->batch);
    import->batch_bytes = 0;
    return status;
}

/* ---- reading */

static enum command_status add(struct import *import, json_t *document)
{
    enum command_status status = COMMAND_DONE;
    size_t bytes = json_dumpb(document, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) + 1;
    if (json_array_size(import->batch) == BATCH_MAX || import->batch_bytes + bytes > BATCH_BYTES_MAX) {
        status = flush(import);
    }
    (void)json_array_append(import->batch, document);
    import->batch_bytes += bytes;
    return status;
}

/* A list, or what has one called workers, holds the documents; anything else is one. */
static enum command_status add_all(struct import *import, json_t *document)
{
    json_t *listed = json_is_array(document) ? document : json_object_get(document, "workers");
    if (!json_is_array(listed)) {
        return add(import, document);
    }
    enum command_status status = COMMAND_DONE;
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(listed, i, item)
    {
        status = status == COMMAND_DONE ? add(import, item) : status;
    }
    return status;
}

static bool has_more(FILE *file)
{
    int c = fgetc(file);
    while (c != EOF && isspace(c)) {
        c = fgetc(file);
    }
    return c != EOF && ungetc(c, file) != EOF;
}

static enum command_status read_all(struct import *import)
{
    enum command_status status = COMMAND_DONE;
    while (status == COMMAND_DONE && !import->call->output->failed && has_more(import->file)) {
        json_error_t error;
        json_t *document = json_loadf(import->file, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &error);
        import->documents++;
        if (document == NULL) {
            buf_printf(&import->call->wrong, "%s: document %zu, its line %d, column %d: %s\n",
                       import->call->options->operand, import->documents, error.line, error.column, error.text);
            return COMMAND_USAGE;
        }
        status = add_all(import, document);
        json_decref(document);
    }
    if (ferror(import->file) != 0) {
        buf_printf(&import->call->wrong, "%s cannot be read: %s\n", import->call->options->operand, strerror(errno));
        return COMMAND_USAGE;
    }
    return status == COMMAND_DONE && json_array_size(import->batch) > 0 ? flush(import) : status;
}

static enum command_status run(struct import *import)
{
    struct call *call = import->call;
    enum command_status status = read_all(import);
    if (!call->output->json) {
        struct buf line = {0};
        buf_printf(&line, "%zu imported, %zu refused\n", import->imported, import->refused);
        output_text(call->output, buf_text(&line));
        buf_fini(&line);
    }
    return status == COMMAND_DONE && import->refused > 0 ? COMMAND_REFUSED : status;
}

enum command_status import_run(struct call *call)
{
    const char *path = call->options->operand;
    bool is_standard = strcmp(path, "-") == 0;
    struct import import = {.call = call, .file = is_standard ? stdin : fopen(path, "r"), .batch = json_array()};
    if (import.file == NULL) {
        buf_printf(&call->wrong, "%s cannot be read: %s\n", path, strerror(errno));
        json_decref(import.batch);
        return COMMAND_USAGE;
    }
    enum command_status status = run(&import);
    if (!is_standard) {
        (void)fclose(import.file);
    }
    json_decref(import.batch);
    return status;
}

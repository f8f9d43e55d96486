/* operate.c -- the commands that are one request and one line: drain, recover, maintain, resume, forget, reregister,
 * cleanup, brake-release. */
#include "ctl/ask.h"
#include "ctl/member.h"

static json_t *request_of(const struct options *options)
{
    json_t *request = json_object();
    if (options->operand != NULL) {
        (void)json_object_set_new(request, "workerId", json_string(options->operand));
    }
    if (options->reason != NULL) {
        (void)json_object_set_new(request, "reason", json_string(options->reason));
    }
    return request;
}

static void append_count(struct buf *out, const json_t *count, const char *noun, const char *done)
{
    json_int_t number = json_integer_value(count);
    buf_printf(out, "%" JSON_INTEGER_FORMAT " %s%s %s", number, noun, number == 1 ? "" : "s", done);
}

static void append_outcome(struct buf *out, const json_t *reply)
{
    const json_t *worker = json_object_get(reply, "worker");
    const json_t *released = json_object_get(reply, "released");
    const json_t *cleaned_up = json_object_get(reply, "cleanedUp");
    if (released != NULL) {
        append_count(out, released, "brake", "released");
    } else if (cleaned_up != NULL) {
        append_count(out, cleaned_up, "worker", "cleaned up");
    } else if (worker != NULL) {
        buf_printf(out, "%s, %s", member_string(worker, "status", "-"), member_string(worker, "health", "-"));
    } else {
        buf_append_string(out, member_string(reply, "message", "done"));
    }
}

static void print(struct call *call, const json_t *reply)
{
    if (call->output->json) {
        output_json(call->output, reply);
        return;
    }
    struct buf line = {0};
    buf_printf(&line, "%s: ", call->options->operand != NULL ? call->options->operand : call->options->command);
    append_outcome(&line, reply);
    buf_append_string(&line, "\n");
    output_text(call->output, buf_text(&line));
    buf_fini(&line);
}

enum command_status operate_run(struct call *call)
{
    json_t *reply = NULL;
    enum command_status status = ask(call, call->options->command, request_of(call->options), &reply);
    if (status == COMMAND_DONE) {
        print(call, reply);
    }
    json_decref(reply);
    return status;
}

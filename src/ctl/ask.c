/* ask.c -- see ask.h. */
#include "ctl/ask.h"

#include <inttypes.h>

static const char *string_in(const json_t *object, const char *field, const char *otherwise)
{
    const char *string = json_string_value(json_object_get(object, field));
    return string != NULL ? string : otherwise;
}

void ask_append_refusal(struct buf *out, const json_t *reply)
{
    const char *code = string_in(reply, "code", "refused");
    const json_t *errors = json_object_get(reply, "errors");
    size_t i = 0;
    const json_t *error = NULL;
    json_array_foreach(errors, i, error)
    {
        const char *sentence = json_string_value(error);
        buf_printf(out, "%s: %s\n", code, sentence != NULL ? sentence : "");
    }
    if (json_array_size(errors) > 0) {
        return;
    }
    const char *message = string_in(reply, "message", "");
    buf_printf(out, "%s%s%s", code, message[0] != '\0' ? ": " : "", message);
    const json_t *retry_after_ms = json_object_get(reply, "retryAfterMs");
    if (json_is_integer(retry_after_ms)) {
        buf_printf(out, " (again in %" JSON_INTEGER_FORMAT " ms)", json_integer_value(retry_after_ms));
    }
    buf_append_string(out, "\n");
}

enum command_status ask(struct call *call, const char *verb, json_t *request, json_t **out_reply)
{
    if (request == NULL) {
        buf_append_string(&call->wrong, "no memory for the request\n");
        return COMMAND_NO_ANSWER;
    }
    struct fault fault = {0};
    json_t *reply = NULL;
    enum err err = session_request(call->session, verb, request, &reply, &fault);
    json_decref(request);
    if (err != ERR_OK) {
        buf_printf(&call->wrong, "%s\n", fault.text);
        return COMMAND_NO_ANSWER;
    }
    if (!json_is_true(json_object_get(reply, "success"))) {
        ask_append_refusal(&call->wrong, reply);
        if (call->output->json) {
            output_json(call->output, reply);
        }
        json_decref(reply);
        return COMMAND_REFUSED;
    }
    *out_reply = reply;
    return COMMAND_DONE;
}

/* deregister.c -- musterctl deregister: sends a worker away, plainly, by force, or after its jobs. */
#include "ctl/ask.h"

static json_t *request_of(const struct options *options)
{
    json_t *request = json_pack("{s:s}", "workerId", options->operand);
    if (options->drain) {
        (void)json_object_set_new(request, "drain", json_true());
    }
    if (options->reason != NULL) {
        (void)json_object_set_new(request, "reason", json_string(options->reason));
    }
    return request;
}

static void print_deregistered(struct call *call, const json_t *reply)
{
    if (call->output->json) {
        output_json(call->output, reply);
        return;
    }
    struct buf line = {0};
    const char *message = json_string_value(json_object_get(reply, "message"));
    buf_printf(&line, "%s: %s\n", call->options->operand, message != NULL ? message : "done");
    output_text(call->output, buf_text(&line));
    buf_fini(&line);
}

enum command_status deregister_run(struct call *call)
{
    const struct options *options = call->options;
    if (options->force && options->drain) {
        buf_append_string(&call->wrong, "--force does not wait for jobs and --drain does: give one of them\n");
        return COMMAND_USAGE;
    }
    json_t *reply = NULL;
    enum command_status status =
        ask(call, options->force ? "force-deregister" : "deregister", request_of(options), &reply);
    if (status == COMMAND_DONE) {
        print_deregistered(call, reply);
    }
    json_decref(reply);
    return status;
}

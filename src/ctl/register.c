/* register.c -- musterctl register: a registration from a file, for a worker that cannot speak for itself. */
#include "ctl/ask.h"

#include <string.h>

static json_t *read_file(const char *file, struct buf *wrong)
{
    json_error_t error;
    json_t *registration = strcmp(file, "-") == 0 ? json_loadf(stdin, JSON_REJECT_DUPLICATES, &error)
                                                  : json_load_file(file, JSON_REJECT_DUPLICATES, &error);
    if (registration == NULL) {
        if (error.line > 0) {
            buf_printf(wrong, "%s: line %d, column %d: %s\n", file, error.line, error.column, error.text);
        } else {
            buf_printf(wrong, "%s\n", error.text);
        }
    } else if (!json_is_object(registration)) {
        buf_printf(wrong, "%s: a registration is a JSON object\n", file);
        json_decref(registration);
        registration = NULL;
    }
    return registration;
}

static void print_registered(struct call *call, const json_t *reply)
{
    if (call->output->json) {
        output_json(call->output, reply);
        return;
    }
    struct buf line = {0};
    const char *id = json_string_value(json_object_get(reply, "workerId"));
    buf_printf(&line, "%s registered, epoch %" JSON_INTEGER_FORMAT ", heartbeat every %" JSON_INTEGER_FORMAT " ms\n",
               id != NULL ? id : "worker", json_integer_value(json_object_get(reply, "epoch")),
               json_integer_value(json_object_get(reply, "heartbeatIntervalMs")));
    output_text(call->output, buf_text(&line));
    buf_fini(&line);
}

enum command_status register_run(struct call *call)
{
    json_t *registration = read_file(call->options->operand, &call->wrong);
    if (registration == NULL) {
        return COMMAND_USAGE;
    }
    json_t *reply = NULL;
    enum command_status status = ask(call, "register", registration, &reply);
    if (status == COMMAND_DONE) {
        print_registered(call, reply);
    }
    json_decref(reply);
    return status;
}

/* get.c -- musterctl get: one worker, a field a line. */
#include "base/clock.h"
#include "ctl/ask.h"
#include "ctl/fields.h"

static void print_worker(struct call *call, json_t *worker)
{
    if (call->output->json) {
        output_json(call->output, worker);
        return;
    }
    struct buf lines = {0};
    fields_append(&lines, worker, "", clock_wall_ms());
    output_text(call->output, buf_text(&lines));
    buf_fini(&lines);
}

enum command_status get_run(struct call *call)
{
    json_t *reply = NULL;
    enum command_status status = ask(call, "status", json_pack("{s:s}", "workerId", call->options->operand), &reply);
    if (status == COMMAND_DONE) {
        print_worker(call, json_object_get(reply, "worker"));
    }
    json_decref(reply);
    return status;
}

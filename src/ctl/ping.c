/* ping.c -- musterctl ping: tells a worker to heartbeat at once, and looks until one has come. */
#include "base/clock.h"
#include "ctl/ask.h"
#include "ctl/member.h"

#include <inttypes.h>

enum { LOOK_EACH_MS = 50 };

/* The worker's latest heartbeat, as the registry knows it. */
static enum command_status look(struct call *call, int64_t *out_heartbeat_ms)
{
    json_t *reply = NULL;
    enum command_status status = ask(call, "status", json_pack("{s:s}", "workerId", call->options->operand), &reply);
    if (status == COMMAND_DONE) {
        *out_heartbeat_ms = member_integer(json_object_get(reply, "worker"), "lastHeartbeatAt", 0);
    }
    json_decref(reply);
    return status;
}

static void pause_until(struct call *call, int64_t until_ms)
{
    while (clock_monotonic_ms() < until_ms) {
        session_wait(call->session, until_ms);
    }
}

static enum command_status await_heartbeat(struct call *call, int64_t before_ms, int64_t began_ms)
{
    int64_t until_ms = began_ms + call->options->timeout_ms;
    int64_t heartbeat_ms = before_ms;
    while (heartbeat_ms <= before_ms) {
        int64_t now_ms = clock_monotonic_ms();
        if (now_ms >= until_ms) {
            buf_printf(&call->wrong,
                       "the command is at the broker, but %s has sent no heartbeat within %" PRId64 " ms\n",
                       call->options->operand, call->options->timeout_ms);
            return COMMAND_NO_ANSWER;
        }
        pause_until(call, now_ms + LOOK_EACH_MS);
        enum command_status status = look(call, &heartbeat_ms);
        if (status != COMMAND_DONE) {
            return status;
        }
    }
    return COMMAND_DONE;
}

static void print(struct call *call, int64_t took_ms)
{
    if (call->output->json) {
        json_t *document = json_pack("{s:s, s:b, s:I}", "workerId", call->options->operand, "success", 1, "tookMs",
                                     (json_int_t)took_ms);
        output_json(call->output, document);
        json_decref(document);
        return;
    }
    struct buf line = {0};
    buf_printf(&line, "%s: a heartbeat after %" PRId64 " ms\n", call->options->operand, took_ms);
    output_text(call->output, buf_text(&line));
    buf_fini(&line);
}

enum command_status ping_run(struct call *call)
{
    int64_t before_ms = 0;
    json_t *reply = NULL;
    enum command_status status = look(call, &before_ms);
    int64_t began_ms = clock_monotonic_ms();
    if (status == COMMAND_DONE) {
        status = ask(call, "ping", json_pack("{s:s}", "workerId", call->options->operand), &reply);
    }
    if (status == COMMAND_DONE) {
        status = await_heartbeat(call, before_ms, began_ms);
    }
    if (status == COMMAND_DONE) {
        print(call, clock_monotonic_ms() - began_ms);
    }
    json_decref(reply);
    return status;
}

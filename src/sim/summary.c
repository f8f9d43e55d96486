/* summary.c -- figures with units for people, in milliseconds and microseconds for programs. */
#include "sim/summary.h"

#include <inttypes.h>

static double ms(int64_t us)
{
    return (double)us / 1000.0;
}

static double per_second(uint64_t count, int64_t us)
{
    return us > 0 ? (double)count * 1e6 / (double)us : 0;
}

static double each(int64_t us, uint64_t count)
{
    return count > 0 ? (double)us / (double)count : 0;
}

static uint64_t settled_count(const struct tally *tally)
{
    return tally->registered + tally->refused;
}

bool summary_is_good(const struct tally *tally)
{
    return tally->refused == 0 && tally->unanswered == 0 && tally->lines_down == 0;
}

/* ---- for people */

static void append_latency(struct buf *out, const char *title, const struct latency *latency)
{
    if (latency->count > 0) {
        buf_printf(out, "  %-15s p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, max %.2f ms\n", title,
                   ms(latency_quantile_us(latency, 0.5)), ms(latency_quantile_us(latency, 0.99)),
                   ms(latency_quantile_us(latency, 0.999)), ms(latency->max_us));
    }
}

/* What is only worth a word where there is any of it. */
static void append_some(struct buf *out, uint64_t count, const char *what)
{
    if (count > 0) {
        buf_printf(out, ", %" PRIu64 " %s", count, what);
    }
}

static void append_codes(struct buf *out, const struct tally *tally)
{
    const char *before = "  replies         ";
    for (int code = 0; code <= CODE_COUNT; code++) {
        if (tally->codes[code] > 0) {
            buf_printf(out, "%s%s %" PRIu64, before,
                       code < CODE_COUNT ? code_name((enum reply_code)code) : "not understood", tally->codes[code]);
            before = ", ";
        }
    }
    buf_append_string(out, before[0] == ',' ? "\n" : "");
}

void summary_append_text(struct buf *out, const struct options *options, const struct tally *tally)
{
    buf_printf(out, "%s: %" PRIu64 " workers on %lld connections, %.1f s%s\n", scenario_row(options->scenario)->name,
               tally->workers, (long long)options->connections, ms(tally->run_us) / 1000.0,
               tally->interrupted ? ", interrupted" : "");
    buf_printf(out, "  registered      %" PRIu64 " (%.0f/s)", tally->registered,
               per_second(settled_count(tally), tally->registering_us));
    append_some(out, tally->refused, "refused");
    append_some(out, tally->unanswered, "unanswered");
    append_some(out, tally->registrations_repeated, "asked for repeatedly");
    append_some(out, tally->registrations_again, "again, as the registry did not know them");
    buf_append_string(out, "\n");
    append_latency(out, "  answered", &tally->registering);
    buf_printf(out, "  heartbeats      %" PRIu64 " (%.0f/s)", tally->sent, per_second(tally->sent, tally->run_us));
    append_some(out, tally->warmed_up, "before the run");
    append_some(out, tally->missed, "missed for want of a connection");
    append_some(out, tally->unsent, "due and not sent");
    append_some(out, tally->silenced, "times a worker fell silent");
    buf_append_string(out, "\n");
    append_latency(out, "  sent late by", &tally->lag);
    if (tally->asked > 0) {
        buf_printf(out, "  asked           %" PRIu64 ", %" PRIu64 " answered\n", tally->asked, tally->answered);
        append_latency(out, "  answered after", &tally->answering);
    }
    append_codes(out, tally);
    buf_printf(out, "  cost            %.2f us a heartbeat in its own thread, %.2f us with the MQTT library's\n",
               each(tally->loop_cpu_us, tally->sent), each(tally->cpu_us, tally->sent));
    if (tally->refusals > 0) {
        buf_printf(out, "  the broker      refused %" PRIu64 " publications\n", tally->refusals);
    }
    if (tally->losses > 0) {
        buf_printf(out, "  connections     lost %" PRIu64 " times, %" PRIu64 " down at the end\n", tally->losses,
                   tally->lines_down);
    }
}

/* ---- for programs */

static json_t *latency_tree(const struct latency *latency)
{
    return json_pack("{s:I, s:f, s:f, s:f, s:f}", "count", (json_int_t)latency->count, "p50Ms",
                     ms(latency_quantile_us(latency, 0.5)), "p99Ms", ms(latency_quantile_us(latency, 0.99)), "p999Ms",
                     ms(latency_quantile_us(latency, 0.999)), "maxMs", ms(latency->max_us));
}

static json_t *registrations_tree(const struct tally *tally)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:o}", "registered", (json_int_t)tally->registered, "refused",
                     (json_int_t)tally->refused, "unanswered", (json_int_t)tally->unanswered, "sent",
                     (json_int_t)tally->registrations_sent, "repeated", (json_int_t)tally->registrations_repeated,
                     "again", (json_int_t)tally->registrations_again, "tookMs", ms(tally->registering_us), "latency",
                     latency_tree(&tally->registering));
}

static json_t *heartbeats_tree(const struct tally *tally)
{
    return json_pack("{s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "beforeRun", (json_int_t)tally->warmed_up,
                     "sent", (json_int_t)tally->sent, "perSecond", per_second(tally->sent, tally->run_us), "missed",
                     (json_int_t)tally->missed, "unsent", (json_int_t)tally->unsent, "silenced",
                     (json_int_t)tally->silenced, "asked", (json_int_t)tally->asked, "answered",
                     (json_int_t)tally->answered, "lag", latency_tree(&tally->lag), "latency",
                     latency_tree(&tally->answering));
}

static json_t *codes_tree(const struct tally *tally)
{
    json_t *tree = json_object();
    for (int code = 0; code <= CODE_COUNT; code++) {
        if (tally->codes[code] > 0) {
            (void)json_object_set_new(tree, code < CODE_COUNT ? code_name((enum reply_code)code) : "",
                                      json_integer((json_int_t)tally->codes[code]));
        }
    }
    return tree;
}

static json_t *broker_tree(const struct tally *tally)
{
    return json_pack("{s:I, s:I, s:I}", "connectionsLost", (json_int_t)tally->losses, "downAtEnd",
                     (json_int_t)tally->lines_down, "refused", (json_int_t)tally->refusals);
}

static json_t *cpu_tree(const struct tally *tally)
{
    return json_pack("{s:f, s:f, s:f}", "loopMs", ms(tally->loop_cpu_us), "processMs", ms(tally->cpu_us),
                     "loopUsPerHeartbeat", each(tally->loop_cpu_us, tally->sent));
}

enum err summary_append_json(struct buf *out, const struct options *options, const struct tally *tally)
{
    json_t *tree = json_pack("{s:s, s:I, s:I, s:I, s:f, s:b, s:o, s:o, s:o, s:o, s:o}", "scenario",
                             scenario_row(options->scenario)->name, "workers", (json_int_t)tally->workers,
                             "connections", (json_int_t)options->connections, "beganAt", (json_int_t)tally->began_at_ms,
                             "runMs", ms(tally->run_us), "interrupted", (int)tally->interrupted, "registrations",
                             registrations_tree(tally), "heartbeats", heartbeats_tree(tally), "replies",
                             codes_tree(tally), "broker", broker_tree(tally), "cpu", cpu_tree(tally));
    enum err err = encode_document(tree, ENCODING_JSON, out);
    json_decref(tree);
    buf_append_string(out, "\n");
    return err;
}

/* ---- on the way */

void summary_append_progress(struct buf *out, const struct options *options, const struct sim_view *view)
{
    const struct tally *tally = view->tally;
    const struct latency *latency = tally->answering.count > 0 ? &tally->answering : &tally->lag;
    switch (view->phase) {
    case SIM_CONNECTING:
        buf_printf(out, "connecting to %s", options->access.uri);
        break;
    case SIM_REGISTERING:
        buf_printf(out, "registering: %" PRIu64 " of %" PRIu64, tally->registered, tally->workers);
        append_some(out, tally->refused, "refused");
        break;
    case SIM_RUNNING:
        buf_printf(out, "%s: %.1f of %.1f s, %" PRIu64 " heartbeats (%.0f/s), p99 %.1f ms %s",
                   scenario_row(options->scenario)->name, ms(view->run_us) / 1000.0, options->duration_s, tally->sent,
                   per_second(tally->sent, view->run_us), ms(latency_quantile_us(latency, 0.99)),
                   latency == &tally->lag ? "late" : "to the reply");
        append_some(out, tally->missed, "missed");
        break;
    case SIM_WAITING:
        buf_printf(out, "waiting for the last replies: %" PRIu64 " of %" PRIu64, tally->answered, tally->asked);
        break;
    }
}

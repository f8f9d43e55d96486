/* events.c -- musterctl events: what is kept in the stream, then what happens from now on, without gap or repetition.
 */
#include "base/backoff.h"
#include "base/clock.h"
#include "ctl/ask.h"
#include "ctl/event_line.h"
#include "domain/worker.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    FILTER_MAX = 256,
    CURSOR_MAX = 48,
    RETRY_FIRST_MS = 200,
    RETRY_MAX_MS = 5000,
    WAIT_MS = 60000,
    ASK_AGAIN_MS = 1000
};

struct reader {
    struct call *call;
    struct event_id seen;  /* everything up to here has been printed */
    struct event_id heard; /* the latest that was published while past ones are read */
    bool any_heard;
    bool live; /* what is heard is printed; else it will be read */
    struct buf line;
    json_t *kept; /* what becomes one JSON document; NULL: each is printed at once */
};

static void print(struct reader *reader, json_t *event)
{
    if (reader->kept != NULL) {
        (void)json_array_append(reader->kept, event);
    } else if (reader->call->output->json) {
        output_json(reader->call->output, event);
    } else {
        buf_clear(&reader->line);
        event_line_append(&reader->line, event);
        buf_append_string(&reader->line, "\n");
        output_text(reader->call->output, buf_text(&reader->line));
    }
}

static bool id_of(const json_t *event, struct event_id *out_id)
{
    const char *text = json_string_value(json_object_get(event, "eventId"));
    return text != NULL && event_id_parse(text, out_id);
}

static void on_heard(void *owner, struct text topic, json_t *event)
{
    (void)topic;
    struct reader *reader = owner;
    struct event_id id;
    if (event == NULL || !id_of(event, &id)) {
        return;
    }
    if (!reader->live) {
        reader->any_heard = true;
        reader->heard = event_id_compare(id, reader->heard) > 0 ? id : reader->heard;
    } else if (event_id_compare(id, reader->seen) > 0) {
        reader->seen = id;
        print(reader, event);
    }
}

static json_t *request_after(const struct options *options, struct event_id after)
{
    char from[CURSOR_MAX];
    (void)snprintf(from, sizeof from, "%" PRIu64 "-%" PRIu64, after.at_ms, after.sequence);
    json_t *request = json_pack("{s:s}", "from", from);
    if (options->worker != NULL) {
        (void)json_object_set_new(request, "workerId", json_string(options->worker));
    }
    if (options->type != NULL) {
        (void)json_object_set_new(request, "type", json_string(options->type));
    }
    return request;
}

/* out_more is false where the registry had nothing to look at after what has been seen. */
static enum command_status read_page(struct reader *reader, bool *out_more)
{
    json_t *reply = NULL;
    enum command_status status =
        ask(reader->call, "events", request_after(reader->call->options, reader->seen), &reply);
    if (status != COMMAND_DONE) {
        return status;
    }
    size_t i = 0;
    json_t *event = NULL;
    json_array_foreach(json_object_get(reply, "events"), i, event)
    {
        print(reader, event);
    }
    struct event_id next = reader->seen;
    const char *next_text = json_string_value(json_object_get(reply, "next"));
    bool moved = next_text != NULL && event_id_parse(next_text, &next) && event_id_compare(next, reader->seen) > 0;
    reader->seen = moved ? next : reader->seen;
    *out_more = moved;
    json_decref(reply);
    return COMMAND_DONE;
}

/*
 * What is published has been in the stream before. So reading may stop where the stream ends and nothing was heard
 * during that read, or as soon as everything heard meanwhile has been read too.
 */
static enum command_status read_past(struct reader *reader)
{
    bool more = true;
    bool caught_up = false;
    reader->live = false;
    reader->any_heard = false;
    reader->heard = (struct event_id){0};
    while (!caught_up && !reader->call->output->failed) {
        bool heard_before = reader->any_heard;
        struct event_id before = reader->heard;
        enum command_status status = read_page(reader, &more);
        if (status != COMMAND_DONE) {
            return status;
        }
        bool heard_new = reader->any_heard && (!heard_before || event_id_compare(reader->heard, before) != 0);
        bool has_all_heard = reader->any_heard && event_id_compare(reader->seen, reader->heard) >= 0;
        caught_up = has_all_heard || (!more && !heard_new);
    }
    return COMMAND_DONE;
}

static enum command_status run_past(struct reader *reader)
{
    bool more = true;
    enum command_status status = COMMAND_DONE;
    bool is_document = reader->call->output->json;
    reader->kept = is_document ? json_array() : NULL;
    while (status == COMMAND_DONE && more && !reader->call->signals->ended && !reader->call->output->failed) {
        status = read_page(reader, &more);
    }
    if (status == COMMAND_DONE && is_document) {
        json_t *document = json_pack("{s:O}", "events", reader->kept);
        output_json(reader->call->output, document);
        json_decref(document);
    }
    json_decref(reader->kept);
    return status;
}

static void pause_for(struct call *call, int64_t wait_ms)
{
    int64_t until_ms = clock_monotonic_ms() + wait_ms;
    while (!call->signals->ended && clock_monotonic_ms() < until_ms) {
        session_wait(call->session, until_ms);
    }
}

static void connect_again(struct call *call)
{
    struct backoff backoff;
    struct fault fault = {0};
    backoff_init(&backoff, RETRY_FIRST_MS, RETRY_MAX_MS, (uint64_t)clock_wall_ms() | 1);
    buf_printf(&call->wrong, "the connection was lost (%s); trying again\n", session_lost(call->session));
    command_tell(call);
    while (!call->signals->ended && session_connect(call->session, &fault) != ERR_OK) {
        pause_for(call, backoff_next_ms(&backoff));
    }
}

static bool goes_on(const struct call *call)
{
    return !call->signals->ended && !call->output->failed;
}

/* After each loss of the connection what was missed is read before anything else is printed. */
static enum command_status follow(struct reader *reader, bool past_wanted)
{
    struct call *call = reader->call;
    int64_t started_ms = clock_wall_ms();
    bool began = false;
    while (goes_on(call)) {
        enum command_status status = past_wanted ? read_past(reader) : COMMAND_DONE;
        if (status != COMMAND_DONE && !began) {
            return status;
        }
        if (status != COMMAND_DONE && goes_on(call)) {
            command_tell(call);
            pause_for(call, ASK_AGAIN_MS);
        }
        began = true;
        reader->live = status == COMMAND_DONE;
        while (reader->live && goes_on(call) && session_connected(call->session)) {
            session_wait(call->session, clock_monotonic_ms() + WAIT_MS);
        }
        if (goes_on(call) && !session_connected(call->session)) {
            connect_again(call);
        }
        past_wanted = true;
        if (reader->seen.at_ms == 0) {
            reader->seen.at_ms = (uint64_t)started_ms;
        }
    }
    return COMMAND_DONE;
}

static enum command_status run_follow(struct reader *reader)
{
    struct call *call = reader->call;
    const struct options *options = call->options;
    char filter[FILTER_MAX];
    const char *filters[] = {filter};
    struct fault fault = {0};
    (void)snprintf(filter, sizeof filter, "event/%s/%s", options->type != NULL ? options->type : "+",
                   options->worker != NULL ? options->worker : "+");
    session_listen(call->session, filters, 1, &(struct session_listener){.owner = reader, .heard = on_heard});
    reader->live = options->from == NULL;
    if (session_connect(call->session, &fault) != ERR_OK) {
        buf_printf(&call->wrong, "%s\n", fault.text);
        return COMMAND_NO_ANSWER;
    }
    return follow(reader, options->from != NULL);
}

static bool is_word(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "abcdefghijklmnopqrstuvwxyz_")] == '\0' && strlen(text) <= 32;
}

static bool check(struct call *call, struct event_id *out_from)
{
    const struct options *options = call->options;
    if (options->worker != NULL && !worker_id_valid(text_of(options->worker))) {
        buf_printf(&call->wrong, "--worker: \"%s\" is not a worker's id\n", options->worker);
    } else if (options->type != NULL && !is_word(options->type)) {
        buf_printf(&call->wrong, "--type: \"%s\" is not a type of events\n", options->type);
    } else if (options->from != NULL && !event_id_parse(options->from, out_from)) {
        buf_printf(&call->wrong, "--from: \"%s\" is not an event's id\n", options->from);
    }
    return call->wrong.len == 0;
}

enum command_status events_run(struct call *call)
{
    struct reader reader = {.call = call};
    if (!check(call, &reader.seen)) {
        return COMMAND_USAGE;
    }
    enum command_status status = call->options->follow ? run_follow(&reader) : run_past(&reader);
    buf_fini(&reader.line);
    return status;
}

/* watch.c -- musterctl watch: the table of workers, live. What changes is heard; what only drifts is listed again. */
#include "base/backoff.h"
#include "base/clock.h"
#include "ctl/event_line.h"
#include "ctl/glyph.h"
#include "ctl/list.h"
#include "ctl/screen.h"
#include "ctl/workers.h"
#include "domain/worker.h"

#include <stdlib.h>
#include <string.h>

enum {
    EVENTS_SHOWN = 8,
    DRAW_EACH_MS = 1000, /* ages grow */
    DRAW_GAP_MS = 200,   /* changes come in bursts */
    LIST_EACH_MS = 2000,
    LIST_SHARE = 10, /* a long list is asked for less often: at most this part of the time */
    RETRY_FIRST_MS = 200,
    RETRY_MAX_MS = 5000,
    LINES_AROUND = 4, /* summary, empty line, titles, empty line before the events */
};

struct watch {
    struct call *call;
    struct fleet *fleet;
    json_t *events[EVENTS_SHOWN]; /* oldest first; NULL: none yet */
    bool changed;
    int64_t drawn_ms;
    int64_t list_at_ms;
    struct backoff backoff;
    char trouble[320]; /* why what is shown may be old; empty: it is not */
};

static void keep_event(struct watch *watch, json_t *event)
{
    json_decref(watch->events[0]);
    for (size_t i = 1; i < EVENTS_SHOWN; i++) {
        watch->events[i - 1] = watch->events[i];
    }
    watch->events[EVENTS_SHOWN - 1] = json_incref(event);
}

static void on_heard(void *owner, struct text topic, json_t *document)
{
    static const char status[] = "status/";
    size_t prefix = sizeof status - 1;
    struct watch *watch = owner;
    watch->changed = true;
    if (topic.len <= prefix || memcmp(topic.data, status, prefix) != 0) {
        if (document != NULL) {
            keep_event(watch, document);
        }
    } else if (document != NULL) {
        fleet_take(watch->fleet, document);
    } else {
        fleet_remove(watch->fleet, (struct text){topic.data + prefix, topic.len - prefix});
    }
}

/* ---- drawing */

static size_t count_health(json_t *const *documents, size_t count, enum worker_health health)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_object_get(documents[i], "health"));
        found += name != NULL && text_is(text_of(name), worker_health_name(health)) ? 1 : 0;
    }
    return found;
}

/* Appends a line that fits the view. */
static void append_line(struct buf *out, struct text line, enum table_ink ink, const struct table_view *view)
{
    bool coloured = view->colour && ink != INK_PLAIN;
    if (coloured) {
        table_append_ink(out, ink);
    }
    (void)glyph_append(out, line, view->width);
    if (coloured) {
        table_append_ink(out, INK_PLAIN);
    }
    buf_append_string(out, "\n");
}

static void append_summary(struct watch *watch, json_t *const *documents, size_t count, const struct table_view *view,
                           struct buf *out)
{
    struct buf line = {0};
    size_t unhealthy = count_health(documents, count, HEALTH_UNHEALTHY);
    size_t failed = count_health(documents, count, HEALTH_FAILED);
    const struct options *options = watch->call->options;
    buf_printf(&line, "%s at %s: %zu worker%s, %zu unhealthy, %zu failed", options->access.topic_root,
               options->access.uri, count, count == 1 ? "" : "s", unhealthy, failed);
    if (watch->trouble[0] != '\0') {
        buf_printf(&line, " -- %s", watch->trouble);
    }
    append_line(out, buf_text(&line), watch->trouble[0] != '\0' ? INK_BAD : INK_PLAIN, view);
    buf_fini(&line);
}

static void append_events(const struct watch *watch, size_t most, const struct table_view *view, struct buf *out)
{
    struct buf line = {0};
    for (size_t i = EVENTS_SHOWN - most; i < EVENTS_SHOWN; i++) {
        if (watch->events[i] != NULL) {
            buf_clear(&line);
            event_line_append(&line, watch->events[i]);
            append_line(out, buf_text(&line), INK_PLAIN, view);
        }
    }
    buf_fini(&line);
}

static size_t events_known(const struct watch *watch)
{
    size_t known = 0;
    for (size_t i = 0; i < EVENTS_SHOWN; i++) {
        known += watch->events[i] != NULL ? 1 : 0;
    }
    return known;
}

static void append_table(const struct table *table, size_t count, size_t room, struct table_view view, struct buf *out)
{
    char more[64];
    bool all = count <= room;
    view.rows_max = all ? room : room - 1;
    table_render(table, &view, out);
    if (!all) {
        (void)snprintf(more, sizeof more, "… and %zu more", count - view.rows_max);
        append_line(out, text_of(more), INK_FAINT, &view);
    }
}

static void draw(struct watch *watch)
{
    struct buf lines = {0};
    struct table_view view = output_view(watch->call->output);
    size_t height = output_rows();
    size_t events = events_known(watch);
    events = events * 2 + LINES_AROUND > height ? 0 : events;
    size_t room = height > events + LINES_AROUND + 1 ? height - events - LINES_AROUND : 2;
    size_t count = 0;
    json_t **documents = fleet_sorted(watch->fleet, FLEET_BY_ID, &count);
    if (count > room) {
        free(documents);
        documents = fleet_sorted(watch->fleet, FLEET_TROUBLE_FIRST, &count);
    }
    append_summary(watch, documents, count, &view, &lines);
    buf_append_string(&lines, "\n");
    /* Those that are shown are at the front: rows beyond the room need not be made. */
    struct table *table = workers_table(documents, count < room ? count : room, clock_wall_ms());
    if (table != NULL) {
        append_table(table, count, room, view, &lines);
    }
    buf_append_string(&lines, events > 0 ? "\n" : "");
    append_events(watch, events, &view, &lines);
    screen_draw(watch->call->output, buf_text(&lines));
    table_free(table);
    free(documents);
    buf_fini(&lines);
    watch->changed = false;
    watch->drawn_ms = clock_monotonic_ms();
}

/* ---- keeping up */

static void note_trouble(struct watch *watch, struct text sentence)
{
    while (sentence.len > 0 && sentence.data[sentence.len - 1] == '\n') {
        sentence.len--;
    }
    (void)snprintf(watch->trouble, sizeof watch->trouble, "%.*s", TEXT_ARG(sentence));
    watch->changed = true;
}

static void keep_up(struct watch *watch)
{
    struct call *call = watch->call;
    struct fault fault = {0};
    int64_t began_ms = clock_monotonic_ms();
    if (!session_connected(call->session) && session_connect(call->session, &fault) != ERR_OK) {
        note_trouble(watch, text_of(fault.text));
        watch->list_at_ms = clock_monotonic_ms() + backoff_next_ms(&watch->backoff);
        return;
    }
    backoff_reset(&watch->backoff);
    bool listed = list_read(call, "list", watch->fleet) == COMMAND_DONE;
    note_trouble(watch, listed ? text_of("") : buf_text(&call->wrong));
    buf_clear(&call->wrong);
    int64_t now_ms = clock_monotonic_ms();
    int64_t gap_ms = (now_ms - began_ms) * LIST_SHARE;
    watch->list_at_ms = now_ms + (gap_ms > LIST_EACH_MS ? gap_ms : LIST_EACH_MS);
}

static int64_t next_turn_ms(const struct watch *watch)
{
    int64_t draw_ms = watch->drawn_ms + (watch->changed ? DRAW_GAP_MS : DRAW_EACH_MS);
    return draw_ms < watch->list_at_ms ? draw_ms : watch->list_at_ms;
}

static void notice_loss(struct watch *watch)
{
    struct call *call = watch->call;
    if (!session_connected(call->session) && watch->trouble[0] == '\0') {
        note_trouble(watch, text_of(session_lost(call->session)));
        watch->list_at_ms = clock_monotonic_ms();
    }
}

static void watch_on(struct watch *watch)
{
    struct call *call = watch->call;
    screen_enter(call->output);
    while (!call->signals->ended && !call->output->failed) {
        int64_t now_ms = clock_monotonic_ms();
        if (now_ms >= watch->list_at_ms) {
            keep_up(watch);
        }
        now_ms = clock_monotonic_ms();
        if (now_ms - watch->drawn_ms >= (watch->changed ? DRAW_GAP_MS : DRAW_EACH_MS)) {
            draw(watch);
        }
        session_wait(call->session, next_turn_ms(watch));
        notice_loss(watch);
    }
    screen_leave(call->output);
}

static enum command_status run_live(struct watch *watch)
{
    static const char *const filters[] = {"status/+", "event/+/+"};
    struct call *call = watch->call;
    session_listen(call->session, filters, sizeof filters / sizeof filters[0],
                   &(struct session_listener){.owner = watch, .heard = on_heard});
    backoff_init(&watch->backoff, RETRY_FIRST_MS, RETRY_MAX_MS, (uint64_t)clock_wall_ms() | 1);
    /* Whoever mistypes the address sees why at once, on the terminal as it was. */
    enum command_status status = list_read(call, "list", watch->fleet);
    if (status == COMMAND_DONE) {
        watch->list_at_ms = clock_monotonic_ms() + LIST_EACH_MS;
        watch->changed = true;
        watch_on(watch);
    }
    return status;
}

enum command_status watch_run(struct call *call)
{
    if (!call->output->terminal || call->output->json) {
        return list_run(call);
    }
    struct watch watch = {.call = call, .fleet = fleet_new()};
    if (watch.fleet == NULL) {
        buf_append_string(&call->wrong, "no memory\n");
        return COMMAND_NO_ANSWER;
    }
    enum command_status status = run_live(&watch);
    for (size_t i = 0; i < EVENTS_SHOWN; i++) {
        json_decref(watch.events[i]);
    }
    fleet_free(watch.fleet);
    return status;
}

/*
 * line.h -- one of the simulator's ways to the broker, kept up. Over plain TCP what is sent goes over a connection of
 * its own (pulse.h), over others by the MQTT library, which does the hearing in either case.
 */
#ifndef MUSTER_SIM_LINE_H
#define MUSTER_SIM_LINE_H

#include "base/backoff.h"
#include "broker/broker.h"
#include "sim/names.h"
#include "sim/options.h"
#include "sim/pulse.h"

#include <poll.h>

enum line_state {
    LINE_DOWN,
    LINE_CONNECTING,
    LINE_SUBSCRIBING,
    LINE_READY, /* what is published arrives, and so do replies */
};

struct line {
    struct broker *broker;
    struct pulse *pulse; /* NULL: not over this uri */
    enum line_state state;
    struct backoff backoff;
    int64_t retry_at_us;
    uint64_t losses;        /* of a connection that was ready */
    uint64_t refusals;      /* of subscriptions and, by way of the library, publications */
    struct name reply_name; /* where its workers want their replies */
    struct name filters[2];
    size_t filter_count;
    struct fault problem; /* the latest */
};

/* What one line is made of. mark tells this process from others; the first line also hears what nobody asked for. */
struct line_plan {
    const struct options *options;
    const char *mark;
    size_t number;
};

enum err line_init(struct line *line, const struct line_plan *plan, struct fault *out_fault) MUST_USE;

/* line_fini waits up to timeout_ms until all is sent; safe on one that is all zero. */
void line_fini(struct line *line, int timeout_ms);

/* line_is_ready: all of it is; line_problem is why it is not, "" where nothing is known. */
bool line_is_ready(const struct line *line);
const char *line_problem(const struct line *line);
uint64_t line_losses(const struct line *line);
uint64_t line_refusals(const struct line *line);

/*
 * line_publish sends: ERR_CLOSED where there is no connection, ERR_FULL where it is to be tried again in the next turn.
 * It has left for sure after line_flush, which is for each turn.
 */
enum err line_publish(struct line *line, const struct broker_publication *publication) MUST_USE;
void line_flush(struct line *line);

/* What poll is to wait for: up to LINE_FDS of them; line_take_fds looks at what came of it. Both return how many. */
enum { LINE_FDS = 2 };
size_t line_fill_fds(const struct line *line, struct pollfd fds[LINE_FDS]);
size_t line_take_fds(struct line *line, const struct pollfd fds[LINE_FDS]);

/* line_tend connects, first or again, where it is down and the time has come. */
void line_tend(struct line *line, int64_t now_us);

/* line_next takes the oldest message; false when there is none. It lives until the next call. */
bool line_next(struct line *line, int64_t now_us, struct broker_message *out_message);

#endif

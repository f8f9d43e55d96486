/* event_line.h -- an event in one line for people, and the order of events by their ids. No I/O. */
#ifndef MUSTER_CTL_EVENT_LINE_H
#define MUSTER_CTL_EVENT_LINE_H

#include "base/buf.h"

#include <jansson.h>
#include <stdint.h>

/* An id of the event stream: "1700000000000-3". All zero comes before every event. */
struct event_id {
    uint64_t at_ms;
    uint64_t sequence;
};

/* event_id_parse reads an id ("12" is "12-0"); false where it is none. */
bool event_id_parse(const char *text, struct event_id *out_id);

/* event_id_compare returns less than, equal to or more than 0, as strcmp does. */
int event_id_compare(struct event_id a, struct event_id b);

/* event_line_append appends time, id, type, worker, what it was and is, why, and who asked. No colour, one line. */
void event_line_append(struct buf *out, const json_t *event);

#endif

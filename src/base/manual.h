/* manual.h -- a page of the manual, written in the man macros of roff. No I/O; knows no program. */
#ifndef MUSTER_BASE_MANUAL_H
#define MUSTER_BASE_MANUAL_H

#include "base/buf.h"

struct manual_title {
    const char *name;    /* of the program */
    const char *section; /* "1", "8" */
    const char *version;
    const char *date;    /* 2031-05-04 */
    const char *summary; /* what the program is, without a full stop */
};

/* All texts are plain: what roff would take for a request or an escape is escaped. Lines are broken at blanks. */

/* manual_begin appends the head of the page and its NAME. */
void manual_begin(struct buf *out, const struct manual_title *title);

void manual_section(struct buf *out, const char *title);
void manual_paragraph(struct buf *out, const char *text);

/* manual_line appends a line that is not filled up: a command as it is typed. */
void manual_line(struct buf *out, const char *text);

/* manual_entry appends a term (the name in bold, the argument, which may be NULL, in italics) and, indented, its text.
 */
void manual_entry(struct buf *out, const char *name, const char *argument, const char *text);

/* manual_more appends another line of text to the entry before. */
void manual_more(struct buf *out, const char *text);

/* Entries between these two are indented below the entry before. */
void manual_nest(struct buf *out);
void manual_unnest(struct buf *out);

#endif

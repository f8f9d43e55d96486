/* table.h -- cells in columns, laid out for a terminal or a file. Knows nothing of workers; no I/O. */
#ifndef MUSTER_CTL_TABLE_H
#define MUSTER_CTL_TABLE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum table_ink { INK_PLAIN, INK_GOOD, INK_WARNING, INK_BAD, INK_FAINT };

struct table_column {
    const char *title;
    bool right;       /* aligned: figures are */
    size_t min_width; /* it may be cut to this when there is too little room; 0: it is never cut */
};

struct table;

/* table_new makes a table without rows; the columns are the caller's and outlive it. NULL without memory. */
struct table *table_new(const struct table_column *columns, size_t count);
void table_free(struct table *table);

/* table_add fills the next cell, row by row. An empty text is shown as "-". */
void table_add(struct table *table, struct text text, enum table_ink ink);

/* Where a table goes. */
struct table_view {
    size_t width;    /* of the terminal; 0: no limit */
    size_t rows_max; /* without the title; 0: no limit */
    bool colour;
};

/*
 * table_render appends the titles and the rows, each a line. Where the width is too small, the widest of the columns
 * that may be cut is cut first; columns that still do not fit are left out, from the right.
 */
void table_render(const struct table *table, const struct table_view *view, struct buf *out);

/* table_append_ink appends what begins (or, with INK_PLAIN, ends) a colour on a terminal. */
void table_append_ink(struct buf *out, enum table_ink ink);

#endif

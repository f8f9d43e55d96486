/* glyph.h -- text as a terminal shows it: how wide it is, and made to fit. Knows nothing of tables. */
#ifndef MUSTER_CTL_GLYPH_H
#define MUSTER_CTL_GLYPH_H

#include "base/buf.h"

#include <stddef.h>

/* Widths are in terminal cells; the program's LC_CTYPE has to be a UTF-8 locale. */

/* glyph_width returns how wide the text is once what a terminal would obey or cannot show has become "?". */
size_t glyph_width(struct text text);

/*
 * glyph_append appends the text like that, and returns its width. What is wider than max_width is cut, with "…" as
 * its last cell; max_width 0: no limit.
 */
size_t glyph_append(struct buf *out, struct text text, size_t max_width);

#endif

/* cursor.h -- where a listing goes on, as a text that only the same request takes back. Pure; no I/O, no allocation. */
#ifndef MUSTER_DOMAIN_CURSOR_H
#define MUSTER_DOMAIN_CURSOR_H

#include "base/err.h"
#include "domain/worker.h"

#include <stdint.h>

enum { CURSOR_TEXT_MAX = 256 };

/* cursor_request_of tells requests apart by verb and filter; limit, cursor and requestId are no part of it. */
uint32_t cursor_request_of(struct text verb, const struct query *query);

/* cursor_write writes the cursor for a place that the store gave, terminated; returns its length, 0 where it is too
 * long. */
size_t cursor_write(uint32_t request, struct text place, char out[CURSOR_TEXT_MAX]);

/*
 * cursor_read finds the place within the text, which *out_place then points into; false where it is none that
 * cursor_write can have written for this request. A place is <number>-s<worker id>, <number>-w<worker id> or
 * <number>-b<number>.
 */
bool cursor_read(struct text text, uint32_t request, struct text *out_place) MUST_USE;

#endif

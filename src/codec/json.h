/* json.h -- JSON: reading one value in place, writing a tree. Internal to codec. */
#ifndef MUSTER_CODEC_JSON_H
#define MUSTER_CODEC_JSON_H

#include "codec/wire.h"

#include <jansson.h>

/*
 * json_next reads the value at source->at (blanks before it are passed over) and moves behind it; behind the bracket
 * only, of a list or map. False, with source->why, where there is none, or a number is beyond a double. Texts point
 * into the bytes, or into source->unescaped where they hold escapes.
 */
bool json_next(struct wire_source *source, struct wire_value *out_value) MUST_USE;

void json_pass_blanks(struct wire_source *source);

/* json_take passes over blanks, and over the character if it comes next; says whether it did. */
bool json_take(struct wire_source *source, char character);

/*
 * json_append writes the tree compactly; ERR_NO_MEMORY. Keys are in the tree's order, or sorted. A real is written with
 * 15 digits, so that a decimal that was typed comes out as it was typed.
 */
enum err json_append(struct buf *out, const json_t *tree, bool sorted) MUST_USE;

#endif

/* json.h -- JSON text to a tree and back, within limits. Internal to codec. */
#ifndef MUSTER_CODEC_JSON_H
#define MUSTER_CODEC_JSON_H

#include "base/buf.h"
#include "codec/wire.h"
#include "domain/code.h"

#include <jansson.h>

/*
 * json_load reads a text whose top is an object or a list; the caller owns the tree. NULL with one violation, which
 * calls the text by the name given, where it is no JSON, names a key twice, nests deeper than depth_max, or holds
 * more than containers_max lists and objects: both are counted before anything is built.
 */
json_t *json_load(struct text text, size_t depth_max, size_t containers_max, const char *name,
                  struct violations *out_violations);

/* json_value shows a node of a tree as a value; texts live as long as the tree. */
void json_value(const json_t *node, struct wire_value *out_value);

/*
 * json_append writes the tree compactly; ERR_NO_MEMORY. Keys are in the tree's order, or sorted. A real is written with
 * 15 digits, so that a decimal that was typed comes out as it was typed.
 */
enum err json_append(struct buf *out, const json_t *tree, bool sorted) MUST_USE;

#endif

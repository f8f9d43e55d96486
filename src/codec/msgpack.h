/* msgpack.h -- MessagePack: reading one value in place, writing a tree. Internal to codec. */
#ifndef MUSTER_CODEC_MSGPACK_H
#define MUSTER_CODEC_MSGPACK_H

#include "base/buf.h"
#include "codec/wire.h"

#include <jansson.h>

/*
 * msgpack_next reads the value at source->at and moves behind it; behind the head only, of a list or map. False, with
 * source->why, for a byte that MessagePack does not use, and where more is promised than there is. Texts point into the
 * bytes.
 */
bool msgpack_next(struct wire_source *source, struct wire_value *out_value) MUST_USE;

/*
 * msgpack_pass moves over at most that many values, and returns how many: as long as they are whole and neither lists
 * nor maps. Whatever stops it is left to msgpack_next.
 */
size_t msgpack_pass(struct wire_source *source, size_t most);

/* msgpack_append writes the tree with the shortest forms; ERR_NO_MEMORY. */
enum err msgpack_append(struct buf *out, const json_t *tree) MUST_USE;

#endif

/* msgpack.h -- MessagePack: reading one value in place, writing a tree. Internal to codec. */
#ifndef MUSTER_CODEC_MSGPACK_H
#define MUSTER_CODEC_MSGPACK_H

#include "base/buf.h"
#include "codec/wire.h"

#include <jansson.h>

/*
 * msgpack_next reads the value at *at and moves *at behind it; behind the head only, of a list or map. ERR_INVALID for
 * a byte that MessagePack does not use; ERR_RANGE where it promises more than there is up to end. Texts point into
 * the bytes.
 */
enum err msgpack_next(const unsigned char **at, const unsigned char *end, struct wire_value *out_value) MUST_USE;

/* msgpack_append writes the tree with the shortest forms; ERR_NO_MEMORY. */
enum err msgpack_append(struct buf *out, const json_t *tree) MUST_USE;

#endif

/* tree.h -- a value with all that is in it, as a JSON tree. Internal to codec. */
#ifndef MUSTER_CODEC_TREE_H
#define MUSTER_CODEC_TREE_H

#include "codec/reader.h"

enum tree_reals {
    TREE_REALS_AS_GIVEN,
    TREE_REALS_WHOLE_AS_INTEGERS, /* 1.0 becomes 1: the encodings differ in which they write */
};

/*
 * tree_read builds what reader_next has just given and what is in it; the caller owns it. NULL where the reader fails,
 * and, with *out_why as a phrase for "must be without …", where it cannot be a JSON tree: names that are not text, hold
 * a zero byte or come twice, invalid UTF-8, binary data, numbers that are not finite or beyond 64 bits.
 */
json_t *tree_read(struct reader *reader, const struct wire_value *value, enum tree_reals reals, const char **out_why);

#endif

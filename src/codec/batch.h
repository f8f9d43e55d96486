/* batch.h -- where the items of a batch begin. Internal to codec. */
#ifndef MUSTER_CODEC_BATCH_H
#define MUSTER_CODEC_BATCH_H

#include "codec/decoder.h"

/*
 * batch_read_items reads the list that the decoder's reader has just given, with all that is in it, and notes where
 * each item begins, in decoder->items; *out_items then points there, also when empty.
 */
void batch_read_items(struct decoder *decoder, const char *field, const struct wire_value *value,
                      struct texts *out_items, struct violations *out_violations);

#endif

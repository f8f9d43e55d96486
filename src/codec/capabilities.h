/* capabilities.h -- what a worker can do: an object, a list, or the JSON text of one. Internal to codec. */
#ifndef MUSTER_CODEC_CAPABILITIES_H
#define MUSTER_CODEC_CAPABILITIES_H

#include "codec/decoder.h"

/*
 * capabilities_read reads the value that the decoder's reader has just given, with all that is in it. *out_names are
 * those that are not false, and decoder->capabilities_tree is the same as given, without nulls: both stay NULL where
 * the value is blank text or adds a violation.
 */
void capabilities_read(struct decoder *decoder, const char *field, const struct wire_value *value,
                       struct texts *out_names, struct violations *out_violations);

#endif

/* utf8.h -- is a text valid UTF-8, and free of control characters? Pure. Internal to codec. */
#ifndef MUSTER_CODEC_UTF8_H
#define MUSTER_CODEC_UTF8_H

#include "base/text.h"

#include <stdint.h>

/* utf8_step reads the character at the beginning; returns its length in bytes, 0 where there is no valid one. */
size_t utf8_step(struct text text, uint32_t *out_character);

/* utf8_is_control: U+0000-U+001F and U+007F-U+009F. */
bool utf8_is_control(uint32_t character);

/* utf8_clean_bytes returns how many bytes come before the first that is invalid or a control character. */
size_t utf8_clean_bytes(struct text text);

/* utf8_valid_bytes returns how many bytes come before the first that is invalid. */
size_t utf8_valid_bytes(struct text text);

#endif

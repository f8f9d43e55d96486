/* wire.h -- one value of a payload, whatever its encoding, and the bytes it is read from. Pure. Internal to codec. */
#ifndef MUSTER_CODEC_WIRE_H
#define MUSTER_CODEC_WIRE_H

#include "base/buf.h"

#include <stdint.h>

enum wire_kind {
    WIRE_NULL,
    WIRE_FLAG,
    WIRE_INT,
    WIRE_HUGE, /* a whole number beyond int64_t */
    WIRE_REAL,
    WIRE_TEXT,  /* not yet looked at: may be invalid UTF-8 */
    WIRE_BYTES, /* binary data, or an extension of MessagePack */
    WIRE_LIST,
    WIRE_MAP,
};

struct wire_value {
    enum wire_kind kind;
    union {
        bool flag;
        int64_t integer;
        double real; /* of WIRE_HUGE: about as much */
        struct text text;
        size_t count; /* of a list: its items; of a map: its pairs; of MessagePack only */
    };
    size_t level; /* of a list or map: how many are around what is in it, itself included */
};

/* Bytes being read. unescaped has room for all texts of JSON that cannot be shown in place. */
struct wire_source {
    const unsigned char *begin;
    const unsigned char *at;
    const unsigned char *end;
    struct buf *unescaped;
    const char *why; /* of malformed bytes: what is wrong at at */
};

/* wire_to_int takes a whole number of any width, a real without a fraction too; false where it is none or too great. */
bool wire_to_int(const struct wire_value *value, int64_t *out_integer);

/* wire_to_real takes any finite number. */
bool wire_to_real(const struct wire_value *value, double *out_real);

/* wire_describe writes the value for people into out: a number, the beginning of a text in quotes, "a list" … */
enum { WIRE_DESCRIPTION_MAX = 64 };
void wire_describe(const struct wire_value *value, char out[WIRE_DESCRIPTION_MAX]);

/* wire_printable copies text into out as far as it fits, with '?' for what is invalid or a control character. */
void wire_printable(struct text text, char *out, size_t out_size);

#endif

/*
 * writer.h -- a document as it is being written, straight to the bytes of either encoding. Internal to codec.
 *
 * Texts have to be valid UTF-8. Failures to grow are kept in out->failed.
 */
#ifndef MUSTER_CODEC_WRITER_H
#define MUSTER_CODEC_WRITER_H

#include "codec/message.h"

enum { WRITER_DEPTH_MAX = BATCH_DEPTH_MAX + 2 };

/* A list or map that has not been closed yet. */
struct writer_level {
    size_t head; /* where in out it begins */
    size_t count;
    bool is_map;
};

struct writer {
    struct buf *out;
    enum encoding encoding;
    size_t depth;
    struct writer_level levels[WRITER_DEPTH_MAX];
};

/* writer_begin appends to out from now on. */
void writer_begin(struct writer *writer, enum encoding encoding, struct buf *out);

/* In a map each value comes after its name. */
void writer_open_map(struct writer *writer);
void writer_open_list(struct writer *writer);
void writer_close(struct writer *writer);
void writer_name(struct writer *writer, struct text name);

void writer_text(struct writer *writer, struct text text);
void writer_int(struct writer *writer, int64_t value);
void writer_real(struct writer *writer, double value); /* finite; JSON: up to 15 digits, and never without a fraction */
void writer_flag(struct writer *writer, bool value);
void writer_null(struct writer *writer);

/*
 * writer_json writes under the name the list or map that a JSON text is, where that kind is allowed. Where it is none,
 * or not a whole one, nothing is written, not even the name.
 */
void writer_json(struct writer *writer, struct text name, struct text json, bool map_allowed, bool list_allowed);

#endif

/* buf.h -- a growing byte buffer that is reused from message to message. Not shared between threads. */
#ifndef MUSTER_BASE_BUF_H
#define MUSTER_BASE_BUF_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * All zero is an empty buffer. The first failure to grow is kept in failed until buf_clear: a caller may append
 * many times and ask once. data is not terminated; buf_terminated gives a C string.
 */
struct buf {
    char *data;
    size_t len;
    size_t cap;
    bool failed;
};

/* buf_fini frees the memory and leaves an empty buffer. */
void buf_fini(struct buf *buf);

/* buf_clear empties the buffer, keeps its memory and forgets a failure. */
void buf_clear(struct buf *buf);

/* buf_reserve makes room for more_bytes beyond len; false when there is no memory. */
bool buf_reserve(struct buf *buf, size_t more_bytes);

void buf_append(struct buf *buf, const void *data, size_t len);
void buf_append_text(struct buf *buf, struct text text);
void buf_append_string(struct buf *buf, const char *string);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* buf_text returns what is in the buffer; valid until the next change. */
struct text buf_text(const struct buf *buf);

/* buf_terminated returns the content as a C string, valid until the next change; NULL when the buffer has failed. */
const char *buf_terminated(struct buf *buf);

#endif

/* buf.c -- growth by doubling, and appending. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void buf_fini(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){0};
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

bool buf_reserve(struct buf *buf, size_t more_bytes)
{
    size_t needed = 0;
    if (__builtin_add_overflow(buf->len, more_bytes, &needed)) {
        buf->failed = true;
        return false;
    }
    if (needed <= buf->cap) {
        return true;
    }
    size_t cap = buf->cap < 256 ? 256 : buf->cap;
    while (cap < needed) {
        cap = cap > SIZE_MAX / 2 ? needed : cap * 2;
    }
    char *data = realloc(buf->data, cap);
    if (data == NULL) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->cap = cap;
    return true;
}

void buf_append(struct buf *buf, const void *data, size_t len)
{
    if (len > 0 && buf_reserve(buf, len)) {
        memcpy(buf->data + buf->len, data, len);
        buf->len += len;
    }
}

void buf_append_text(struct buf *buf, struct text text)
{
    buf_append(buf, text.data, text.len);
}

void buf_append_string(struct buf *buf, const char *string)
{
    buf_append(buf, string, strlen(string));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    if (len < 0) {
        buf->failed = true;
    } else if (buf_reserve(buf, (size_t)len + 1)) {
        (void)vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
    va_end(args);
}

struct text buf_text(const struct buf *buf)
{
    return (struct text){buf->data != NULL ? buf->data : "", buf->len};
}

const char *buf_terminated(struct buf *buf)
{
    if (buf->failed || !buf_reserve(buf, 1)) {
        return NULL;
    }
    buf->data[buf->len] = '\0';
    return buf->data;
}

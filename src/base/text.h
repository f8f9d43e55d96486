/* text.h -- bytes that somebody else owns: a pointer and a length, not terminated. No allocation. */
#ifndef MUSTER_BASE_TEXT_H
#define MUSTER_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* data NULL means absent; a present empty text has data and len 0. */
struct text {
    const char *data;
    size_t len;
};

/* A list of texts; items may be NULL where count is 0. */
struct texts {
    const struct text *items;
    size_t count;
};

/* For printf: printf("%.*s", TEXT_ARG(text)). */
#define TEXT_ARG(text) (int)(text).len, (text).data != NULL ? (text).data : ""

static inline struct text text_of(const char *string)
{
    return (struct text){string, string != NULL ? strlen(string) : 0};
}

static inline bool text_is(struct text text, const char *string)
{
    size_t len = strlen(string);
    return text.data != NULL && text.len == len && memcmp(text.data, string, len) == 0;
}

/* text_whole returns how much of a UTF-8 text that was cut off after len bytes is whole characters. */
static inline size_t text_whole(const char *data, size_t len)
{
    size_t at = len;
    while (at > 0 && len - at < 3 && ((unsigned char)data[at - 1] & 0xc0) == 0x80) {
        at--;
    }
    if (at == 0 || (unsigned char)data[at - 1] < 0xc0) {
        return len;
    }
    unsigned char first = (unsigned char)data[at - 1];
    size_t wanted = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    return len - (at - 1) < wanted ? at - 1 : len;
}

static inline bool text_equal(struct text a, struct text b)
{
    if (a.data == NULL || b.data == NULL) {
        return a.data == b.data;
    }
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

#endif

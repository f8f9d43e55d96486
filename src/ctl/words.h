/* words.h -- a few words in one string, separated by single blanks. */
#ifndef MUSTER_CTL_WORDS_H
#define MUSTER_CTL_WORDS_H

#include <stdbool.h>
#include <string.h>

static inline bool words_have(const char *words, const char *word)
{
    size_t len = strlen(word);
    const char *at = words;
    while (*at != '\0') {
        size_t at_len = strcspn(at, " ");
        if (at_len == len && memcmp(at, word, len) == 0) {
            return true;
        }
        at += at_len;
        at += strspn(at, " ");
    }
    return false;
}

#endif

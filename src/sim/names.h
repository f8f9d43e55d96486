/* names.h -- the ids of a fleet and the topics they stand in: written once, the number alone for each use. */
#ifndef MUSTER_SIM_NAMES_H
#define MUSTER_SIM_NAMES_H

#include "base/err.h"
#include "base/text.h"

#include <stdint.h>

enum { NAMES_DIGITS = 7, NAMES_NUMBERS = 10000000, NAMES_BYTES = 512, NAMES_PREFIX_MAX = 64, NAMES_ROOT_MAX = 128 };

/* A text with an id in it, or without (a gateway's topics are the same for all its workers). */
struct name {
    char text[NAMES_BYTES];
    size_t digits_at; /* 0: there are none */
};

/* name_init sets the text to before, prefix, "-", the number, after; ERR_RANGE where that is too long. */
enum err name_init(struct name *name, const char *before, const char *prefix, const char *after) MUST_USE;

/* name_fix sets the text to before, who, after, in which no number is written. */
enum err name_fix(struct name *name, const char *before, const char *who, const char *after) MUST_USE;

/* name_of writes the number and returns the text, which lives until the next call. */
const char *name_of(struct name *name, uint32_t number);

/* name_write_digits writes the number with NAMES_DIGITS digits, not terminated. */
void name_write_digits(char *out, uint32_t number);

/* name_number reads the number of an id with that prefix; false where it is none. */
bool name_number(const char *prefix, struct text id, uint32_t *out_number);

#endif

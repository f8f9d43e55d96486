/* functions.h -- the Redis Function library, embedded at build time. */
#ifndef MUSTER_STORE_FUNCTIONS_H
#define MUSTER_STORE_FUNCTIONS_H

#include <stddef.h>

/* The library's name, with the hash of its text; the functions are named <library>_<function>. */
extern const char *const functions_library;
extern const unsigned char functions_text[]; /* not terminated */
extern const size_t functions_text_len;

#endif

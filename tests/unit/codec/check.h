/* check.h -- every golden payload of one encoding, decoded as every message that it is for. */
#ifndef TESTS_CODEC_CHECK_H
#define TESTS_CODEC_CHECK_H

#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* check_vectors fails the test, after all of them, where one is not decoded as it says. */
void check_vectors(enum encoding encoding);

/* check_prefixes decodes every beginning of every valid payload: refused unless it is the whole, whatever that does. */
void check_prefixes(enum encoding encoding);

#endif

/* seeds.h -- the inputs that fuzzing begins with: the golden payloads, and topics with response topics. */
#ifndef TESTS_FUZZ_SEEDS_H
#define TESTS_FUZZ_SEEDS_H

#include "base/text.h"

/* For each seed once; the input lives until the function returns. target is "heartbeat", "topic" and so on. */
typedef void seed_fn(void *context, const char *target, struct text input);

void seeds_each(seed_fn *take, void *context);

#endif

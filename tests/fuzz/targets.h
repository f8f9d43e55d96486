/* targets.h -- what fuzzers feed: each takes any bytes, and ends the program where a promise is broken. */
#ifndef TESTS_FUZZ_TARGETS_H
#define TESTS_FUZZ_TARGETS_H

#include "base/text.h"

#define FUZZ_TARGETS(X)                                                                                                \
    X(registration) X(heartbeat) X(deregistration) X(will) X(query) X(batch) X(state) X(document) X(topic)

/* fuzz_registration and so on; of fuzz_topic: a topic, a line feed, a response topic. */
#define X(name) void fuzz_##name(struct text input);
FUZZ_TARGETS(X)
#undef X

#endif

/* decoded.h -- what a decoder makes of a payload, as the tree that a vector expects under "decoded". */
#ifndef TESTS_CODEC_DECODED_H
#define TESTS_CODEC_DECODED_H

#include "codec/message.h"

#define DECODED_BATCHES(X) X(registration) X(heartbeat) X(deregistration) X(will)
#define DECODED_MESSAGES(X) DECODED_BATCHES(X) X(query)

/* One message: how its payload is decoded and shown. */
struct decoded_message {
    const char *name;
    /* Returns the fields that are set, whatever was wrong with others; *out_accepted is what the decoder returned. */
    json_t *(*decode)(struct decoder *decoder, struct text payload, bool *out_accepted, struct violations *violations);
};

/* The messages, then batches of them: "registrations" and so on. */
enum { DECODED_MESSAGE_COUNT = 9 };
extern const struct decoded_message decoded_messages[DECODED_MESSAGE_COUNT];

#endif

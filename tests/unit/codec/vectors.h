/* vectors.h -- the golden payloads of topics/vectors, for tests and fuzzers. What cannot be read ends the program. */
#ifndef TESTS_CODEC_VECTORS_H
#define TESTS_CODEC_VECTORS_H

#include "codec/message.h"

enum { VECTOR_PATH_MAX = 1024 };

/* One file: its document, and its path for people. */
struct vector {
    json_t *document;
    char path[VECTOR_PATH_MAX];
};

struct vectors {
    struct vector *items;
    size_t count;
};

/* vectors_load reads every file in every folder of topics/vectors. */
void vectors_load(struct vectors *out_vectors);
void vectors_free(struct vectors *vectors);

/* vector_is_for: the vector is about that message ("heartbeat"). */
bool vector_is_for(const struct vector *vector, const char *message);

/* vector_payload replaces what is in out by the payload; false where the vector has none in that encoding. */
bool vector_payload(const struct vector *vector, enum encoding encoding, struct buf *out);

/* vector_text returns a text of the vector, such as "code". */
const char *vector_text(const struct vector *vector, const char *name);

/* vector_errors returns the expected sentences in that encoding, a list; NULL for a valid payload. */
json_t *vector_errors(const struct vector *vector, enum encoding encoding);

/* vectors_topics reads topics.json; the caller owns it. */
json_t *vectors_topics(void);

#endif

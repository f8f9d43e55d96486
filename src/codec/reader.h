/*
 * reader.h -- the values of a payload one after the other, depth first, whatever the encoding. Internal to codec.
 *
 * After a list of n come its n items; after a map of n, n times a key and a value. Nothing is built or allocated.
 */
#ifndef MUSTER_CODEC_READER_H
#define MUSTER_CODEC_READER_H

#include "codec/message.h"
#include "codec/wire.h"

enum reader_fault {
    READER_SOUND,
    READER_ENDS_EARLY, /* more is promised than there is */
    READER_BAD_BYTE,   /* a byte that MessagePack does not use */
    READER_TOO_DEEP,   /* more than MESSAGE_DEPTH_MAX lists and maps in one another */
    READER_TOO_MANY,   /* more lists and maps than containers_max */
};

/* A list or map that is being read. */
struct reader_frame {
    size_t left;  /* values still to come; keys count too */
    json_t *node; /* of JSON */
    void *at;     /* of a JSON object: the pair to come */
};

/* A plain copy is a second reader at the same place. */
struct reader {
    const unsigned char *begin;
    const unsigned char *at;
    const unsigned char *end;
    json_t *root; /* of JSON, else NULL */
    size_t containers_left;
    size_t depth;
    enum reader_fault fault;
    struct reader_frame frames[MESSAGE_DEPTH_MAX];
};

/* The bytes, or the tree (within the depth), have to outlive the reader. */
void reader_open_msgpack(struct reader *reader, struct text bytes, size_t containers_max);
void reader_open_json(struct reader *reader, json_t *root);

/* reader_next reads the next value; false, for good, with the fault, where there is none. */
bool reader_next(struct reader *reader, struct wire_value *out_value) MUST_USE;

/* reader_skip reads over what is in the value that reader_next has just given; false with the fault, which stays. */
bool reader_skip(struct reader *reader, const struct wire_value *value);

/* reader_is_at_end: all has been read, and nothing follows. */
bool reader_is_at_end(const struct reader *reader);

#endif

/*
 * reader.h -- the values of a payload one after the other, depth first, whatever the encoding. Internal to codec.
 *
 * After a list come its items; after a map, key and value by turns. Nothing is built, nothing is allocated.
 */
#ifndef MUSTER_CODEC_READER_H
#define MUSTER_CODEC_READER_H

#include "codec/message.h"
#include "codec/wire.h"

enum reader_fault {
    READER_SOUND,
    READER_MALFORMED, /* source.why says how, at source.at */
    READER_TOO_DEEP,  /* more than depth_max lists and maps in one another */
    READER_TOO_MANY,  /* more lists and maps than containers_max */
};

/* A list or map that is being read. */
struct reader_frame {
    size_t left; /* of MessagePack: values still to come; keys count too */
    bool is_map;
    bool is_at_value; /* of a map of JSON: its key has been read */
};

/* A plain copy is a second reader at the same place. */
struct reader {
    struct wire_source source;
    enum encoding encoding;
    size_t depth_max;
    size_t containers_max;
    size_t containers_left;
    size_t depth;
    enum reader_fault fault;
    struct reader_frame frames[BATCH_DEPTH_MAX];
};

/*
 * reader_open begins with the bytes, which have to outlive what is read; depth_max is at most BATCH_DEPTH_MAX.
 * unescaped is where texts of JSON go that hold escapes: they stay where they are as long as nobody else uses it.
 */
void reader_open(struct reader *reader, struct text bytes, enum encoding encoding, size_t depth_max,
                 size_t containers_max, struct buf *unescaped);

/* reader_next reads the next value; false, for good, with the fault, where there is none. */
bool reader_next(struct reader *reader, struct wire_value *out_value) MUST_USE;

/* reader_is_in: there is more to read in the list or map that reader_next has given. */
bool reader_is_in(const struct reader *reader, const struct wire_value *container);

/* reader_skip reads over what is in the value that reader_next has just given; false with the fault, which stays. */
bool reader_skip(struct reader *reader, const struct wire_value *value);

/* reader_rest returns the bytes from the next value on, blanks before it included, to the end of the payload. */
struct text reader_rest(const struct reader *reader);

/* reader_bytes_taken returns how many bytes have been read. */
size_t reader_bytes_taken(const struct reader *reader);

/* reader_bytes_left returns how much follows the value at the top, when that has been read. */
size_t reader_bytes_left(const struct reader *reader);

#endif

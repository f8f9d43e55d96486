/*
 * message.h -- inbound payloads, JSON or MessagePack, to domain values and back. No I/O, no clock.
 *
 * A decoder belongs to one thread. What it hands out (texts, lists) lives until its next decode_ call.
 */
#ifndef MUSTER_CODEC_MESSAGE_H
#define MUSTER_CODEC_MESSAGE_H

#include "base/buf.h"
#include "domain/code.h"
#include "domain/worker.h"

#include <jansson.h>

enum encoding { ENCODING_JSON, ENCODING_MSGPACK };

/* Limits of the contract, section 3. */
enum {
    MESSAGE_BYTES_MAX = 64 * 1024,
    MESSAGE_GATEWAY_BYTES_MAX = 1024 * 1024,
    MESSAGE_DEPTH_MAX = 8,
};

/* Of a batch as a whole; each item of it is held to the limits of a message. */
enum { BATCH_ITEMS_MAX = 1000, BATCH_DEPTH_MAX = 32 };

/* encoding_of tells the encoding by the first byte; an empty payload counts as JSON. */
enum encoding encoding_of(struct text payload);

struct decoder;

/* decoder_new returns a decoder that takes payloads up to bytes_max, NULL without memory. decoder_free(NULL) is safe.
 */
struct decoder *decoder_new(size_t bytes_max);
void decoder_free(struct decoder *decoder);

/*
 * decode_* read one payload into *out and return true. Where something is wrong they return false, every violation
 * is in out_violations with its code (invalid_payload: undecodable or a wrong type; too_large: beyond a limit;
 * validation_failed: not one of the allowed words), and *out holds only what could be read (request_id for the
 * reply above all). Ranges are not looked at: that is domain/validate. A null field is absent, an unknown one ignored.
 */
bool decode_registration(struct decoder *decoder, struct text payload, struct registration *out,
                         struct violations *out_violations) MUST_USE;
/* An empty payload is a heartbeat that says only "alive". */
bool decode_heartbeat(struct decoder *decoder, struct text payload, struct heartbeat *out,
                      struct violations *out_violations) MUST_USE;
/* An empty payload is a deregistration without options. */
bool decode_deregistration(struct decoder *decoder, struct text payload, struct deregistration *out,
                           struct violations *out_violations) MUST_USE;
bool decode_will(struct decoder *decoder, struct text payload, struct will *out,
                 struct violations *out_violations) MUST_USE;
/* An empty payload is a query without parameters. */
bool decode_query(struct decoder *decoder, struct text payload, struct query *out,
                  struct violations *out_violations) MUST_USE;

/*
 * Many messages of one kind in one: {workers: [{…}, …]}, or the list alone. What is outside of the list is of the
 * batch, and lives until the next decode_ call of a whole payload; items are decoded one by one, in any order, as often
 * as wanted, and what one hands out lives until the next item.
 */
struct batch {
    struct texts items; /* each begins where it does, and goes on to the payload's end; items NULL: there is no list */
    enum encoding encoding;
    struct text request_id;
    struct text boot_id; /* of a gateway's will, for items without their own */
    struct opt_int connection;
    bool force; /* of an import */
};

/*
 * decode_batch walks through the whole payload: afterwards it is known to be well-formed, and no item can spoil
 * another. False, with the violation and without items, as for a message. decode_batch_* read one item as decode_* read
 * a payload; an item is a map and never empty.
 */
bool decode_batch(struct decoder *decoder, struct text payload, struct batch *out,
                  struct violations *out_violations) MUST_USE;
bool decode_batch_registration(struct decoder *decoder, const struct batch *batch, size_t index,
                               struct registration *out, struct violations *out_violations) MUST_USE;
bool decode_batch_heartbeat(struct decoder *decoder, const struct batch *batch, size_t index, struct heartbeat *out,
                            struct violations *out_violations) MUST_USE;
bool decode_batch_deregistration(struct decoder *decoder, const struct batch *batch, size_t index,
                                 struct deregistration *out, struct violations *out_violations) MUST_USE;
bool decode_batch_state(struct decoder *decoder, const struct batch *batch, size_t index, struct worker_state *out,
                        struct violations *out_violations) MUST_USE;
bool decode_batch_will(struct decoder *decoder, const struct batch *batch, size_t index, struct will *out,
                       struct violations *out_violations) MUST_USE;

/* decode_item_bytes returns how long the item was that was decoded last, blanks before it included. */
size_t decode_item_bytes(const struct decoder *decoder);

/*
 * decode_document reads any payload (a map at its top) as a tree that the caller owns (json_decref); NULL where it
 * cannot be decoded or is beyond a limit, with the violation. For those who read what the registry publishes.
 */
json_t *decode_document(struct decoder *decoder, struct text payload, struct violations *out_violations);

/* encode_document appends the tree in the encoding to out; ERR_NO_MEMORY or ERR_INVALID (not encodable). */
enum err encode_document(const json_t *document, enum encoding encoding, struct buf *out) MUST_USE;

/* encoding_content_type returns "application/json" or "application/msgpack". */
const char *encoding_content_type(enum encoding encoding);

/* encode_* append what a worker sends; absent fields are left out. ERR_NO_MEMORY, or ERR_INVALID for bad JSON texts. */
enum err encode_registration(const struct registration *registration, enum encoding encoding, struct buf *out) MUST_USE;
enum err encode_heartbeat(const struct heartbeat *heartbeat, enum encoding encoding, struct buf *out) MUST_USE;
enum err encode_deregistration(const struct deregistration *deregistration, enum encoding encoding,
                               struct buf *out) MUST_USE;
enum err encode_will(const struct will *will, enum encoding encoding, struct buf *out) MUST_USE;

#endif

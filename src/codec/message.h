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

/* document.h -- what the registry publishes and answers: reply, status, event; as bytes or as trees. No I/O, no clock.
 */
#ifndef MUSTER_CODEC_DOCUMENT_H
#define MUSTER_CODEC_DOCUMENT_H

#include "codec/message.h"
#include "domain/code.h"
#include "domain/worker.h"

#include <jansson.h>

/* One field as Redis has it: a name and the text of its value. */
struct field {
    struct text name;
    struct text value;
};

struct reply {
    enum reply_code code;                /* success is code == CODE_OK */
    struct text message;                 /* absent: the violations joined by "; ", else nothing */
    const struct violations *violations; /* errors; may be NULL */
    struct text worker_id;
    struct opt_int epoch;
    struct opt_int heartbeat_interval_ms;
    struct opt_int heartbeat_timeout_ms;
    struct opt_int retry_after_ms;
    struct text revoked_jobs_json; /* a JSON list */
    struct text request_id;
    const struct field *worker_fields; /* of its status document; NULL: that is not part of the reply */
    size_t worker_field_count;
};

/*
 * encode_reply, encode_status and encode_event append to out; ERR_NO_MEMORY. Fields that are not part of the document
 * are left out; empty values too. Numbers are numbers, lists are lists, whatever text Redis keeps them as; a text that
 * is not what its field wants is left out.
 *
 * A status is from the fields of the worker's hash and its detail hash, where worker_id is not among them; an event
 * from those of a stream entry: fromStatus fromHealth toStatus toHealth become from {} and to {}.
 */
enum err encode_reply(const struct reply *reply, enum encoding encoding, struct buf *out) MUST_USE;
enum err encode_status(struct text worker_id, const struct field *fields, size_t count, enum encoding encoding,
                       struct buf *out) MUST_USE;
enum err encode_event(struct text event_id, const struct field *fields, size_t count, enum encoding encoding,
                      struct buf *out) MUST_USE;

/* The same as new trees that the caller owns, to become part of larger ones; NULL without memory. */
json_t *reply_document(const struct reply *reply);
json_t *status_document(struct text worker_id, const struct field *fields, size_t count);
json_t *event_document(struct text event_id, const struct field *fields, size_t count);

/* The status document with all that Redis has besides, to make the worker again from. */
json_t *record_document(struct text worker_id, const struct field *fields, size_t count);

#endif

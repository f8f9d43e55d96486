/* document.h -- what the registry publishes and answers, as JSON trees: reply, status, event. No I/O, no clock. */
#ifndef MUSTER_CODEC_DOCUMENT_H
#define MUSTER_CODEC_DOCUMENT_H

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
};

/*
 * Each returns a new tree that the caller owns, NULL without memory. Fields that are not part of the document are
 * left out; empty values too. Numbers are numbers, lists are lists, whatever text Redis keeps them as; a text that is
 * not what its field wants is left out.
 */
json_t *reply_document(const struct reply *reply);

/* From the fields of the worker's hash and its detail hash; worker_id is not among them. */
json_t *status_document(struct text worker_id, const struct field *fields, size_t count);

/* The status document with all that Redis has besides, to make the worker again from. */
json_t *record_document(struct text worker_id, const struct field *fields, size_t count);

/* From the fields of a stream entry: fromStatus fromHealth toStatus toHealth become from {} and to {}. */
json_t *event_document(struct text event_id, const struct field *fields, size_t count);

#endif

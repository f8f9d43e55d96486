/* decoder.h -- what a decoder keeps from message to message, so that decoding need not allocate. Internal to codec. */
#ifndef MUSTER_CODEC_DECODER_H
#define MUSTER_CODEC_DECODER_H

#include "codec/reader.h"
#include "domain/code.h"

/* A power of two, twice the jobs that one heartbeat may hold. */
enum { DECODER_JOB_SLOTS = 2 * WORKER_JOBS_MAX };

/* Tree and buffers hold what the last message pointed into, until the next one. */
struct decoder {
    size_t bytes_max;
    struct reader reader;
    uint32_t given;              /* fields of the message, by the place of their rules; all where it cannot be known */
    struct buf unescaped;        /* texts of JSON that held escapes */
    struct buf unescaped_item;   /* the same of one item of a batch */
    struct buf unescaped_inside; /* the same of capabilities that came as JSON text */
    json_t *capabilities_tree;
    struct buf capabilities_json;
    struct buf tags_json;
    struct text tags[WORKER_TAGS_MAX];
    struct text capabilities[WORKER_CAPABILITIES_MAX];
    struct text jobs[WORKER_JOBS_MAX];
    struct text revoked[WORKER_JOBS_MAX];
    struct text boots[WORKER_BOOTS_MAX];
    struct text items[BATCH_ITEMS_MAX];
    uint16_t job_slots[DECODER_JOB_SLOTS]; /* hash to 1 + the job's place in jobs; 0: none */
};

/* decoder_open opens a reader whose trees stay in proportion to what a payload may be. */
void decoder_open(const struct decoder *decoder, struct reader *reader, struct text bytes, enum encoding encoding,
                  size_t depth_max, struct buf *unescaped);

/*
 * decoder_begin forgets the last message and reads the value at the top of the payload; a list or a map only its head.
 * False, with the violation, where there is none.
 */
bool decoder_begin(struct decoder *decoder, struct text payload, size_t depth_max, struct wire_value *out_top,
                   struct violations *out_violations) MUST_USE;

/* decoder_add_fault adds the violation, under the name, where the reader failed or has not read everything. */
void decoder_add_fault(const struct reader *reader, const char *name, struct violations *out_violations);

#endif

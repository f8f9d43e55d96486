/* decoder.h -- what a decoder keeps from message to message, so that decoding need not allocate. Internal to codec. */
#ifndef MUSTER_CODEC_DECODER_H
#define MUSTER_CODEC_DECODER_H

#include "codec/reader.h"

/* A power of two, twice the jobs that one heartbeat may hold. */
enum { DECODER_JOB_SLOTS = 2 * WORKER_JOBS_MAX };

/* Trees and buffers hold what the last message pointed into, until the next one. */
struct decoder {
    size_t bytes_max;
    struct reader reader;
    json_t *payload_tree;      /* of JSON */
    json_t *capabilities_text; /* of capabilities that came as JSON text */
    json_t *capabilities_tree;
    struct buf capabilities_json;
    struct buf tags_json;
    struct text tags[WORKER_TAGS_MAX];
    struct text capabilities[WORKER_CAPABILITIES_MAX];
    struct text jobs[WORKER_JOBS_MAX];
    uint16_t job_slots[DECODER_JOB_SLOTS]; /* hash to 1 + the job's place in jobs; 0: none */
};

/* decoder_containers_max: how many lists and maps a payload may hold, so that its tree stays in proportion. */
size_t decoder_containers_max(const struct decoder *decoder);

#endif

/*
 * packer.h -- heartbeats into a reused buffer: the codec has written one, and only what differs is written over it.
 * No allocation but for a batch that grows; not shared.
 */
#ifndef MUSTER_SIM_PACKER_H
#define MUSTER_SIM_PACKER_H

#include "codec/message.h"

/* What all heartbeats have in common. Texts are read by packer_init alone. */
struct packer_style {
    enum encoding encoding;
    const char *id_prefix; /* in batches each heartbeat names its worker; NULL: alone, where the topic does */
    const char *boot_id;
    int64_t job_count;
    int64_t capacity;
};

/* What differs. */
struct packer_beat {
    uint32_t number; /* of the worker; in batches only */
    uint32_t seq;
    int64_t sent_at_ms;      /* 13 digits */
    int64_t epoch;           /* at most 16 digits */
    unsigned cpu_hundredths; /* 1000 to 9999: 10.00 to 99.99 percent */
};

/* All zero is empty: packer_fini is safe. */
struct packer {
    enum encoding encoding;
    struct buf beat; /* a heartbeat, to be written over */
    struct buf out;
    size_t number_at;
    size_t seq_at;
    size_t sent_at;
    size_t epoch_at;
    size_t cpu_at;
    size_t count; /* of the batch */
    bool in_batch;
};

/* packer_init makes the heartbeat; ERR_NO_MEMORY, or ERR_INVALID where the codec does not write what is looked for. */
enum err packer_init(struct packer *packer, const struct packer_style *style) MUST_USE;
void packer_fini(struct packer *packer);

/* packer_single returns one heartbeat; it lives until the next call. */
struct text packer_single(struct packer *packer, const struct packer_beat *beat);

/* A batch of up to BATCH_ITEMS_MAX; packer_end returns it, data NULL without memory. It lives until the next call. */
void packer_begin(struct packer *packer);
void packer_add(struct packer *packer, const struct packer_beat *beat);
struct text packer_end(struct packer *packer);

#endif

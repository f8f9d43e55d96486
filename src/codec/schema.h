/* schema.h -- the fields of a message as a table, and reading and writing by it. Internal to codec. */
#ifndef MUSTER_CODEC_SCHEMA_H
#define MUSTER_CODEC_SCHEMA_H

#include "codec/decoder.h"

/* What a field wants, and where in the message's struct it goes. */
enum rule_kind {
    RULE_TEXT,         /* struct text of at most limit bytes */
    RULE_INT,          /* struct opt_int */
    RULE_REAL,         /* struct opt_real */
    RULE_FLAG,         /* bool */
    RULE_STATUS,       /* enum worker_status, up to limit */
    RULE_HEALTH,       /* enum worker_health, up to limit */
    RULE_TAGS,         /* struct texts in decoder->tags */
    RULE_LABELS,       /* struct texts in decoder->capabilities, read as tags are */
    RULE_CAPABILITIES, /* struct texts in decoder->capabilities, and decoder->capabilities_tree */
    RULE_JOBS,         /* struct texts in decoder->jobs */
    RULE_REVOKED,      /* struct texts in decoder->revoked, read as jobs are */
    RULE_BOOTS,        /* struct texts in decoder->boots */
    RULE_ITEMS,        /* struct texts in decoder->items */
};

struct rule {
    const char *name;
    uint16_t name_len;
    uint16_t offset;
    uint16_t limit;
    uint16_t kind;
};

/* At most 32 rules. Reading is fastest where fields come in this order. */
struct schema {
    const struct rule *rules;
    size_t count;
};

/*
 * schema_read reads the pairs of a map that the decoder's reader has just given. Unknown fields and nulls are passed
 * over; each wrong field adds a violation, and so does one that is named twice. Where the reader fails it returns, and
 * the fault is the reader's to tell.
 */
void schema_read(struct decoder *decoder, const struct schema *schema, const struct wire_value *map, void *message,
                 struct violations *out_violations);

/* schema_given says whether the message read last has, or may have, the field, taken or refused. */
bool schema_given(const struct decoder *decoder, const struct schema *schema, const char *name);

/* schema_tree returns the fields that are set as an object, without lists; NULL where one cannot be written. */
json_t *schema_tree(const struct schema *schema, const void *message);

/* The messages. fields.c */
extern const struct schema schema_registration;
extern const struct schema schema_heartbeat;
extern const struct schema schema_deregistration;
extern const struct schema schema_will;
extern const struct schema schema_query;
extern const struct schema schema_batch;
extern const struct schema schema_state;

#endif

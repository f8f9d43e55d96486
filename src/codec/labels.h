/* labels.h -- lists of short texts: tags, capabilities, jobs. Internal to codec. */
#ifndef MUSTER_CODEC_LABELS_H
#define MUSTER_CODEC_LABELS_H

#include "codec/decoder.h"

/* What a list may be. */
struct labels_rule {
    size_t count_max;
    size_t bytes_max;
    bool is_set; /* comma-separated text will do; items are trimmed, empty ones dropped, repeated ones kept once */
};
extern const struct labels_rule labels_tags;
extern const struct labels_rule labels_jobs;
extern const struct labels_rule labels_boots;

/*
 * labels_read reads the value that the reader has just given, with all that is in it, into items, which has room for
 * count_max; *out_labels then points there, also when empty. Each item that is wrong adds a violation.
 */
void labels_read(struct reader *reader, const struct labels_rule *rule, const char *field,
                 const struct wire_value *value, struct text *items, struct texts *out_labels,
                 struct violations *out_violations);

/* labels_repeat: is one of the jobs listed twice? */
bool labels_repeat(struct decoder *decoder, struct texts jobs);

/* labels_tree returns the list as a JSON list that the caller owns; NULL without memory, or for invalid UTF-8. */
json_t *labels_tree(struct texts labels);

#endif

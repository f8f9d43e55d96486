/* internal.h -- what the files of the configuration share. */
#ifndef MUSTER_CONFIG_INTERNAL_H
#define MUSTER_CONFIG_INTERNAL_H

#include "config/config.h"

/* What a string must be where it is anything but free text. table.c; each returns NULL where the value is good. */
const char *rule_mqtt_uri(const char *value);
const char *rule_redis_uri(const char *value);
const char *rule_id(const char *value);
const char *rule_id_or_empty(const char *value);
const char *rule_topic_root(const char *value);
const char *rule_prefix(const char *value);
const char *rule_listen(const char *value);

/* rules_check_across appends a line for every pair of values that contradict each other. */
void rules_check_across(const struct config *config, const struct config_sources *sources, struct buf *out_errors);

/* value_parse stores the text as the key's value; false, and what it must be in out_range, where it cannot be. */
bool value_parse(const struct config_key *key, const char *text, struct config *out, struct buf *out_range);

/* value_append appends the value as the file would say it, secret or not. */
void value_append(struct buf *out, const struct config *config, const struct config_key *key);

/* value_append_range appends what the value must be: "between 0 and 100", "one of json|msgpack". */
void value_append_range(struct buf *out, const struct config_key *key);

/* value_copy copies one key's value from one configuration to another. */
void value_copy(struct config *to, const struct config *from, const struct config_key *key);
bool value_same(const struct config *a, const struct config *b, const struct config_key *key);

/* show_origin appends where a value came from: "line 7 of the file", "option", … */
void show_origin(struct buf *out, const struct config_origin *origin);

#endif

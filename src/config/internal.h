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
const char *rule_sentinel(const char *value);

/* rules_check_across appends a line for every pair of values that contradict each other. */
void rules_check_across(const struct config *config, const struct config_sources *sources, struct buf *out_errors);

/* Where a value of a named section belongs: the row it has there, and the place of its origin. */
struct named_place {
    struct config_key key; /* its name points into name */
    struct config_origin *origin;
    char name[CONFIG_NAME_BYTES];
};

/* named_is_section: "alert.NAME", or "gateways". */
bool named_is_section(struct text name);

/* named_find finds "alert.NAME.key" or "gateways.ID", making the rule or gateway where there is none of that name.
 * NULL, or what is wrong with the name. */
const char *named_find(struct config *config, struct config_sources *sources, const char *name,
                       struct named_place *out);

/* named_of_variable writes the key that MUSTER_ALERT_NAME_KEY means to out; false where it is none. */
bool named_of_variable(struct text variable, char *out, size_t size);

/* named_set_defaults adds the rules that are there by default. */
void named_set_defaults(struct config *config);

/* named_check appends a line for every rule that is incomplete or whose value cannot be. */
void named_check(const struct config *config, const struct config_sources *sources, struct buf *out_errors);

/* named_append_help appends the keys of a rule, and the rules that there are by default. */
void named_append_help(struct buf *out);

/*
 * Gateways: gateways_are_meant by a name that begins "gateways."; gateways_find is named_find for those.
 * gateways_of_variable writes the key that MUSTER_GATEWAYS_ID means to out: the gateway there is whose id is written so
 * in capitals, else the id in small letters; false where it is none.
 */
bool gateways_are_meant(struct text name);
const char *gateways_find(struct config *config, struct config_sources *sources, const char *name,
                          struct named_place *out);
bool gateways_of_variable(const struct config *config, struct text variable, char *out, size_t size);
void gateways_append_help(struct buf *out);

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

/* show_help appends what config_append_help says of one key; section ("" or "alert.NAME.") goes before its name. */
void show_help(struct buf *out, const char *section, const struct config_key *key);

#endif

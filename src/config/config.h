/*
 * config.h -- the configuration of the daemon: one table of name, type, default, range and help.
 *
 * Sources, later ones winning: default, file (INI), environment (MUSTER_SECTION_KEY), option (-o section.key=value).
 */
#ifndef MUSTER_CONFIG_CONFIG_H
#define MUSTER_CONFIG_CONFIG_H

#include "base/buf.h"
#include "base/err.h"
#include "domain/alert.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CONFIG_STRING_MAX = 512, CONFIG_NAME_BYTES = 160 };

/* Gateways, and the patterns of one. An id is terminated. */
enum { CONFIG_GATEWAYS_MAX = 64, CONFIG_PATTERNS_MAX = 16, CONFIG_GATEWAY_ID_BYTES = 129 };
#define CONFIG_PATTERN_SEPARATORS " \t,"

struct config_gateway {
    char id[CONFIG_GATEWAY_ID_BYTES];
    char patterns[CONFIG_STRING_MAX]; /* at most CONFIG_PATTERNS_MAX, with CONFIG_PATTERN_SEPARATORS between them */
};

struct config {
    struct {
        char uri[CONFIG_STRING_MAX];
        char client_id[CONFIG_STRING_MAX];
        char username[CONFIG_STRING_MAX];
        char password_file[CONFIG_STRING_MAX];
        char ca_file[CONFIG_STRING_MAX];
        char certificate_file[CONFIG_STRING_MAX];
        char key_file[CONFIG_STRING_MAX];
        char topic_root[CONFIG_STRING_MAX];
        int64_t inbox_messages;
        int64_t inbox_bytes;
    } mqtt;
    struct {
        char uri[CONFIG_STRING_MAX];
        char password_file[CONFIG_STRING_MAX];
        char prefix[CONFIG_STRING_MAX];
        char sentinel[CONFIG_STRING_MAX]; /* empty: none */
        char sentinel_password_file[CONFIG_STRING_MAX];
    } redis;
    struct {
        char instance[CONFIG_STRING_MAX]; /* empty: host name and process id */
        int64_t lease_ms;
    } daemon;
    struct {
        int64_t heartbeat_timeout_ms;
        int64_t min_heartbeat_timeout_ms;
        int64_t max_heartbeat_timeout_ms;
        int64_t archive_seconds;
        int64_t merge_heartbeats_ms;     /* 0: every one is told to Redis */
        int64_t target_heartbeats_per_s; /* 0: everybody as often as it asks */
    } worker;
    struct {
        int64_t check_interval_ms;
        int64_t max_consecutive_failures;
        bool auto_recovery;
        int64_t cleanup_threshold_ms;
        int64_t flap_count;
        int64_t flap_window_ms;
        int64_t flap_hold_ms;
        int64_t flap_hold_max_ms;
    } health;
    struct {
        int64_t max_attempts;
        int64_t retry_delay_ms;
        int64_t max_concurrent_jobs;
        double min_load_factor;
        double max_load_factor;
        int64_t max_workers;
        int64_t max_per_s;
    } registration;
    struct {
        int64_t percent;
        int64_t min_workers;
        int64_t max_ms;
    } brake;
    struct {
        int64_t encoding; /* 0 json, 1 msgpack: as enum encoding */
        int64_t system_interval_ms;
    } publish;
    struct {
        int64_t max_length;
    } events;
    struct {
        char listen[CONFIG_STRING_MAX];
        int64_t max_connections;
        int64_t max_streams;
        int64_t request_timeout_ms;
        int64_t idle_timeout_ms;
        int64_t stream_heartbeat_ms;
    } http;
    struct {
        struct alert_rule rules[ALERT_RULES_MAX]; /* the defaults first */
        size_t count;
    } alerts;
    struct {
        struct config_gateway items[CONFIG_GATEWAYS_MAX];
        size_t count;
    } gateways;
    struct {
        int64_t level;  /* debug info warn error: as enum log_level */
        int64_t format; /* text json: as enum log_format */
    } log;
};

enum config_type { CONFIG_STRING, CONFIG_INT, CONFIG_REAL, CONFIG_BOOL, CONFIG_CHOICE };
enum config_source { CONFIG_FROM_DEFAULT, CONFIG_FROM_FILE, CONFIG_FROM_ENVIRONMENT, CONFIG_FROM_OPTION };

/* One row of the table. */
struct config_key {
    const char *name; /* "worker.heartbeat_timeout_ms" */
    size_t offset;    /* in struct config */
    const char *default_text;
    double min; /* of numbers */
    double max;
    const char *choices;                         /* "json|msgpack" */
    const char *(*violation)(const char *value); /* of strings: NULL where it is good, else what it must be */
    const char *seed_name;                       /* the property of the replaced system, or NULL */
    const char *help;                            /* one sentence */
    enum config_type type;
    bool reloadable; /* SIGHUP takes it over */
    bool secret;     /* its value is shown to nobody */
};

/* config_keys returns the table and its length. */
const struct config_key *config_keys(size_t *out_count);

/* Where every value came from, in the order of the table. */
struct config_origin {
    enum config_source source;
    int line; /* of the file */
};
enum { CONFIG_KEYS_MAX = 96, CONFIG_ALERT_KEYS = 5 };

struct config_sources {
    struct config_origin origins[CONFIG_KEYS_MAX];
    struct config_origin gateways[CONFIG_GATEWAYS_MAX];
    struct config_origin alerts[ALERT_RULES_MAX][CONFIG_ALERT_KEYS]; /* by rule, and key as config_alert_key counts */
};

/*
 * config_load fills *out from all sources and checks it: file may be NULL; environment is environ; options are
 * "section.key=value". An unknown key or a bad value is an error that names file, line, key, value and range; every
 * error found is a line in out_errors (which the caller owns). ERR_INVALID, ERR_NOT_FOUND (no file) or ERR_IO (it
 * cannot be read); *out stays untouched on failure. out_sources may be NULL.
 *
 * A line of the file is empty, a comment (; or #), [section] or key = value; blanks around each mean nothing, " ;"
 * begins a comment, nothing goes on in the next line, and a key may be given once. A variable that begins with MUSTER_
 * and a section's name must be a key, except what orchestrators set for a service of such a name
 * (MUSTER_REDIS_PORT…, MUSTER_REDIS_SERVICE_…); any other MUSTER_ variable is somebody else's.
 */
enum err config_load(const char *file, char *const *environment, const char *const *options, size_t option_count,
                     struct config *out, struct config_sources *out_sources, struct buf *out_errors) MUST_USE;

/*
 * config_alert_key is a row of the table for one key of one alert rule: [alert.NAME] with metric op value for_ms
 * severity, in this order. out->name points to out_name; the row is good for this configuration's rules only. False
 * beyond the last rule or key.
 */
enum { CONFIG_ALERT_NAME_BYTES = ALERT_RULE_NAME_MAX + 20 };
bool config_alert_key(const struct config *config, size_t rule, size_t index, char out_name[CONFIG_ALERT_NAME_BYTES],
                      struct config_key *out);

/* config_gateway_key is the same for the one key of a gateway: gateways.ID. */
bool config_gateway_key(const struct config *config, size_t index, char out_name[CONFIG_NAME_BYTES],
                        struct config_key *out);

/* config_append_value appends a key's value as the file would say it ("true", "300000"); "***" where it is secret. */
void config_append_value(struct buf *out, const struct config *config, const struct config_key *key);

/* config_append_listing appends the whole configuration as a file would say it, each value with its origin. */
void config_append_listing(struct buf *out, const struct config *config, const struct config_sources *sources);

/* config_append_help appends the table for people: each key with its default, range, sentence, and whether it reloads.
 */
void config_append_help(struct buf *out);

/* config_reload copies what may change while running from fresh to config; appends the names of the changed
 * keys that need a restart, one a line, to out_ignored. */
void config_reload(struct config *config, const struct config *fresh, struct buf *out_ignored);

/* config_reload_sources does the same for where the values come from. */
void config_reload_sources(struct config_sources *sources, const struct config_sources *fresh);

#endif

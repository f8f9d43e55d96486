/* rules.c -- what strings must look like, and which values must fit each other. */
#include "config/internal.h"

#include "domain/worker.h"

#include <stdlib.h>

enum { TOPIC_ROOT_MAX = 256, PREFIX_MAX = 64 };

static const char id_rule[] = "1-128 of A-Z a-z 0-9 . _ - beginning with a letter or digit";
static const char letters_and_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

static bool has_scheme(const char *value, const char *const *schemes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(schemes[i]);
        if (strncmp(value, schemes[i], len) == 0 && value[len] != '\0') {
            return true;
        }
    }
    return false;
}

/* What stands before the last @: a password may hold any other character. Empty where there is no @. */
static struct text user_of(const char *value)
{
    const char *authority = strstr(value, "://");
    authority = authority != NULL ? authority + 3 : value;
    const char *at = strrchr(authority, '@');
    return (struct text){authority, at != NULL ? (size_t)(at - authority) : 0};
}

const char *rule_mqtt_uri(const char *value)
{
    static const char *const schemes[] = {"tcp://", "mqtt://", "ssl://", "mqtts://", "ws://", "wss://"};
    if (!has_scheme(value, schemes, sizeof schemes / sizeof schemes[0])) {
        return "tcp:// mqtt:// ssl:// mqtts:// ws:// or wss:// and a host";
    }
    /* Passwords live in files, so that no listing of the configuration can show one. */
    return user_of(value).len > 0 ? "without a user: mqtt.username and mqtt.password_file are for that" : NULL;
}

const char *rule_redis_uri(const char *value)
{
    static const char *const schemes[] = {"redis://", "unix:///"};
    if (!has_scheme(value, schemes, sizeof schemes / sizeof schemes[0])) {
        return "redis://[user@]host[:port][/database] or unix:///path[?db=number]";
    }
    struct text user = user_of(value);
    bool has_password = strncmp(value, "redis", 5) == 0 && memchr(user.data, ':', user.len) != NULL;
    return has_password ? "without a password: redis.password_file is for that" : NULL;
}

const char *rule_id(const char *value)
{
    return worker_id_valid(text_of(value)) ? NULL : id_rule;
}

const char *rule_id_or_empty(const char *value)
{
    return value[0] == '\0' ? NULL : rule_id(value);
}

const char *rule_topic_root(const char *value)
{
    size_t len = strlen(value);
    bool good = len > 0 && len <= TOPIC_ROOT_MAX && value[0] != '/' && value[0] != '$' && value[len - 1] != '/' &&
                strstr(value, "//") == NULL;
    for (size_t i = 0; i < len; i++) {
        good = good && value[i] > ' ' && value[i] < 0x7f && value[i] != '+' && value[i] != '#';
    }
    return good ? NULL
                : "1-256 printable ASCII characters without blanks, + or #, not beginning with $, no slash at either "
                  "end, no empty level";
}

const char *rule_prefix(const char *value)
{
    size_t len = strlen(value);
    size_t good = 0;
    while (value[good] != '\0' && (strchr(letters_and_digits, value[good]) != NULL || strchr("._:-", value[good]))) {
        good++;
    }
    return len > 0 && len <= PREFIX_MAX && good == len ? NULL : "1-64 of A-Z a-z 0-9 . _ : -";
}

const char *rule_listen(const char *value)
{
    static const char rule[] = "host:port with a port between 1 and 65535, or empty";
    const char *colon = strrchr(value, ':');
    if (value[0] == '\0') {
        return NULL;
    }
    if (colon == NULL || colon == value) {
        return rule;
    }
    size_t digits = strspn(colon + 1, "0123456789");
    long port = digits > 0 && digits <= 5 && colon[1 + digits] == '\0' ? strtol(colon + 1, NULL, 10) : 0;
    return port >= 1 && port <= 65535 ? NULL : rule;
}

const char *rule_sentinel(const char *value)
{
    static const char rule[] = "name@host[:port],host[:port] of at most 16 Sentinels, or empty";
    enum { SENTINELS_MAX = 16 };
    const char *at = strrchr(value, '@');
    if (value[0] == '\0') {
        return NULL;
    }
    if (at == NULL || at == value || at - value >= 128 || strpbrk(value, " \t") != NULL) {
        return rule;
    }
    size_t count = 0;
    for (const char *next = at + 1; next != NULL; count++) {
        size_t len = strcspn(next, ",");
        size_t host = strcspn(next, ",:");
        size_t digits = host < len ? strspn(next + host + 1, "0123456789") : 0;
        bool has_port = digits > 0 && digits <= 5 && host + 1 + digits == len && atoi(next + host + 1) <= 65535;
        if (host == 0 || (host < len && !has_port)) {
            return rule;
        }
        next = next[len] == ',' ? next + len + 1 : NULL;
    }
    return count <= SENTINELS_MAX ? NULL : rule;
}

static void append_setting(struct buf *out, const struct config *config, const struct config_sources *sources,
                           const char *name)
{
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i].name, name) == 0) {
            buf_printf(out, "%s = ", name);
            config_append_value(out, config, &keys[i]);
            buf_append_string(out, " (");
            show_origin(out, &sources->origins[i]);
            buf_append_string(out, ")");
        }
    }
}

void rules_check_across(const struct config *config, const struct config_sources *sources, struct buf *out_errors)
{
    const struct {
        bool good;
        const char *one;
        const char *must;
        const char *other;
    } rules[] = {
        {config->worker.heartbeat_timeout_ms >= config->worker.min_heartbeat_timeout_ms, "worker.heartbeat_timeout_ms",
         "at least", "worker.min_heartbeat_timeout_ms"},
        {config->worker.heartbeat_timeout_ms <= config->worker.max_heartbeat_timeout_ms, "worker.heartbeat_timeout_ms",
         "at most", "worker.max_heartbeat_timeout_ms"},
        {config->worker.min_heartbeat_timeout_ms <= config->worker.max_heartbeat_timeout_ms,
         "worker.min_heartbeat_timeout_ms", "at most", "worker.max_heartbeat_timeout_ms"},
        {config->worker.merge_heartbeats_ms <= config->worker.min_heartbeat_timeout_ms / 3,
         "worker.merge_heartbeats_ms", "at most a third of", "worker.min_heartbeat_timeout_ms"},
        {config->registration.min_load_factor <= config->registration.max_load_factor, "registration.min_load_factor",
         "at most", "registration.max_load_factor"},
        {(config->mqtt.certificate_file[0] == '\0') == (config->mqtt.key_file[0] == '\0'), "mqtt.certificate_file",
         "given together with", "mqtt.key_file"},
        {config->mqtt.password_file[0] == '\0' || config->mqtt.username[0] != '\0', "mqtt.password_file",
         "given together with", "mqtt.username"},
        {config->redis.sentinel[0] == '\0' || strncmp(config->redis.uri, "unix:", 5) != 0, "redis.sentinel",
         "without a socket as", "redis.uri"},
        {config->redis.sentinel_password_file[0] == '\0' || config->redis.sentinel[0] != '\0',
         "redis.sentinel_password_file", "given together with", "redis.sentinel"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (!rules[i].good) {
            append_setting(out_errors, config, sources, rules[i].one);
            buf_printf(out_errors, ": must be %s ", rules[i].must);
            append_setting(out_errors, config, sources, rules[i].other);
            buf_append_string(out_errors, "\n");
        }
    }
}

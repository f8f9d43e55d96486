/* show.c -- the table and the values for people: help, listing, origins. */
#include "config/internal.h"

void show_origin(struct buf *out, const struct config_origin *origin)
{
    switch (origin->source) {
    case CONFIG_FROM_DEFAULT:
        buf_append_string(out, "default");
        break;
    case CONFIG_FROM_FILE:
        buf_printf(out, "line %d", origin->line);
        break;
    case CONFIG_FROM_ENVIRONMENT:
        buf_append_string(out, "environment");
        break;
    case CONFIG_FROM_OPTION:
        buf_append_string(out, "option");
        break;
    }
}

void config_append_value(struct buf *out, const struct config *config, const struct config_key *key)
{
    size_t before = out->len;
    value_append(out, config, key);
    if (key->secret && out->len > before) {
        out->len = before;
        buf_append_string(out, "***");
    }
}

static struct text section_of(const struct config_key *key)
{
    return (struct text){key->name, strcspn(key->name, ".")};
}

static void append_heading(struct buf *out, const struct config_key *keys, size_t i)
{
    struct text section = section_of(&keys[i]);
    if (i == 0 || !text_equal(section, section_of(&keys[i - 1]))) {
        buf_printf(out, "%s[%.*s]\n", i == 0 ? "" : "\n", TEXT_ARG(section));
    }
}

static void append_line(struct buf *out, const char *name, const struct config *config, const struct config_key *key,
                        const struct config_origin *origin)
{
    enum { ORIGIN_COLUMN = 48 };
    size_t begin = out->len;
    buf_printf(out, "%s = ", name);
    config_append_value(out, config, key);
    size_t width = out->len - begin;
    buf_printf(out, "%*s ; ", width < ORIGIN_COLUMN ? (int)(ORIGIN_COLUMN - width) : 0, "");
    show_origin(out, origin);
    buf_append_string(out, "\n");
}

static void append_rules(struct buf *out, const struct config *config, const struct config_sources *sources)
{
    struct config_key key;
    char name[CONFIG_ALERT_NAME_BYTES];
    for (size_t rule = 0; rule < config->alerts.count; rule++) {
        buf_printf(out, "\n[alert.%s]\n", config->alerts.rules[rule].name);
        for (size_t i = 0; config_alert_key(config, rule, i, name, &key); i++) {
            append_line(out, strrchr(key.name, '.') + 1, config, &key, &sources->alerts[rule][i]);
        }
    }
}

static void append_gateways(struct buf *out, const struct config *config, const struct config_sources *sources)
{
    struct config_key key;
    char name[CONFIG_NAME_BYTES];
    for (size_t i = 0; config_gateway_key(config, i, name, &key); i++) {
        buf_append_string(out, i == 0 ? "\n[gateways]\n" : "");
        append_line(out, config->gateways.items[i].id, config, &key, &sources->gateways[i]);
    }
}

void config_append_listing(struct buf *out, const struct config *config, const struct config_sources *sources)
{
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        append_heading(out, keys, i);
        append_line(out, strchr(keys[i].name, '.') + 1, config, &keys[i], &sources->origins[i]);
    }
    append_gateways(out, config, sources);
    append_rules(out, config, sources);
}

void show_help(struct buf *out, const char *section, const struct config_key *key)
{
    buf_printf(out, "  %s%s = %s\n      %s\n      ", section, key->name, key->default_text, key->help);
    if (key->type != CONFIG_STRING) {
        buf_append_string(out, "Is ");
        value_append_range(out, key);
        buf_append_string(out, ". ");
    }
    buf_append_string(out, key->reloadable ? "Taken over on SIGHUP.\n" : "A change needs a restart.\n");
}

void config_append_help(struct buf *out)
{
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        show_help(out, "", &keys[i]);
    }
    gateways_append_help(out);
    named_append_help(out);
}

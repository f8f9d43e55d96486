/* configuration.c -- the settings that are in force, each with where it comes from. No secret is among them. */
#include "registry/configuration.h"

#include "codec/document.h"
#include "registry/asker.h"
#include "registry/intake.h"
#include "registry/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *value_node(const struct config_key *key, const char *text)
{
    switch (key->type) {
    case CONFIG_INT:
        return json_integer(strtoll(text, NULL, 10));
    case CONFIG_REAL:
        return json_real(strtod(text, NULL));
    case CONFIG_BOOL:
        return json_boolean(strcmp(text, "true") == 0);
    default:
        return json_string(text);
    }
}

static const char *source_name(enum config_source source)
{
    switch (source) {
    case CONFIG_FROM_FILE:
        return "file";
    case CONFIG_FROM_ENVIRONMENT:
        return "environment";
    case CONFIG_FROM_OPTION:
        return "option";
    default:
        return "default";
    }
}

static void add_setting(const struct registry *registry, json_t *list, const struct config_key *key,
                        const struct config_origin *origin)
{
    struct buf value = {0};
    config_append_value(&value, &registry->config, key);
    const char *text = buf_terminated(&value);
    json_t *setting = json_pack("{s:s, s:o*, s:s, s:s, s:b, s:s}", "key", key->name, "value",
                                text != NULL ? value_node(key, text) : NULL, "source", source_name(origin->source),
                                "default", key->default_text, "reloadable", key->reloadable, "help", key->help);
    if (setting != NULL && origin->source == CONFIG_FROM_FILE) {
        (void)json_object_set_new(setting, "file", json_string(registry->config_file));
        (void)json_object_set_new(setting, "line", json_integer(origin->line));
    }
    if (setting != NULL && key->seed_name != NULL) {
        (void)json_object_set_new(setting, "seedName", json_string(key->seed_name));
    }
    (void)json_array_append_new(list, setting);
    buf_fini(&value);
}

static void add_gateways(const struct registry *registry, json_t *list)
{
    char name[CONFIG_NAME_BYTES];
    struct config_key key;
    for (size_t i = 0; config_gateway_key(&registry->config, i, name, &key); i++) {
        add_setting(registry, list, &key, &registry->config_sources.gateways[i]);
    }
}

static void add_alerts(const struct registry *registry, json_t *list)
{
    char name[CONFIG_ALERT_NAME_BYTES];
    struct config_key key;
    for (size_t rule = 0; rule < registry->config.alerts.count; rule++) {
        for (size_t i = 0; config_alert_key(&registry->config, rule, i, name, &key); i++) {
            add_setting(registry, list, &key, &registry->config_sources.alerts[rule][i]);
        }
    }
}

void configuration_ask(struct registry *registry, const struct query *query, struct asker *asker)
{
    (void)query;
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        add_setting(registry, list, &keys[i], &registry->config_sources.origins[i]);
    }
    add_gateways(registry, list);
    add_alerts(registry, list);
    intake_call_done(registry);
    const struct extra extras[] = {{"config", list}, {"redis", json_string(store_place(registry->store))}};
    asker_reply_with(asker, &(struct reply){.code = CODE_OK}, extras, sizeof extras / sizeof extras[0]);
}

void registry_set_sources(struct registry *registry, const char *file, const struct config_sources *sources)
{
    (void)snprintf(registry->config_file, sizeof registry->config_file, "%s", file != NULL ? file : "");
    registry->config_sources = *sources;
}

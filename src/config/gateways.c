/* gateways.c -- the section [gateways]: a key for each gateway, its value the patterns of the ids that it may speak
 * for. */
#include "config/internal.h"

#include "domain/worker.h"

#include <ctype.h>
#include <stdio.h>

#define SECTION "gateways."

enum { SECTION_LEN = sizeof SECTION - 1 };

static const char *rule_patterns(const char *value)
{
    static const char rule[] = "1-16 patterns with blanks or commas between them, each 1-128 of A-Z a-z 0-9 . _ - * ?";
    size_t count = 0;
    for (const char *at = value + strspn(value, CONFIG_PATTERN_SEPARATORS); *at != '\0';
         at += strspn(at, CONFIG_PATTERN_SEPARATORS)) {
        size_t len = strcspn(at, CONFIG_PATTERN_SEPARATORS);
        for (size_t i = 0; i < len; i++) {
            if (!isalnum((unsigned char)at[i]) && strchr("._-*?", at[i]) == NULL) {
                return rule;
            }
        }
        if (len > WORKER_ID_MAX || ++count > CONFIG_PATTERNS_MAX) {
            return rule;
        }
        at += len;
    }
    return count > 0 ? NULL : rule;
}

bool config_gateway_key(const struct config *config, size_t index, char out_name[CONFIG_NAME_BYTES],
                        struct config_key *out)
{
    static const struct config_key row = {
        .type = CONFIG_STRING,
        .default_text = "",
        .violation = rule_patterns,
        .reloadable = true,
        .help = "The workers that this gateway may speak for: patterns of ids with * and ?.",
    };
    if (index >= config->gateways.count) {
        return false;
    }
    (void)snprintf(out_name, CONFIG_NAME_BYTES, SECTION "%s", config->gateways.items[index].id);
    *out = row;
    out->name = out_name;
    out->offset = offsetof(struct config, gateways.items) + index * sizeof(struct config_gateway) +
                  offsetof(struct config_gateway, patterns);
    return true;
}

bool gateways_are_meant(struct text name)
{
    return name.len >= SECTION_LEN && memcmp(name.data, SECTION, SECTION_LEN) == 0;
}

const char *gateways_find(struct config *config, struct config_sources *sources, const char *name,
                          struct named_place *out)
{
    struct text id = text_of(name + SECTION_LEN);
    size_t at = 0;
    if (!worker_id_valid(id)) {
        return "the gateway's name must be 1-128 of A-Z a-z 0-9 . _ - beginning with a letter or digit";
    }
    while (at < config->gateways.count && !text_is(id, config->gateways.items[at].id)) {
        at++;
    }
    if (at == CONFIG_GATEWAYS_MAX) {
        return "there are 64 gateways already";
    }
    if (at == config->gateways.count) {
        memcpy(config->gateways.items[at].id, id.data, id.len);
        config->gateways.count++;
    }
    (void)config_gateway_key(config, at, out->name, &out->key);
    out->origin = &sources->gateways[at];
    return NULL;
}

/* A variable's name has capitals, and _ for what it cannot have. */
static bool is_in_capitals(const char *id, struct text capitals)
{
    size_t len = strlen(id);
    for (size_t i = 0; i < len && len == capitals.len; i++) {
        int wanted = isalnum((unsigned char)id[i]) ? toupper((unsigned char)id[i]) : '_';
        if (capitals.data[i] != wanted && capitals.data[i] != id[i]) {
            return false;
        }
    }
    return len == capitals.len;
}

static bool begins_with(struct text text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.data, prefix, len) == 0;
}

bool gateways_of_variable(const struct config *config, struct text variable, char *out, size_t size)
{
    static const char prefix[] = "MUSTER_GATEWAYS_";
    if (!begins_with(variable, prefix)) {
        return false;
    }
    struct text rest = {variable.data + sizeof prefix - 1, variable.len - (sizeof prefix - 1)};
    /* An orchestrator's word on a service of that name. */
    if (text_is(rest, "PORT") || begins_with(rest, "PORT_") || begins_with(rest, "SERVICE_")) {
        return false;
    }
    for (size_t i = 0; i < config->gateways.count; i++) {
        if (is_in_capitals(config->gateways.items[i].id, rest)) {
            (void)snprintf(out, size, SECTION "%s", config->gateways.items[i].id);
            return true;
        }
    }
    (void)snprintf(out, size, SECTION "%.*s", TEXT_ARG(rest));
    for (char *c = out; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    return true;
}

void gateways_append_help(struct buf *out)
{
    struct config_key key;
    char name[CONFIG_NAME_BYTES];
    static const struct config any = {.gateways = {.items = {{.id = "GATEWAY"}}, .count = 1}};
    (void)config_gateway_key(&any, 0, name, &key);
    show_help(out, "", &key);
}

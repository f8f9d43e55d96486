/* config.c -- fills a configuration from its sources in order: defaults, file, environment, options. */
#include "config/internal.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_MAX_BYTES = CONFIG_NAME_BYTES };

/* One load under way. */
struct load {
    struct config config;
    struct config_sources sources;
    struct buf *errors;
    struct buf range;
    const char *file;
    FILE *stream;
    char *line; /* of the file, as getline has it */
    size_t line_cap;
    int line_number;
};

static const struct config_key *find_key(const char *name, size_t *out_index)
{
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i].name, name) == 0) {
            *out_index = i;
            return &keys[i];
        }
    }
    return NULL;
}

static bool is_section(struct text name)
{
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        if (text_equal(name, (struct text){keys[i].name, strcspn(keys[i].name, ".")})) {
            return true;
        }
    }
    return false;
}

/* "FILE:LINE: ", "MUSTER_LOG_LEVEL: " or "-o: " before what is wrong. */
static void append_place(struct load *load, enum config_source source, const char *variable)
{
    if (source == CONFIG_FROM_FILE) {
        buf_printf(load->errors, "%s:%d: ", load->file, load->line_number);
    } else if (source == CONFIG_FROM_ENVIRONMENT) {
        buf_printf(load->errors, "environment variable %s: ", variable);
    } else {
        buf_append_string(load->errors, "option -o: ");
    }
}

/* Errors go to logs: neither a secret nor what stands before the @ of a uri may. */
static void append_given(struct load *load, const struct config_key *key, const char *value)
{
    const char *user = strstr(value, "://");
    const char *at = user != NULL ? strrchr(user, '@') : NULL;
    buf_printf(load->errors, "%s = ", key->name);
    if (key->secret) {
        buf_append_string(load->errors, "***");
    } else if (at != NULL) {
        buf_append(load->errors, value, (size_t)(user + 3 - value));
        buf_printf(load->errors, "***%s", at);
    } else {
        buf_append_string(load->errors, value);
    }
}

static void set_value(struct load *load, const struct config_key *key, struct config_origin *origin, const char *value,
                      enum config_source source, const char *variable)
{
    buf_clear(&load->range);
    if (!value_parse(key, value, &load->config, &load->range)) {
        append_place(load, source, variable);
        append_given(load, key, value);
        buf_printf(load->errors, ": must be %.*s\n", TEXT_ARG(buf_text(&load->range)));
        return;
    }
    *origin = (struct config_origin){.source = source, .line = source == CONFIG_FROM_FILE ? load->line_number : 0};
}

/* A key of the table or of a named section. NULL, or what is wrong with its name. */
static const char *find_place(struct load *load, const char *name, struct named_place *out)
{
    size_t index = 0;
    const struct config_key *key = find_key(name, &index);
    if (key == NULL) {
        return named_find(&load->config, &load->sources, name, out);
    }
    out->key = *key;
    out->origin = &load->sources.origins[index];
    return NULL;
}

static void set_defaults(struct load *load)
{
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        set_value(load, &keys[i], &load->sources.origins[i], keys[i].default_text, CONFIG_FROM_DEFAULT, NULL);
    }
    named_set_defaults(&load->config);
}

/* ---------------------------------------------------------------------------------------------- the file */

/* inih passes over an unknown section that has no keys, so headings are looked at here. */
static void check_heading(struct load *load, const char *heading)
{
    const char *end = strchr(heading, ']');
    struct text name = {heading + 1, end != NULL ? (size_t)(end - heading - 1) : 0};
    if (end != NULL && !is_section(name) && !named_is_section(name)) {
        append_place(load, CONFIG_FROM_FILE, NULL);
        buf_printf(load->errors, "[%.*s]: unknown section\n", TEXT_ARG(name));
    }
}

/*
 * Stands in for fgets: counts lines, which inih's handler is not told, drops leading blanks, which inih would take for
 * a continuation, and refuses what inih would cut.
 */
static char *read_line(char *out, int size, void *context)
{
    struct load *load = context;
    ssize_t len = getline(&load->line, &load->line_cap, load->stream);
    if (len < 0) {
        return NULL;
    }
    load->line_number++;
    char *begin = load->line;
    if (strlen(begin) != (size_t)len) {
        append_place(load, CONFIG_FROM_FILE, NULL);
        buf_append_string(load->errors, "the line holds a NUL byte\n");
        begin = "";
    }
    begin += strspn(begin, " \t");
    size_t rest = strcspn(begin, "\r\n");
    if (begin[0] == ';' || begin[0] == '#') {
        rest = 0;
    }
    if (rest >= (size_t)size) {
        append_place(load, CONFIG_FROM_FILE, NULL);
        buf_printf(load->errors,
                   "the line is %zu bytes long: must be at most %d; longer values fit into -o and "
                   "environment variables\n",
                   rest, size - 1);
        rest = 0;
    }
    memcpy(out, begin, rest);
    out[rest] = '\0';
    if (out[0] == '[') {
        check_heading(load, out);
    }
    return out;
}

static int take_pair(void *context, const char *section, const char *key_name, const char *value)
{
    struct load *load = context;
    char name[NAME_MAX_BYTES];
    struct named_place place;
    if (section[0] != '\0' && !is_section(text_of(section)) && !named_is_section(text_of(section))) {
        return 1;
    }
    (void)snprintf(name, sizeof name, "%s%s%s", section, section[0] != '\0' ? "." : "", key_name);
    const char *wrong = section[0] != '\0' ? find_place(load, name, &place) : "before the first [section]";
    if (wrong != NULL) {
        append_place(load, CONFIG_FROM_FILE, NULL);
        buf_printf(load->errors, "%s: %s\n", name, wrong);
    } else if (place.origin->source == CONFIG_FROM_FILE) {
        append_place(load, CONFIG_FROM_FILE, NULL);
        append_given(load, &place.key, value);
        buf_printf(load->errors, ": given already in line %d\n", place.origin->line);
    } else {
        set_value(load, &place.key, place.origin, value, CONFIG_FROM_FILE, NULL);
    }
    return 1;
}

static enum err read_file(struct load *load)
{
    load->stream = fopen(load->file, "re");
    if (load->stream == NULL) {
        buf_printf(load->errors, "%s: %s\n", load->file, strerror(errno));
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    }
    enum err err = ERR_OK;
    int bad_line = ini_parse_stream(read_line, load, take_pair, load);
    if (ferror(load->stream)) {
        buf_printf(load->errors, "%s: %s\n", load->file, strerror(errno));
        err = ERR_IO;
    } else if (bad_line > 0) {
        buf_printf(load->errors, "%s:%d: must be [section], key = value, or a comment\n", load->file, bad_line);
    }
    (void)fclose(load->stream);
    return err;
}

/* ----------------------------------------------------------------------------- environment and options */

static bool variable_is_key(struct text variable, const char *name)
{
    static const char prefix[] = "MUSTER_";
    size_t prefix_len = sizeof prefix - 1;
    size_t len = strlen(name);
    if (variable.len != prefix_len + len || memcmp(variable.data, prefix, prefix_len) != 0) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        int wanted = name[i] == '.' ? '_' : toupper((unsigned char)name[i]);
        if (variable.data[prefix_len + i] != wanted) {
            return false;
        }
    }
    return true;
}

/* A misspelt key must not go unnoticed; what is nobody's section is somebody else's variable. */
static bool variable_looks_ours(struct text variable)
{
    static const char prefix[] = "MUSTER_";
    char section[NAME_MAX_BYTES];
    size_t len = 0;
    if (variable.len < sizeof prefix || memcmp(variable.data, prefix, sizeof prefix - 1) != 0) {
        return false;
    }
    const char *at = variable.data + sizeof prefix - 1;
    const char *end = variable.data + variable.len;
    while (at + len < end && at[len] != '_' && len < sizeof section) {
        section[len] = (char)tolower((unsigned char)at[len]);
        len++;
    }
    at += len;
    struct text name = {section, len};
    if (at == end || !(is_section(name) || text_is(name, "alert"))) {
        return false;
    }
    size_t rest = (size_t)(end - at);
    bool is_service_link = (rest == 5 && memcmp(at, "_PORT", 5) == 0) || (rest > 5 && memcmp(at, "_PORT_", 6) == 0) ||
                           (rest > 8 && memcmp(at, "_SERVICE_", 9) == 0);
    return !is_service_link;
}

static bool take_named_variable(struct load *load, struct text variable, const char *variable_name)
{
    struct named_place place;
    char name[NAME_MAX_BYTES];
    if (!named_of_variable(variable, name, sizeof name) &&
        !gateways_of_variable(&load->config, variable, name, sizeof name)) {
        return false;
    }
    const char *wrong = named_find(&load->config, &load->sources, name, &place);
    if (wrong != NULL) {
        append_place(load, CONFIG_FROM_ENVIRONMENT, variable_name);
        buf_printf(load->errors, "%s\n", wrong);
    } else {
        set_value(load, &place.key, place.origin, variable.data + variable.len + 1, CONFIG_FROM_ENVIRONMENT,
                  variable_name);
    }
    return true;
}

static void take_variable(struct load *load, const char *entry)
{
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    struct text variable = {entry, strcspn(entry, "=")};
    char name[NAME_MAX_BYTES];
    if (entry[variable.len] == '\0') {
        return;
    }
    (void)snprintf(name, sizeof name, "%.*s", TEXT_ARG(variable));
    for (size_t i = 0; i < count; i++) {
        if (variable_is_key(variable, keys[i].name)) {
            set_value(load, &keys[i], &load->sources.origins[i], entry + variable.len + 1, CONFIG_FROM_ENVIRONMENT,
                      name);
            return;
        }
    }
    if (!take_named_variable(load, variable, name) && variable_looks_ours(variable)) {
        append_place(load, CONFIG_FROM_ENVIRONMENT, name);
        buf_append_string(load->errors, "unknown key\n");
    }
}

static void take_option(struct load *load, const char *option)
{
    char name[NAME_MAX_BYTES];
    struct named_place place;
    size_t len = strcspn(option, "=");
    if (option[len] == '\0') {
        append_place(load, CONFIG_FROM_OPTION, NULL);
        buf_printf(load->errors, "%s: must be section.key=value\n", option);
        return;
    }
    (void)snprintf(name, sizeof name, "%.*s", (int)len, option);
    const char *wrong = len < sizeof name ? find_place(load, name, &place) : "unknown key";
    if (wrong != NULL) {
        append_place(load, CONFIG_FROM_OPTION, NULL);
        buf_printf(load->errors, "%s: %s\n", name, wrong);
        return;
    }
    set_value(load, &place.key, place.origin, option + len + 1, CONFIG_FROM_OPTION, NULL);
}

enum err config_load(const char *file, char *const *environment, const char *const *options, size_t option_count,
                     struct config *out, struct config_sources *out_sources, struct buf *out_errors)
{
    size_t errors_before = out_errors->len;
    enum err err = ERR_NO_MEMORY;
    struct load *load = calloc(1, sizeof *load);
    if (load == NULL) {
        return err;
    }
    load->errors = out_errors;
    load->file = file;
    set_defaults(load);
    err = file != NULL ? read_file(load) : ERR_OK;
    for (char *const *entry = environment; entry != NULL && *entry != NULL; entry++) {
        take_variable(load, *entry);
    }
    for (size_t i = 0; i < option_count; i++) {
        take_option(load, options[i]);
    }
    if (out_errors->len == errors_before) {
        rules_check_across(&load->config, &load->sources, out_errors);
        named_check(&load->config, &load->sources, out_errors);
    }
    if (err == ERR_OK && out_errors->failed) {
        err = ERR_NO_MEMORY;
    } else if (err == ERR_OK && out_errors->len > errors_before) {
        err = ERR_INVALID;
    }
    if (err == ERR_OK) {
        *out = load->config;
        if (out_sources != NULL) {
            *out_sources = load->sources;
        }
    }
    buf_fini(&load->range);
    free(load->line);
    free(load);
    return err;
}

void config_reload(struct config *config, const struct config *fresh, struct buf *out_ignored)
{
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        if (keys[i].reloadable) {
            value_copy(config, fresh, &keys[i]);
        } else if (!value_same(config, fresh, &keys[i])) {
            buf_printf(out_ignored, "%s\n", keys[i].name);
        }
    }
    config->alerts = fresh->alerts;
    config->gateways = fresh->gateways;
}

void config_reload_sources(struct config_sources *sources, const struct config_sources *fresh)
{
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    struct config_sources reloaded = *fresh;
    for (size_t i = 0; i < count; i++) {
        if (!keys[i].reloadable) {
            reloaded.origins[i] = sources->origins[i];
        }
    }
    *sources = reloaded;
}

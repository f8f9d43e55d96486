/* named.c -- sections that a name makes: [alert.NAME], a rule for each name, its keys as rows of a table. */
#include "config/internal.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define SECTION "alert."
#define AT(field) .name = #field, .offset = offsetof(struct alert_rule, field)

/* Offsets within a rule; the choices as the domain lists them, without the first "|". */
static const struct config_key keys[CONFIG_ALERT_KEYS] = {
    {AT(metric), .type = CONFIG_CHOICE, .default_text = "", .choices = &ALERT_METRIC_CHOICES[1], .reloadable = true,
     .help = "What the rule watches."},
    {AT(op), .type = CONFIG_CHOICE, .default_text = ">", .choices = &ALERT_OP_CHOICES[1], .reloadable = true,
     .help = "How the metric stands to the value while the rule holds."},
    {AT(value), .type = CONFIG_REAL, .default_text = "", .min = 0, .max = 1e15, .reloadable = true,
     .help = "What the metric is compared with."},
    {AT(for_ms), .type = CONFIG_INT, .default_text = "0", .min = 0, .max = 2592000000.0, .reloadable = true,
     .help = "How long the rule has to hold before the alert is raised, and not to hold before it is cleared."},
    {AT(severity), .type = CONFIG_CHOICE, .default_text = "warning", .choices = &ALERT_SEVERITY_CHOICES[1],
     .reloadable = true, .help = "How grave it is; off: the rule is not looked at."},
};

bool config_alert_key(const struct config *config, size_t rule, size_t index, char out_name[CONFIG_ALERT_NAME_BYTES],
                      struct config_key *out)
{
    if (rule >= config->alerts.count || index >= CONFIG_ALERT_KEYS) {
        return false;
    }
    (void)snprintf(out_name, CONFIG_ALERT_NAME_BYTES, SECTION "%s.%s", config->alerts.rules[rule].name,
                   keys[index].name);
    *out = keys[index];
    out->name = out_name;
    out->offset += offsetof(struct config, alerts.rules) + rule * sizeof(struct alert_rule);
    return true;
}

/* The rule's name in "alert.NAME" or "alert.NAME.key"; absent where it is neither. */
static struct text rule_name(struct text name)
{
    size_t prefix_len = sizeof SECTION - 1;
    if (name.len <= prefix_len || memcmp(name.data, SECTION, prefix_len) != 0) {
        return (struct text){0};
    }
    const char *begin = name.data + prefix_len;
    const char *dot = memchr(begin, '.', name.len - prefix_len);
    return (struct text){begin, dot != NULL ? (size_t)(dot - begin) : name.len - prefix_len};
}

bool named_is_section(struct text name)
{
    return rule_name(name).len > 0 || text_is(name, "gateways");
}

/* Where there is no such rule yet, a new one takes the next place: the count only grows once its key is known. */
static size_t find_rule(const struct config *config, struct text name)
{
    size_t rule = 0;
    while (rule < config->alerts.count && !text_is(name, config->alerts.rules[rule].name)) {
        rule++;
    }
    return rule;
}

static void add_rule(struct config *config, struct text name)
{
    struct alert_rule *rule = &config->alerts.rules[config->alerts.count++];
    *rule = (struct alert_rule){.metric = -1, .op = ALERT_ABOVE, .value = NAN, .severity = ALERT_WARNING};
    memcpy(rule->name, name.data, name.len);
}

static size_t key_index(const char *name)
{
    size_t index = 0;
    while (index < CONFIG_ALERT_KEYS && strcmp(keys[index].name, name) != 0) {
        index++;
    }
    return index;
}

const char *named_find(struct config *config, struct config_sources *sources, const char *name, struct named_place *out)
{
    struct text rule = rule_name(text_of(name));
    size_t index =
        rule.data != NULL && rule.data[rule.len] == '.' ? key_index(rule.data + rule.len + 1) : CONFIG_ALERT_KEYS;
    if (gateways_are_meant(text_of(name))) {
        return gateways_find(config, sources, name, out);
    }
    if (index == CONFIG_ALERT_KEYS) {
        return "unknown key";
    }
    if (!alert_rule_name_valid(rule)) {
        return "the rule's name must be 1-64 of a-z 0-9 _ beginning with a letter";
    }
    if (alert_name_reserved(rule)) {
        return "an alert of this name is raised by the registry itself";
    }
    size_t at = find_rule(config, rule);
    if (at == ALERT_RULES_MAX) {
        return "there are 64 rules already";
    }
    if (at == config->alerts.count) {
        add_rule(config, rule);
    }
    (void)config_alert_key(config, at, index, out->name, &out->key);
    out->origin = &sources->alerts[at][index];
    return NULL;
}

bool named_of_variable(struct text variable, char *out, size_t size)
{
    static const char prefix[] = "MUSTER_ALERT_";
    size_t prefix_len = sizeof prefix - 1;
    char lower[CONFIG_ALERT_NAME_BYTES];
    if (variable.len <= prefix_len || variable.len - prefix_len >= sizeof lower ||
        memcmp(variable.data, prefix, prefix_len) != 0) {
        return false;
    }
    size_t len = variable.len - prefix_len;
    for (size_t i = 0; i < len; i++) {
        lower[i] = (char)tolower((unsigned char)variable.data[prefix_len + i]);
    }
    for (size_t i = 0; i < CONFIG_ALERT_KEYS; i++) {
        size_t key_len = strlen(keys[i].name);
        if (len > key_len + 1 && lower[len - key_len - 1] == '_' &&
            memcmp(lower + len - key_len, keys[i].name, key_len) == 0) {
            (void)snprintf(out, size, SECTION "%.*s.%s", (int)(len - key_len - 1), lower, keys[i].name);
            return true;
        }
    }
    return false;
}

void named_set_defaults(struct config *config)
{
    const struct alert_rule *rules = alert_defaults(&config->alerts.count);
    memcpy(config->alerts.rules, rules, config->alerts.count * sizeof *rules);
}

static void append_place(struct buf *out, const struct config_origin *origin)
{
    buf_append_string(out, " (");
    show_origin(out, origin);
    buf_append_string(out, ")");
}

void named_check(const struct config *config, const struct config_sources *sources, struct buf *out_errors)
{
    for (size_t i = 0; i < config->alerts.count; i++) {
        const struct alert_rule *rule = &config->alerts.rules[i];
        if (rule->metric < 0) {
            buf_printf(out_errors, SECTION "%s.metric: must be given, one of %s\n", rule->name, keys[0].choices);
        }
        if (isnan(rule->value)) {
            buf_printf(out_errors, SECTION "%s.value: must be given\n", rule->name);
        }
        if (rule->metric >= 0 && rule->value > 100 &&
            alert_metric_unit((enum alert_metric)rule->metric) == ALERT_PERCENT) {
            buf_printf(out_errors, SECTION "%s.value = %.15g", rule->name, rule->value);
            append_place(out_errors, &sources->alerts[i][2]);
            buf_printf(out_errors, ": must be a number between 0 and 100, for %s is a percentage\n",
                       alert_metric_name((enum alert_metric)rule->metric));
        }
    }
}

void named_append_help(struct buf *out)
{
    size_t count = 0;
    const struct alert_rule *rules = alert_defaults(&count);
    for (size_t i = 0; i < CONFIG_ALERT_KEYS; i++) {
        show_help(out, SECTION "NAME.", &keys[i]);
    }
    buf_append_string(out, "  The alerts that there are by default:\n");
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "      [" SECTION "%s] metric = %s, op = %s, value = %g, for_ms = %" PRId64 ", severity = %s\n",
                   rules[i].name, alert_metric_name((enum alert_metric)rules[i].metric),
                   alert_op_name((enum alert_op)rules[i].op), rules[i].value, rules[i].for_ms,
                   alert_severity_name((enum alert_severity)rules[i].severity));
    }
}

/* schema.c -- reading and writing the fields of a message by its table. */
#include "codec/schema.h"

#include "codec/batch.h"
#include "codec/capabilities.h"
#include "codec/check.h"
#include "codec/labels.h"

/* Looks at the rule after the last match first: most senders keep to one order. */
static const struct rule *find(const struct schema *schema, struct text name, size_t *next)
{
    for (size_t i = 0; i < schema->count; i++) {
        size_t at = *next + i < schema->count ? *next + i : *next + i - schema->count;
        const struct rule *rule = &schema->rules[at];
        if (rule->name_len == name.len && memcmp(rule->name, name.data, name.len) == 0) {
            *next = at + 1 < schema->count ? at + 1 : 0;
            return rule;
        }
    }
    return NULL;
}

static const char *status_name(unsigned index)
{
    return worker_status_name((enum worker_status)index);
}

static const char *health_name(unsigned index)
{
    return worker_health_name((enum worker_health)index);
}

static void read_word(const struct rule *rule, const struct wire_value *value, void *slot,
                      struct violations *violations)
{
    unsigned index = 0;
    if (rule->kind == RULE_STATUS && check_word(rule->name, value, status_name, rule->limit, &index, violations)) {
        *(enum worker_status *)slot = (enum worker_status)index;
    }
    if (rule->kind == RULE_HEALTH && check_word(rule->name, value, health_name, rule->limit, &index, violations)) {
        *(enum worker_health *)slot = (enum worker_health)index;
    }
}

/* Returns false where the rule is for a list, and nothing has been read. */
static bool read_single(const struct rule *rule, const struct wire_value *value, void *slot,
                        struct violations *violations)
{
    switch ((enum rule_kind)rule->kind) {
    case RULE_TEXT:
        (void)check_text(rule->name, value, rule->limit, slot, violations);
        return true;
    case RULE_INT:
        (void)check_int(rule->name, value, slot, violations);
        return true;
    case RULE_REAL:
        (void)check_real(rule->name, value, slot, violations);
        return true;
    case RULE_FLAG:
        (void)check_flag(rule->name, value, slot, violations);
        return true;
    case RULE_STATUS:
    case RULE_HEALTH:
        read_word(rule, value, slot, violations);
        return true;
    default:
        return false;
    }
}

static void read_list(struct decoder *decoder, const struct rule *rule, const struct wire_value *value, void *slot,
                      struct violations *violations)
{
    struct reader *reader = &decoder->reader;
    switch ((enum rule_kind)rule->kind) {
    case RULE_TAGS:
        labels_read(reader, &labels_tags, rule->name, value, decoder->tags, slot, violations);
        break;
    case RULE_LABELS:
        labels_read(reader, &labels_tags, rule->name, value, decoder->capabilities, slot, violations);
        break;
    case RULE_JOBS:
        labels_read(reader, &labels_jobs, rule->name, value, decoder->jobs, slot, violations);
        break;
    case RULE_REVOKED:
        labels_read(reader, &labels_jobs, rule->name, value, decoder->revoked, slot, violations);
        break;
    case RULE_BOOTS:
        labels_read(reader, &labels_boots, rule->name, value, decoder->boots, slot, violations);
        break;
    case RULE_ITEMS:
        batch_read_items(decoder, rule->name, value, slot, violations);
        break;
    default:
        capabilities_read(decoder, rule->name, value, slot, violations);
        break;
    }
}

void schema_read(struct decoder *decoder, const struct schema *schema, const struct wire_value *map, void *message,
                 struct violations *out_violations)
{
    struct reader *reader = &decoder->reader;
    size_t next = 0;
    uint32_t seen = 0;
    while (reader_is_in(reader, map)) {
        struct wire_value key;
        struct wire_value value;
        if (!reader_next(reader, &key) || !reader_skip(reader, &key) || !reader_next(reader, &value)) {
            return;
        }
        if (key.kind != WIRE_TEXT) {
            check_mismatch("a field's name", "text", &key, out_violations);
        }
        const struct rule *rule = key.kind == WIRE_TEXT ? find(schema, key.text, &next) : NULL;
        if (rule == NULL || value.kind == WIRE_NULL) {
            (void)reader_skip(reader, &value);
            continue;
        }
        uint32_t bit = (uint32_t)1 << (rule - schema->rules);
        if ((seen & bit) != 0) {
            violations_add(out_violations, CODE_INVALID_PAYLOAD, "%s must be given once (comes again)", rule->name);
            (void)reader_skip(reader, &value);
            continue;
        }
        seen |= bit;
        void *slot = (char *)message + rule->offset;
        if (!read_single(rule, &value, slot, out_violations)) {
            read_list(decoder, rule, &value, slot, out_violations);
        } else if (value.kind == WIRE_LIST || value.kind == WIRE_MAP) {
            (void)reader_skip(reader, &value);
        }
    }
    decoder->given = seen;
}

bool schema_given(const struct decoder *decoder, const struct schema *schema, const char *name)
{
    size_t next = 0;
    const struct rule *rule = find(schema, text_of(name), &next);
    return rule != NULL && (decoder->given >> (rule - schema->rules) & 1) != 0;
}

static const void *slot_of(const struct rule *rule, const void *message)
{
    return (const char *)message + rule->offset;
}

/* Returns the field's value, or NULL with *out_absent set where there is none to write. */
static json_t *field_tree(const struct rule *rule, const void *message, bool *out_absent)
{
    const struct text *text = slot_of(rule, message);
    const struct opt_int *integer = slot_of(rule, message);
    const struct opt_real *real = slot_of(rule, message);
    const bool *flag = slot_of(rule, message);
    const enum worker_status *status = slot_of(rule, message);
    const enum worker_health *health = slot_of(rule, message);
    *out_absent = false;
    if (rule->kind == RULE_TEXT && text->data != NULL) {
        return json_stringn(text->data, text->len);
    }
    if (rule->kind == RULE_INT && integer->set) {
        return json_integer(integer->value);
    }
    if (rule->kind == RULE_REAL && real->set) {
        return json_real(real->value);
    }
    if (rule->kind == RULE_FLAG && *flag) {
        return json_true();
    }
    if (rule->kind == RULE_STATUS && *status != WORKER_STATUS_NONE) {
        return json_string(worker_status_name(*status));
    }
    if (rule->kind == RULE_HEALTH && *health != HEALTH_NONE) {
        return json_string(worker_health_name(*health));
    }
    *out_absent = true;
    return NULL;
}

json_t *schema_tree(const struct schema *schema, const void *message)
{
    json_t *tree = json_object();
    for (size_t i = 0; i < schema->count && tree != NULL; i++) {
        const struct rule *rule = &schema->rules[i];
        bool absent = false;
        json_t *value = field_tree(rule, message, &absent);
        if (!absent && json_object_setn_new(tree, rule->name, rule->name_len, value) != 0) {
            json_decref(tree);
            tree = NULL;
        }
    }
    return tree;
}

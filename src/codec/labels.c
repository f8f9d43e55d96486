/* labels.c -- reading lists of short texts, and finding one that is listed twice. */
#include "codec/labels.h"

#include "codec/check.h"
#include "codec/utf8.h"

#include <stdio.h>

enum { FEW_JOBS = 8 };

const struct labels_rule labels_tags = {WORKER_TAGS_MAX, WORKER_LABEL_MAX, true};
const struct labels_rule labels_jobs = {WORKER_JOBS_MAX, WORKER_JOB_MAX, false};
const struct labels_rule labels_boots = {WORKER_BOOTS_MAX, WORKER_BOOT_ID_MAX, false};

/* A list being filled. given counts what was meant to be in it, also beyond the limit. */
struct filling {
    const struct labels_rule *rule;
    const char *field;
    struct text *items;
    size_t count;
    size_t given;
    struct violations *violations;
};

static struct text trim(struct text text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

/* Items are never absent. */
static bool is_same(struct text a, struct text b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static bool holds(const struct filling *filling, struct text item)
{
    for (size_t i = 0; i < filling->count; i++) {
        if (is_same(filling->items[i], item)) {
            return true;
        }
    }
    return false;
}

static void refuse(struct filling *filling, size_t index, const struct wire_value *value)
{
    char name[64];
    struct text item;
    (void)snprintf(name, sizeof name, "%s[%zu]", filling->field, index);
    (void)check_text(name, value, filling->rule->bytes_max, &item, filling->violations);
}

static void add(struct filling *filling, size_t index, struct wire_value value)
{
    const struct labels_rule *rule = filling->rule;
    if (rule->is_set && value.kind == WIRE_TEXT) {
        value.text = trim(value.text);
        if (value.text.len == 0) {
            return;
        }
    }
    filling->given++;
    if (filling->given > rule->count_max) {
        return;
    }
    if (value.kind != WIRE_TEXT || value.text.len > rule->bytes_max || utf8_clean_bytes(value.text) < value.text.len) {
        refuse(filling, index, &value);
    } else if (!rule->is_set || !holds(filling, value.text)) {
        filling->items[filling->count++] = value.text;
    }
}

static void add_separated(struct filling *filling, struct text text)
{
    size_t begin = 0;
    size_t index = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i == text.len || text.data[i] == ',') {
            struct text item = {text.data + begin, i - begin};
            add(filling, index++, (struct wire_value){.kind = WIRE_TEXT, .text = item});
            begin = i + 1;
        }
    }
}

void labels_read(struct reader *reader, const struct labels_rule *rule, const char *field,
                 const struct wire_value *value, struct text *items, struct texts *out_labels,
                 struct violations *out_violations)
{
    struct filling filling = {.rule = rule, .field = field, .items = items, .violations = out_violations};
    if (value->kind == WIRE_LIST) {
        for (size_t i = 0; reader_is_in(reader, value); i++) {
            struct wire_value item;
            if (reader_next(reader, &item) && reader_skip(reader, &item)) {
                add(&filling, i, item);
            }
        }
    } else if (rule->is_set && value->kind == WIRE_TEXT) {
        add_separated(&filling, value->text);
    } else {
        check_mismatch(field, rule->is_set ? "a list or comma-separated text" : "a list", value, out_violations);
        (void)reader_skip(reader, value);
        return;
    }
    if (filling.given > rule->count_max) {
        violations_add(out_violations, CODE_TOO_LARGE, "%s must be at most %zu (has %zu)", field, rule->count_max,
                       filling.given);
    }
    *out_labels = (struct texts){items, filling.count};
}

/* FNV-1a. */
static uint32_t hash_of(struct text text)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < text.len; i++) {
        hash = (hash ^ (unsigned char)text.data[i]) * 16777619U;
    }
    return hash;
}

/* For a few it is quicker to compare each with each than to clear the table. */
static bool few_repeat(struct texts jobs)
{
    for (size_t i = 1; i < jobs.count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (is_same(jobs.items[i], jobs.items[k])) {
                return true;
            }
        }
    }
    return false;
}

bool labels_repeat(struct decoder *decoder, struct texts jobs)
{
    if (jobs.count <= FEW_JOBS) {
        return few_repeat(jobs);
    }
    memset(decoder->job_slots, 0, sizeof decoder->job_slots);
    for (size_t i = 0; i < jobs.count; i++) {
        uint32_t slot = hash_of(jobs.items[i]);
        while (decoder->job_slots[slot %= DECODER_JOB_SLOTS] != 0) {
            if (is_same(jobs.items[decoder->job_slots[slot] - 1], jobs.items[i])) {
                return true;
            }
            slot++;
        }
        decoder->job_slots[slot] = (uint16_t)(i + 1);
    }
    return false;
}

json_t *labels_tree(struct texts labels)
{
    json_t *list = json_array();
    for (size_t i = 0; i < labels.count && list != NULL; i++) {
        if (json_array_append_new(list, json_stringn(labels.items[i].data, labels.items[i].len)) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

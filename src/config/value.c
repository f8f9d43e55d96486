/* value.c -- one value between its text and its place in struct config. Knows types and ranges, no sources. */
#include "config/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static const void *place_of(const struct config *config, const struct config_key *key)
{
    return (const char *)config + key->offset;
}

static size_t size_of(const struct config_key *key)
{
    switch (key->type) {
    case CONFIG_STRING:
        return CONFIG_STRING_MAX;
    case CONFIG_REAL:
        return sizeof(double);
    case CONFIG_BOOL:
        return sizeof(bool);
    case CONFIG_INT:
    case CONFIG_CHOICE:
        break;
    }
    return sizeof(int64_t);
}

void value_append_range(struct buf *out, const struct config_key *key)
{
    switch (key->type) {
    case CONFIG_STRING:
        buf_printf(out, "at most %d bytes without control characters", CONFIG_STRING_MAX - 1);
        break;
    case CONFIG_INT:
        buf_printf(out, "a whole number between %" PRId64 " and %" PRId64, (int64_t)key->min, (int64_t)key->max);
        break;
    case CONFIG_REAL:
        buf_printf(out, "a number between %g and %g", key->min, key->max);
        break;
    case CONFIG_BOOL:
        buf_append_string(out, "true or false");
        break;
    case CONFIG_CHOICE:
        buf_printf(out, "one of %s", key->choices);
        break;
    }
}

static bool parse_string(const struct config_key *key, const char *text, char *out, const char **out_violation)
{
    size_t len = strlen(text);
    if (len >= CONFIG_STRING_MAX) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            return false;
        }
    }
    *out_violation = key->violation != NULL ? key->violation(text) : NULL;
    if (*out_violation != NULL) {
        return false;
    }
    memset(out, 0, CONFIG_STRING_MAX);
    memcpy(out, text, len + 1);
    return true;
}

static bool parse_int(const struct config_key *key, const char *text, int64_t *out)
{
    char *end = NULL;
    if (text[0] == '\0' || strspn(text, "-0123456789") != strlen(text)) {
        return false;
    }
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || (double)value < key->min || (double)value > key->max) {
        return false;
    }
    *out = value;
    return true;
}

static bool parse_real(const struct config_key *key, const char *text, double *out)
{
    char *end = NULL;
    if (text[0] == '\0' || strspn(text, "+-.0123456789eE") != strlen(text)) {
        return false;
    }
    double value = strtod(text, &end);
    if (*end != '\0' || !isfinite(value) || value < key->min || value > key->max) {
        return false;
    }
    *out = value;
    return true;
}

static bool parse_bool(const char *text, bool *out)
{
    bool is_true = strcmp(text, "true") == 0;
    if (!is_true && strcmp(text, "false") != 0) {
        return false;
    }
    *out = is_true;
    return true;
}

/* choice_at returns the index-th choice of "a|b|c"; data NULL beyond the last. */
static struct text choice_at(const char *choices, int64_t index)
{
    const char *at = choices;
    for (int64_t i = 0; i < index && at != NULL; i++) {
        at = strchr(at, '|');
        at = at != NULL ? at + 1 : NULL;
    }
    return (struct text){at, at != NULL ? strcspn(at, "|") : 0};
}

static bool parse_choice(const struct config_key *key, const char *text, int64_t *out)
{
    int64_t index = 0;
    struct text choice = choice_at(key->choices, 0);
    while (choice.data != NULL && !text_is(choice, text)) {
        choice = choice_at(key->choices, ++index);
    }
    if (choice.data == NULL) {
        return false;
    }
    *out = index;
    return true;
}

bool value_parse(const struct config_key *key, const char *text, struct config *out, struct buf *out_range)
{
    void *place = (char *)out + key->offset;
    const char *violation = NULL;
    bool good = false;
    switch (key->type) {
    case CONFIG_STRING:
        good = parse_string(key, text, place, &violation);
        break;
    case CONFIG_INT:
        good = parse_int(key, text, place);
        break;
    case CONFIG_REAL:
        good = parse_real(key, text, place);
        break;
    case CONFIG_BOOL:
        good = parse_bool(text, place);
        break;
    case CONFIG_CHOICE:
        good = parse_choice(key, text, place);
        break;
    }
    if (!good && violation != NULL) {
        buf_append_string(out_range, violation);
    } else if (!good) {
        value_append_range(out_range, key);
    }
    return good;
}

void value_append(struct buf *out, const struct config *config, const struct config_key *key)
{
    const void *place = place_of(config, key);
    switch (key->type) {
    case CONFIG_STRING:
        buf_append_string(out, place);
        break;
    case CONFIG_INT:
        buf_printf(out, "%" PRId64, *(const int64_t *)place);
        break;
    case CONFIG_REAL:
        buf_printf(out, "%.15g", *(const double *)place);
        break;
    case CONFIG_BOOL:
        buf_append_string(out, *(const bool *)place ? "true" : "false");
        break;
    case CONFIG_CHOICE:
        buf_append_text(out, choice_at(key->choices, *(const int64_t *)place));
        break;
    }
}

void value_copy(struct config *to, const struct config *from, const struct config_key *key)
{
    memcpy((char *)to + key->offset, place_of(from, key), size_of(key));
}

bool value_same(const struct config *a, const struct config *b, const struct config_key *key)
{
    return memcmp(place_of(a, key), place_of(b, key), size_of(key)) == 0;
}

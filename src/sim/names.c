/* names.c -- seven digits in the middle of a text. */
#include "sim/names.h"

#include <stdio.h>

enum err name_init(struct name *name, const char *before, const char *prefix, const char *after)
{
    int len = snprintf(name->text, sizeof name->text, "%s%s-%0*d%s", before, prefix, NAMES_DIGITS, 0, after);
    name->digits_at = strlen(before) + strlen(prefix) + 1;
    return len > 0 && (size_t)len < sizeof name->text ? ERR_OK : ERR_RANGE;
}

enum err name_fix(struct name *name, const char *before, const char *who, const char *after)
{
    int len = snprintf(name->text, sizeof name->text, "%s%s%s", before, who, after);
    name->digits_at = 0;
    return len > 0 && (size_t)len < sizeof name->text ? ERR_OK : ERR_RANGE;
}

void name_write_digits(char *out, uint32_t number)
{
    for (int i = NAMES_DIGITS - 1; i >= 0; i--) {
        out[i] = (char)('0' + number % 10);
        number /= 10;
    }
}

const char *name_of(struct name *name, uint32_t number)
{
    if (name->digits_at > 0) {
        name_write_digits(name->text + name->digits_at, number);
    }
    return name->text;
}

bool name_number(const char *prefix, struct text id, uint32_t *out_number)
{
    size_t prefix_len = strlen(prefix);
    if (id.len != prefix_len + 1 + NAMES_DIGITS || memcmp(id.data, prefix, prefix_len) != 0 ||
        id.data[prefix_len] != '-') {
        return false;
    }
    uint32_t number = 0;
    for (size_t i = prefix_len + 1; i < id.len; i++) {
        if (id.data[i] < '0' || id.data[i] > '9') {
            return false;
        }
        number = number * 10 + (uint32_t)(id.data[i] - '0');
    }
    *out_number = number;
    return true;
}

/* check.c -- types, lengths and characters of single fields. */
#include "codec/check.h"

#include "codec/utf8.h"

#include <stdio.h>

void check_mismatch(const char *field, const char *wanted, const struct wire_value *value,
                    struct violations *out_violations)
{
    char description[WIRE_DESCRIPTION_MAX];
    wire_describe(value, description);
    violations_add(out_violations, CODE_INVALID_PAYLOAD, "%s must be %s (is %s)", field, wanted, description);
}

static void add_unclean(const char *field, struct text text, size_t at, struct violations *violations)
{
    uint32_t character = 0;
    if (utf8_step((struct text){text.data + at, text.len - at}, &character) == 0) {
        violations_add(violations, CODE_INVALID_PAYLOAD, "%s must be valid UTF-8 (has 0x%02x at byte %zu)", field,
                       (unsigned)(unsigned char)text.data[at], at);
    } else {
        violations_add(violations, CODE_INVALID_PAYLOAD,
                       "%s must be without control characters (has U+%04X at byte %zu)", field, (unsigned)character,
                       at);
    }
}

bool check_text(const char *field, const struct wire_value *value, size_t bytes_max, struct text *out_text,
                struct violations *out_violations)
{
    if (value->kind != WIRE_TEXT) {
        check_mismatch(field, "text", value, out_violations);
        return false;
    }
    if (value->text.len > bytes_max) {
        violations_add(out_violations, CODE_TOO_LARGE, "%s must be at most %zu bytes (has %zu)", field, bytes_max,
                       value->text.len);
        return false;
    }
    size_t clean_bytes = utf8_clean_bytes(value->text);
    if (clean_bytes < value->text.len) {
        add_unclean(field, value->text, clean_bytes, out_violations);
        return false;
    }
    *out_text = value->text;
    return true;
}

bool check_int(const char *field, const struct wire_value *value, struct opt_int *out_int,
               struct violations *out_violations)
{
    int64_t number = 0;
    if (!wire_to_int(value, &number)) {
        check_mismatch(field, "a whole number from -2^63 to 2^63 - 1", value, out_violations);
        return false;
    }
    *out_int = (struct opt_int){.set = true, .value = number};
    return true;
}

bool check_real(const char *field, const struct wire_value *value, struct opt_real *out_real,
                struct violations *out_violations)
{
    double number = 0;
    if (!wire_to_real(value, &number)) {
        check_mismatch(field, "a finite number", value, out_violations);
        return false;
    }
    *out_real = (struct opt_real){.set = true, .value = number};
    return true;
}

bool check_flag(const char *field, const struct wire_value *value, bool *out_flag, struct violations *out_violations)
{
    if (value->kind != WIRE_FLAG) {
        check_mismatch(field, "true or false", value, out_violations);
        return false;
    }
    *out_flag = value->flag;
    return true;
}

bool check_word(const char *field, const struct wire_value *value, const char *(*name_of)(unsigned), unsigned last,
                unsigned *out_index, struct violations *out_violations)
{
    if (value->kind != WIRE_TEXT) {
        check_mismatch(field, "text", value, out_violations);
        return false;
    }
    char words[VIOLATION_TEXT_MAX / 2] = "";
    size_t used = 0;
    for (unsigned i = 1; i <= last; i++) {
        if (text_is(value->text, name_of(i))) {
            *out_index = i;
            return true;
        }
        int len = snprintf(words + used, sizeof words - used, i == 1 ? "%s" : ", %s", name_of(i));
        used += len > 0 && (size_t)len < sizeof words - used ? (size_t)len : 0;
    }
    char description[WIRE_DESCRIPTION_MAX];
    wire_describe(value, description);
    violations_add(out_violations, CODE_VALIDATION_FAILED, "%s must be one of %s (is %s)", field, words, description);
    return false;
}

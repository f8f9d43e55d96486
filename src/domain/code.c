/* code.c -- names of the codes, and collecting violations. */
#include "domain/code.h"

#include <stdio.h>

static const char *const code_names[] = {
#define X(code, name) [CODE_##code] = #name,
    REPLY_CODES(X)
#undef X
};

const char *code_name(enum reply_code code)
{
    return code_names[code];
}

enum reply_code code_of(struct text name)
{
    unsigned code = 0;
    while (code < CODE_COUNT && !text_is(name, code_names[code])) {
        code++;
    }
    return (enum reply_code)code;
}

static int gravity(enum reply_code code)
{
    switch (code) {
    case CODE_OK:
        return 0;
    case CODE_VALIDATION_FAILED:
        return 1;
    case CODE_TOO_LARGE:
        return 2;
    default:
        return 3;
    }
}

void violations_add(struct violations *violations, enum reply_code code, const char *format, ...)
{
    if (gravity(code) > gravity(violations->code)) {
        violations->code = code;
    }
    if (violations->count < VIOLATIONS_MAX) {
        char *text = violations->texts[violations->count];
        va_list args;
        va_start(args, format);
        int len = vsnprintf(text, VIOLATION_TEXT_MAX, format, args);
        va_end(args);
        if (len >= VIOLATION_TEXT_MAX) {
            text[text_whole(text, VIOLATION_TEXT_MAX - 1)] = '\0';
        }
    }
    violations->count++;
}

size_t violations_kept(const struct violations *violations)
{
    return violations->count < VIOLATIONS_MAX ? violations->count : VIOLATIONS_MAX;
}

void violations_clear(struct violations *violations)
{
    violations->code = CODE_OK;
    violations->count = 0;
}

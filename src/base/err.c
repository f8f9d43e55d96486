/* err.c -- names of the codes, and the sentence of a fault. */
#include "base/err.h"

#include "base/text.h"

#include <stdio.h>

const char *err_name(enum err code)
{
    static const char *const names[] = {
        [ERR_OK] = "ok",         [ERR_NO_MEMORY] = "no_memory", [ERR_INVALID] = "invalid",
        [ERR_RANGE] = "range",   [ERR_FULL] = "full",           [ERR_NOT_FOUND] = "not_found",
        [ERR_CLOSED] = "closed", [ERR_REFUSED] = "refused",     [ERR_TIMEOUT] = "timeout",
        [ERR_IO] = "io",
    };
    return (unsigned)code < sizeof names / sizeof names[0] ? names[code] : "unknown";
}

enum err fault_set(struct fault *fault, enum err code, const char *format, ...)
{
    if (fault != NULL) {
        va_list args;
        va_start(args, format);
        fault->code = code;
        int len = vsnprintf(fault->text, sizeof fault->text, format, args);
        va_end(args);
        if (len >= (int)sizeof fault->text) {
            fault->text[text_whole(fault->text, sizeof fault->text - 1)] = '\0';
        }
    }
    return code;
}

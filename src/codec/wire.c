/* wire.c -- numbers of any width, and values as people read them. */
#include "codec/wire.h"

#include "codec/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* The first double beyond int64_t. */
static const double int_end = 9223372036854775808.0;

bool wire_to_int(const struct wire_value *value, int64_t *out_integer)
{
    if (value->kind == WIRE_INT) {
        *out_integer = value->integer;
        return true;
    }
    if (value->kind == WIRE_REAL && value->real >= -int_end && value->real < int_end &&
        value->real == trunc(value->real)) {
        *out_integer = (int64_t)value->real;
        return true;
    }
    return false;
}

bool wire_to_real(const struct wire_value *value, double *out_real)
{
    switch (value->kind) {
    case WIRE_INT:
        *out_real = (double)value->integer;
        return true;
    case WIRE_HUGE:
    case WIRE_REAL:
        if (isfinite(value->real)) {
            *out_real = value->real;
            return true;
        }
        return false;
    default:
        return false;
    }
}

void wire_printable(struct text text, char *out, size_t out_size)
{
    size_t used = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t character = 0;
        size_t len = utf8_step((struct text){text.data + at, text.len - at}, &character);
        bool is_shown = len > 0 && !utf8_is_control(character);
        len = len > 0 ? len : 1;
        if (used + len >= out_size) {
            break;
        }
        if (is_shown) {
            memcpy(out + used, text.data + at, len);
            used += len;
        } else {
            out[used++] = '?';
        }
        at += len;
    }
    out[used] = '\0';
}

void wire_describe(const struct wire_value *value, char out[WIRE_DESCRIPTION_MAX])
{
    char shown[WIRE_DESCRIPTION_MAX - 8];
    switch (value->kind) {
    case WIRE_NULL:
        (void)snprintf(out, WIRE_DESCRIPTION_MAX, "null");
        break;
    case WIRE_FLAG:
        (void)snprintf(out, WIRE_DESCRIPTION_MAX, "%s", value->flag ? "true" : "false");
        break;
    case WIRE_INT:
        (void)snprintf(out, WIRE_DESCRIPTION_MAX, "%" PRId64, value->integer);
        break;
    case WIRE_HUGE:
    case WIRE_REAL:
        (void)snprintf(out, WIRE_DESCRIPTION_MAX, "%.15g", value->real);
        break;
    case WIRE_TEXT:
        wire_printable(value->text, shown, sizeof shown);
        (void)snprintf(out, WIRE_DESCRIPTION_MAX, "\"%s%s", shown, strlen(shown) < value->text.len ? "…" : "\"");
        break;
    case WIRE_BYTES:
        (void)snprintf(out, WIRE_DESCRIPTION_MAX, "binary data");
        break;
    case WIRE_LIST:
        (void)snprintf(out, WIRE_DESCRIPTION_MAX, "a list");
        break;
    case WIRE_MAP:
        (void)snprintf(out, WIRE_DESCRIPTION_MAX, "a map");
        break;
    }
}

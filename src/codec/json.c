/*
 * json.c -- JSON: reading one value in place, writing a tree.
 *
 * Reading is our own because heartbeats are read: jansson allocates for every key and value, which took 4 us of a
 * heartbeat's budget of 1 to 2; in place it is a tenth of that. Trees, their writing, and numbers that are hard to
 * round are jansson's. A fuzzer holds the two against each other.
 */
#include "codec/json.h"

#include <math.h>

enum { REAL_DIGITS = 15, EXACT_EXPONENT = 22 };

static const char ends_early[] = "it ends too early";

static bool fail(struct wire_source *source, const char *why)
{
    source->why = why;
    return false;
}

void json_pass_blanks(struct wire_source *source)
{
    while (source->at < source->end &&
           (*source->at == ' ' || *source->at == '\n' || *source->at == '\r' || *source->at == '\t')) {
        source->at++;
    }
}

bool json_take(struct wire_source *source, char character)
{
    json_pass_blanks(source);
    if (source->at == source->end || *source->at != (unsigned char)character) {
        return false;
    }
    source->at++;
    return true;
}

/* ---------------------------------------------------------------------------------------- texts */

static int hex_digit(unsigned char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads the four digits after \u; false where they are not. */
static bool take_unit(struct wire_source *source, uint32_t *out_unit)
{
    uint32_t unit = 0;
    if (source->end - source->at < 4) {
        return false;
    }
    for (size_t i = 0; i < 4; i++) {
        int digit = hex_digit(source->at[i]);
        if (digit < 0) {
            return false;
        }
        unit = unit << 4 | (uint32_t)digit;
    }
    source->at += 4;
    *out_unit = unit;
    return true;
}

static void append_character(struct buf *out, uint32_t character)
{
    unsigned char bytes[4];
    size_t len = 0;
    if (character < 0x80) {
        bytes[len++] = (unsigned char)character;
    } else if (character < 0x800) {
        bytes[len++] = (unsigned char)(0xc0 | character >> 6);
    } else if (character < 0x10000) {
        bytes[len++] = (unsigned char)(0xe0 | character >> 12);
        bytes[len++] = (unsigned char)(0x80 | (character >> 6 & 0x3f));
    } else {
        bytes[len++] = (unsigned char)(0xf0 | character >> 18);
        bytes[len++] = (unsigned char)(0x80 | (character >> 12 & 0x3f));
        bytes[len++] = (unsigned char)(0x80 | (character >> 6 & 0x3f));
    }
    if (character >= 0x80) {
        bytes[len++] = (unsigned char)(0x80 | (character & 0x3f));
    }
    buf_append(out, bytes, len);
}

/* \uXXXX, and the second half of a pair of surrogates. */
static bool take_unicode(struct wire_source *source)
{
    uint32_t character = 0;
    uint32_t low = 0;
    if (!take_unit(source, &character)) {
        return fail(source, "\\u wants four hexadecimal digits");
    }
    if (character >= 0xd800 && character <= 0xdfff) {
        bool is_pair =
            character < 0xdc00 && source->end - source->at >= 2 && source->at[0] == '\\' && source->at[1] == 'u';
        source->at += is_pair ? 2 : 0;
        if (!is_pair || !take_unit(source, &low) || low < 0xdc00 || low > 0xdfff) {
            return fail(source, "half a pair of surrogates");
        }
        character = 0x10000 + ((character - 0xd800) << 10) + (low - 0xdc00);
    }
    append_character(source->unescaped, character);
    return true;
}

static bool take_escape(struct wire_source *source)
{
    static const char escapes[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (source->at == source->end) {
        return fail(source, ends_early);
    }
    unsigned char c = *source->at++;
    if (c == 'u') {
        return take_unicode(source);
    }
    const char *escape = c != '\0' ? strchr(escapes, c) : NULL;
    if (escape == NULL) {
        return fail(source, "no such escape");
    }
    buf_append(source->unescaped, &meanings[escape - escapes], 1);
    return true;
}

/* Moves to what ends a plain run of characters: the quote, a backslash, or what may not be there. */
static void pass_plain(struct wire_source *source)
{
    while (source->at < source->end && *source->at >= 0x20 && *source->at != '"' && *source->at != '\\') {
        source->at++;
    }
}

/* What was shown from unescaped before has to stay where it is, so there is room for everything from the first on. */
static bool take_escaped(struct wire_source *source, const unsigned char *begin, struct wire_value *out)
{
    struct buf *unescaped = source->unescaped;
    size_t from = unescaped->len;
    const unsigned char *run = begin;
    if (!buf_reserve(unescaped, (size_t)(source->end - begin))) {
        return fail(source, "there is no memory for it");
    }
    for (;;) {
        buf_append(unescaped, run, (size_t)(source->at - run));
        if (source->at == source->end || *source->at < 0x20) {
            return fail(source, source->at == source->end ? ends_early : "a control character in a text");
        }
        if (*source->at++ == '"') {
            out->text = (struct text){unescaped->data + from, unescaped->len - from};
            return true;
        }
        if (!take_escape(source)) {
            return false;
        }
        run = source->at;
        pass_plain(source);
    }
}

static bool take_text(struct wire_source *source, struct wire_value *out)
{
    const unsigned char *begin = ++source->at;
    out->kind = WIRE_TEXT;
    pass_plain(source);
    if (source->at == source->end || *source->at != '"') {
        return take_escaped(source, begin, out);
    }
    out->text = (struct text){(const char *)begin, (size_t)(source->at - begin)};
    source->at++;
    return true;
}

/* ---------------------------------------------------------------------------------------- numbers */

/* A decimal as it is written: digits * 10^exponent, where the digits fit. */
struct decimal {
    uint64_t digits;
    int exponent;
    bool negative;
    bool whole; /* neither fraction nor exponent */
    bool hard;  /* does not fit: too many digits, or an exponent that is far out */
};

static bool is_digit(const struct wire_source *source)
{
    return source->at < source->end && *source->at >= '0' && *source->at <= '9';
}

/* Reads digits into the decimal; says whether there was one. */
static bool take_digits(struct wire_source *source, struct decimal *decimal)
{
    bool any = false;
    for (; is_digit(source); source->at++) {
        any = true;
        if (__builtin_mul_overflow(decimal->digits, 10U, &decimal->digits) ||
            __builtin_add_overflow(decimal->digits, (uint64_t)(*source->at - '0'), &decimal->digits)) {
            decimal->hard = true;
        }
    }
    return any;
}

static bool take_fraction(struct wire_source *source, struct decimal *decimal)
{
    const unsigned char *begin = ++source->at;
    decimal->whole = false;
    if (!take_digits(source, decimal)) {
        return false;
    }
    decimal->hard = decimal->hard || source->at - begin > EXACT_EXPONENT;
    decimal->exponent -= decimal->hard ? 0 : (int)(source->at - begin);
    return true;
}

static bool take_exponent(struct wire_source *source, struct decimal *decimal)
{
    struct decimal exponent = {0};
    bool negative = false;
    source->at++;
    decimal->whole = false;
    if (source->at < source->end && (*source->at == '+' || *source->at == '-')) {
        negative = *source->at++ == '-';
    }
    if (!take_digits(source, &exponent)) {
        return false;
    }
    if (exponent.hard || exponent.digits > EXACT_EXPONENT) {
        decimal->hard = true;
    } else {
        decimal->exponent += negative ? -(int)exponent.digits : (int)exponent.digits;
    }
    return true;
}

static bool scan_number(struct wire_source *source, struct decimal *out)
{
    *out = (struct decimal){.whole = true};
    if (*source->at == '-') {
        out->negative = true;
        source->at++;
    }
    bool leads_with_zero = source->at < source->end && *source->at == '0';
    const unsigned char *begin = source->at;
    if (!take_digits(source, out) || (leads_with_zero && source->at - begin > 1)) {
        return false;
    }
    if (source->at < source->end && *source->at == '.' && !take_fraction(source, out)) {
        return false;
    }
    return source->at == source->end || (*source->at | 0x20) != 'e' || take_exponent(source, out);
}

/* Exact where both the digits and the power of ten are exact as doubles: one rounding is left, and that is right. */
static bool round_simply(const struct decimal *decimal, double *out)
{
    static const double powers[EXACT_EXPONENT + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (decimal->hard || decimal->digits > (uint64_t)1 << 53 || decimal->exponent > EXACT_EXPONENT ||
        decimal->exponent < -EXACT_EXPONENT) {
        return false;
    }
    double digits = (double)decimal->digits;
    double magnitude = decimal->exponent < 0 ? digits / powers[-decimal->exponent] : digits * powers[decimal->exponent];
    *out = decimal->negative ? -magnitude : magnitude;
    return true;
}

/* jansson rounds the rest: it minds the locale, and needs no terminated text. */
static bool round_by_jansson(const unsigned char *begin, const unsigned char *end, double *out)
{
    json_t *number =
        json_loadb((const char *)begin, (size_t)(end - begin), JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
    bool rounded = json_is_real(number);
    if (rounded) {
        *out = json_real_value(number);
    }
    json_decref(number);
    return rounded;
}

static bool take_number(struct wire_source *source, struct wire_value *out)
{
    const unsigned char *begin = source->at;
    struct decimal decimal;
    if (!scan_number(source, &decimal)) {
        return fail(source, "a number is malformed");
    }
    uint64_t digits_max = decimal.negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    if (decimal.whole && !decimal.hard && decimal.digits <= digits_max) {
        out->kind = WIRE_INT;
        out->integer = decimal.negative ? (int64_t)(0 - decimal.digits) : (int64_t)decimal.digits;
        return true;
    }
    out->kind = decimal.whole ? WIRE_HUGE : WIRE_REAL;
    if (!round_simply(&decimal, &out->real) && !round_by_jansson(begin, source->at, &out->real)) {
        return fail(source, "a number is too great");
    }
    return true;
}

/* ---------------------------------------------------------------------------------------- values */

static bool take_word(struct wire_source *source, const char *word, struct wire_value value, struct wire_value *out)
{
    size_t len = strlen(word);
    if ((size_t)(source->end - source->at) < len || memcmp(source->at, word, len) != 0) {
        return fail(source, "no such value");
    }
    source->at += len;
    *out = value;
    return true;
}

bool json_next(struct wire_source *source, struct wire_value *out_value)
{
    json_pass_blanks(source);
    if (source->at == source->end) {
        return fail(source, ends_early);
    }
    switch (*source->at) {
    case '{':
    case '[':
        out_value->kind = *source->at++ == '{' ? WIRE_MAP : WIRE_LIST;
        return true;
    case '"':
        return take_text(source, out_value);
    case 't':
        return take_word(source, "true", (struct wire_value){.kind = WIRE_FLAG, .flag = true}, out_value);
    case 'f':
        return take_word(source, "false", (struct wire_value){.kind = WIRE_FLAG}, out_value);
    case 'n':
        return take_word(source, "null", (struct wire_value){.kind = WIRE_NULL}, out_value);
    default:
        return *source->at == '-' || is_digit(source) ? take_number(source, out_value) : fail(source, "no such value");
    }
}

static int append_bytes(const char *bytes, size_t len, void *out)
{
    struct buf *buf = out;
    buf_append(buf, bytes, len);
    return buf->failed ? -1 : 0;
}

enum err json_append(struct buf *out, const json_t *tree, bool sorted)
{
    size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS) | (sorted ? JSON_SORT_KEYS : 0);
    return json_dump_callback(tree, append_bytes, out, flags) == 0 ? ERR_OK : ERR_NO_MEMORY;
}

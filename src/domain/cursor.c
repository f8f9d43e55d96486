/* cursor.c -- a cursor is eight hexadecimal digits for the request, a dash, and the place. */
#include "domain/cursor.h"

#include <stdio.h>

enum { REQUEST_DIGITS = 8, NUMBER_DIGITS_MAX = 10, STEP_DIGITS_MAX = 19 };

/* FNV-1a; each text ends with its length, so that no two lists of texts run into the same bytes. */
static uint32_t add_bytes(uint32_t hash, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ at[i]) * 16777619U;
    }
    return hash;
}

static uint32_t add_number(uint32_t hash, int64_t number)
{
    return add_bytes(hash, &number, sizeof number);
}

static uint32_t add_text(uint32_t hash, struct text text)
{
    return add_number(add_bytes(hash, text.data, text.len), (int64_t)text.len);
}

static uint32_t add_texts(uint32_t hash, struct texts texts)
{
    for (size_t i = 0; i < texts.count; i++) {
        hash = add_text(hash, texts.items[i]);
    }
    return add_number(hash, (int64_t)texts.count);
}

uint32_t cursor_request_of(struct text verb, const struct query *query)
{
    uint32_t hash = add_text(2166136261U, verb);
    hash = add_number(hash, query->status);
    hash = add_number(hash, query->health);
    hash = add_texts(hash, query->tags);
    hash = add_texts(hash, query->capabilities);
    hash = add_text(hash, query->zone);
    hash = add_text(hash, query->name_prefix);
    hash = add_number(hash, query->minimum_free_capacity.set ? query->minimum_free_capacity.value : -1);
    return query->sort.len > 0 ? add_text(hash, query->sort) : hash;
}

size_t cursor_write(uint32_t request, struct text place, char out[CURSOR_TEXT_MAX])
{
    int len = snprintf(out, CURSOR_TEXT_MAX, "%08x-%.*s", request, TEXT_ARG(place));
    return len > 0 && len < CURSOR_TEXT_MAX ? (size_t)len : 0;
}

static size_t count_digits(struct text text, size_t from)
{
    size_t digits = 0;
    while (from + digits < text.len && text.data[from + digits] >= '0' && text.data[from + digits] <= '9') {
        digits++;
    }
    return digits;
}

static bool is_place(struct text place)
{
    size_t number = count_digits(place, 0);
    if (number == 0 || number > NUMBER_DIGITS_MAX || place.len < number + 2 || place.data[number] != '-') {
        return false;
    }
    char way = place.data[number + 1];
    struct text rest = {place.data + number + 2, place.len - number - 2};
    if (way == 's' || way == 'w') {
        return worker_id_valid(rest);
    }
    return way == 'b' && rest.len > 0 && rest.len <= STEP_DIGITS_MAX && count_digits(rest, 0) == rest.len;
}

bool cursor_read(struct text text, uint32_t request, struct text *out_place)
{
    char expected[REQUEST_DIGITS + 2];
    (void)snprintf(expected, sizeof expected, "%08x-", request);
    size_t begin = REQUEST_DIGITS + 1;
    if (text.len <= begin || memcmp(text.data, expected, begin) != 0) {
        return false;
    }
    struct text place = {text.data + begin, text.len - begin};
    if (!is_place(place)) {
        return false;
    }
    *out_place = place;
    return true;
}

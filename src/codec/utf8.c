/* utf8.c -- UTF-8 by the book (RFC 3629): no overlong form, no surrogate, nothing beyond U+10FFFF. */
#include "codec/utf8.h"

size_t utf8_step(struct text text, uint32_t *out_character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (text.len == 0) {
        return 0;
    }
    unsigned char first = (unsigned char)text.data[0];
    if (first < 0x80) {
        *out_character = first;
        return 1;
    }
    size_t len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.len < len) {
        return 0;
    }
    uint32_t character = first & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        unsigned char next = (unsigned char)text.data[i];
        if ((next & 0xc0) != 0x80) {
            return 0;
        }
        character = character << 6 | (next & 0x3f);
    }
    if (character < least[len] || character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff)) {
        return 0;
    }
    *out_character = character;
    return len;
}

bool utf8_is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character <= 0x9f);
}

static size_t prefix_bytes(struct text text, bool controls_too)
{
    size_t at = 0;
    while (at < text.len) {
        uint32_t character = 0;
        size_t len = utf8_step((struct text){text.data + at, text.len - at}, &character);
        if (len == 0 || (!controls_too && utf8_is_control(character))) {
            break;
        }
        at += len;
    }
    return at;
}

/* Most texts are printable ASCII: those bytes are told by their value alone. */
size_t utf8_clean_bytes(struct text text)
{
    size_t at = 0;
    while (at < text.len && text.data[at] >= 0x20 && text.data[at] < 0x7f) {
        at++;
    }
    return at == text.len ? at : at + prefix_bytes((struct text){text.data + at, text.len - at}, false);
}

size_t utf8_valid_bytes(struct text text)
{
    return prefix_bytes(text, true);
}

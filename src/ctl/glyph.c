/* glyph.c -- UTF-8 to cells, one character at a time. */
#include "ctl/glyph.h"

#include <stdint.h>
#include <string.h>
#include <wchar.h>

struct glyph {
    struct text bytes;
    size_t width;
};

/* Takes the first character off the text, which is not empty. */
static struct glyph take(struct text *text)
{
    mbstate_t state;
    wchar_t wide = 0;
    memset(&state, 0, sizeof state);
    size_t len = mbrtowc(&wide, text->data, text->len, &state);
    int width = -1;
    if (len == 0 || len > text->len) {
        len = 1;
    } else {
        width = wcwidth(wide);
    }
    struct glyph glyph = {.bytes = {text->data, len}, .width = width < 0 ? 1 : (size_t)width};
    if (width < 0) {
        glyph.bytes = text_of("?");
    }
    text->data += len;
    text->len -= len;
    return glyph;
}

size_t glyph_width(struct text text)
{
    size_t width = 0;
    while (text.len > 0) {
        width += take(&text).width;
    }
    return width;
}

size_t glyph_append(struct buf *out, struct text text, size_t max_width)
{
    bool cut = max_width > 0 && glyph_width(text) > max_width;
    size_t room = cut ? max_width - 1 : SIZE_MAX;
    size_t width = 0;
    while (text.len > 0) {
        struct glyph glyph = take(&text);
        if (glyph.width > room - width) {
            break;
        }
        buf_append_text(out, glyph.bytes);
        width += glyph.width;
    }
    if (cut) {
        buf_append_string(out, "…");
        width++;
    }
    return width;
}

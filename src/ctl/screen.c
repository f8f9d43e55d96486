/* screen.c -- the few control sequences that it takes. Drawing over what is there does not flicker; clearing would. */
#include "ctl/screen.h"

#include <string.h>

#define ALTERNATE_ON "\033[?1049h"
#define ALTERNATE_OFF "\033[?1049l"
#define CURSOR_OFF "\033[?25l"
#define CURSOR_ON "\033[?25h"
#define HOME "\033[H"
#define CLEAR_LINE_END "\033[K"
#define CLEAR_BELOW "\033[J"

void screen_enter(struct output *output)
{
    output_text(output, text_of(ALTERNATE_ON CURSOR_OFF));
}

void screen_leave(struct output *output)
{
    output_text(output, text_of(CURSOR_ON ALTERNATE_OFF));
}

void screen_draw(struct output *output, struct text lines)
{
    struct buf frame = {0};
    buf_append_string(&frame, HOME);
    while (lines.len > 0) {
        const char *end = memchr(lines.data, '\n', lines.len);
        size_t len = end != NULL ? (size_t)(end - lines.data) : lines.len;
        size_t used = len + (end != NULL ? 1 : 0);
        bool is_last = used == lines.len;
        /* Cleared before it is written: afterwards the cursor may still be on its last character. */
        buf_append_string(&frame, is_last ? CLEAR_BELOW : CLEAR_LINE_END);
        buf_append(&frame, lines.data, len);
        /* No line break after the last line: it would scroll a full terminal. */
        buf_append_string(&frame, is_last ? "" : "\r\n");
        lines.data += used;
        lines.len -= used;
    }
    output_text(output, buf_text(&frame));
    buf_fini(&frame);
}

/* manual.c -- escaping, and the few macros that it takes. */
#include "base/manual.h"

enum { LINE_WIDTH = 76 };

static const char *escape_of(char c)
{
    switch (c) {
    case '\\':
        return "\\e";
    case '-':
        return "\\-";
    case '\'':
        return "\\(aq";
    case '`':
        return "\\(ga";
    case '^':
        return "\\(ha";
    case '~':
        return "\\(ti";
    default:
        return NULL;
    }
}

static void append_escaped(struct buf *out, struct text text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char *escape = escape_of(text.data[i]);
        if (escape != NULL) {
            buf_append_string(out, escape);
        } else {
            buf_append(out, &text.data[i], 1);
        }
    }
}

/* A full stop at the beginning of a line would make it a request. */
static void append_word(struct buf *out, struct text word)
{
    bool begins_line = out->len == 0 || out->data[out->len - 1] == '\n';
    buf_append_string(out, begins_line && word.len > 0 && word.data[0] == '.' ? "\\&" : "");
    append_escaped(out, word);
}

static void append_filled(struct buf *out, const char *text)
{
    size_t width = 0;
    for (const char *at = text + strspn(text, " \n"); *at != '\0'; at += strspn(at, " \n")) {
        struct text word = {at, strcspn(at, " \n")};
        bool fits = width + 1 + word.len <= LINE_WIDTH;
        if (width > 0) {
            buf_append_string(out, fits ? " " : "\n");
        }
        append_word(out, word);
        width = width > 0 && fits ? width + 1 + word.len : word.len;
        at += word.len;
    }
    buf_append_string(out, width > 0 ? "\n" : "");
}

void manual_begin(struct buf *out, const struct manual_title *title)
{
    buf_append_string(out, ".TH ");
    append_escaped(out, text_of(title->name));
    buf_printf(out, " %s %s \"Muster %s\" Muster\n", title->section, title->date, title->version);
    manual_section(out, "NAME");
    append_escaped(out, text_of(title->name));
    buf_append_string(out, " \\- ");
    append_escaped(out, text_of(title->summary));
    buf_append_string(out, "\n");
}

void manual_section(struct buf *out, const char *title)
{
    buf_printf(out, ".SH %s\n", title);
}

/* The man macros want no paragraph right after a heading. */
static bool follows_heading(const struct buf *out)
{
    size_t at = out->len > 0 ? out->len - 1 : 0;
    while (at > 0 && out->data[at - 1] != '\n') {
        at--;
    }
    return out->len - at > 3 && memcmp(out->data + at, ".S", 2) == 0;
}

void manual_paragraph(struct buf *out, const char *text)
{
    buf_append_string(out, follows_heading(out) ? "" : ".PP\n");
    append_filled(out, text);
}

void manual_line(struct buf *out, const char *text)
{
    buf_append_string(out, follows_heading(out) ? "" : ".PP\n");
    buf_append_string(out, ".nf\n");
    append_word(out, text_of(text));
    buf_append_string(out, "\n.fi\n");
}

void manual_entry(struct buf *out, const char *name, const char *argument, const char *text)
{
    buf_append_string(out, ".TP\n\\fB");
    append_escaped(out, text_of(name));
    buf_append_string(out, "\\fR");
    if (argument != NULL) {
        buf_append_string(out, " \\fI");
        append_escaped(out, text_of(argument));
        buf_append_string(out, "\\fR");
    }
    buf_append_string(out, "\n");
    append_filled(out, text);
}

void manual_more(struct buf *out, const char *text)
{
    buf_append_string(out, ".br\n");
    append_filled(out, text);
}

void manual_nest(struct buf *out)
{
    buf_append_string(out, ".RS\n");
}

void manual_unnest(struct buf *out)
{
    buf_append_string(out, ".RE\n");
}

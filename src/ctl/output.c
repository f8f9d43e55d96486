/* output.c -- writing, and what the terminal is like. */
#include "ctl/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_UNKNOWN = 80, ROWS_UNKNOWN = 24 };

void output_init(struct output *output, bool json)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    bool wanted = (no_color == NULL || no_color[0] == '\0') && term != NULL && strcmp(term, "dumb") != 0;
    bool terminal = isatty(STDOUT_FILENO) == 1;
    *output = (struct output){.json = json, .terminal = terminal, .colour = terminal && wanted};
}

struct table_view output_view(const struct output *output)
{
    struct winsize size = {0};
    struct table_view view = {.width = 0, .colour = output->colour};
    if (output->terminal) {
        bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
        view.width = known ? size.ws_col : WIDTH_UNKNOWN;
    }
    return view;
}

size_t output_rows(void)
{
    struct winsize size = {0};
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0;
    return known ? size.ws_row : ROWS_UNKNOWN;
}

void output_text(struct output *output, struct text text)
{
    while (!output->failed && text.len > 0) {
        ssize_t written = write(STDOUT_FILENO, text.data, text.len);
        if (written >= 0) {
            text.data += written;
            text.len -= (size_t)written;
        } else if (errno != EINTR) {
            output->failed = true;
            output->error = errno;
        }
    }
}

void output_json(struct output *output, const json_t *document)
{
    char *line = json_dumps(document, JSON_COMPACT | JSON_REAL_PRECISION(OUTPUT_REAL_DIGITS));
    if (line == NULL) {
        output->failed = true;
        output->error = ENOMEM;
        return;
    }
    output_text(output, text_of(line));
    output_text(output, text_of("\n"));
    free(line);
}

void output_table(struct output *output, struct table *table)
{
    struct buf lines = {0};
    struct table_view view = output_view(output);
    if (table != NULL) {
        table_render(table, &view, &lines);
    }
    if (table == NULL || lines.failed) {
        output->failed = true;
        output->error = ENOMEM;
    }
    output_text(output, buf_text(&lines));
    table_free(table);
    buf_fini(&lines);
}

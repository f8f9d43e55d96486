/* command_line.h -- a line as the words that a program is started with. For tests; one line at a time. */
#ifndef MUSTER_TESTS_SUPPORT_COMMAND_LINE_H
#define MUSTER_TESTS_SUPPORT_COMMAND_LINE_H

#include <stddef.h>
#include <string.h>

enum { COMMAND_LINE_BYTES = 512, COMMAND_LINE_WORDS = 64 };

struct command_line {
    char words[COMMAND_LINE_BYTES];
    char *argv[COMMAND_LINE_WORDS + 1]; /* slices of words, NULL after the last */
    int argc;
};

/* command_line_split takes a line that has one blank between each two words; what does not fit is cut off. */
static inline void command_line_split(struct command_line *out, const char *line)
{
    size_t len = strnlen(line, sizeof out->words - 1);
    memcpy(out->words, line, len);
    out->words[len] = '\0';
    out->argc = 0;
    for (char *word = strtok(out->words, " "); word != NULL && out->argc < COMMAND_LINE_WORDS;
         word = strtok(NULL, " ")) {
        out->argv[out->argc++] = word;
    }
    out->argv[out->argc] = NULL;
}

#endif

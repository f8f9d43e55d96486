/* options.h -- the command line of musterd. */
#ifndef MUSTER_DAEMON_OPTIONS_H
#define MUSTER_DAEMON_OPTIONS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum { OPTIONS_SETTINGS_MAX = 256 };

enum options_action { OPTIONS_RUN, OPTIONS_CHECK, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_MANUAL, OPTIONS_WRONG };

/* Strings are those of argv. */
struct options {
    enum options_action action;
    const char *file; /* NULL: none */
    const char *settings[OPTIONS_SETTINGS_MAX];
    size_t setting_count;
};

/* options_parse reads the command line; what is wrong with it is said on standard error. */
void options_parse(int argc, char **argv, struct options *out_options);

/* One row of the table. */
struct options_row {
    const char *name;
    const char *argument; /* NULL: none */
    const char *help;
    enum options_action action; /* of one without argument */
    char letter;                /* that stands for it; 0: none */
};

/* options_rows returns the table that the command line is read by. */
const struct options_row *options_rows(size_t *out_count);

/* options_append_help appends a line for each. */
void options_append_help(struct buf *out);

#endif

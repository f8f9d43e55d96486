/* options.h -- the command line of musterd. */
#ifndef MUSTER_DAEMON_OPTIONS_H
#define MUSTER_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum { OPTIONS_SETTINGS_MAX = 256 };

enum options_action { OPTIONS_RUN, OPTIONS_CHECK, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_WRONG };

/* Strings are those of argv. */
struct options {
    enum options_action action;
    const char *file; /* NULL: none */
    const char *settings[OPTIONS_SETTINGS_MAX];
    size_t setting_count;
};

/* options_parse reads the command line; what is wrong with it is said on standard error. */
void options_parse(int argc, char **argv, struct options *out_options);

#endif

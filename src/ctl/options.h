/* options.h -- the command line of musterctl, read by one table that the help is made from too. */
#ifndef MUSTER_CTL_OPTIONS_H
#define MUSTER_CTL_OPTIONS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum options_action { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION };

/* Strings are those of argv and of the environment; NULL where not given. */
struct options {
    enum options_action action;
    const char *command;
    const char *operand;
    /* of every command */
    const char *uri;
    const char *client;
    const char *username;
    const char *password_file;
    const char *ca_file;
    const char *certificate_file;
    const char *key_file;
    const char *topic_root;
    const char *timeout;
    int64_t timeout_ms;
    bool json;
    /* of some */
    bool force;
    bool drain;
    const char *reason;
    bool follow;
    const char *worker;
    const char *type;
    const char *from;
};

/*
 * options_parse reads the environment, then the command line; out_wrong says in a line what is wrong where it returns
 * false. Whether the command exists and what it needs is not looked at, but for options that are not its own.
 */
bool options_parse(int argc, char **argv, struct options *out_options, struct buf *out_wrong) MUST_USE;

/* options_append_help appends a line for each option of the command; NULL: for each that all commands have. */
void options_append_help(struct buf *out, const char *command);

/* options_append_synopsis appends the command's own options as a usage line shows them: " [--reason TEXT]". */
void options_append_synopsis(struct buf *out, const char *command);

#endif

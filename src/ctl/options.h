/* options.h -- the command line of musterctl, read by one table that help, manual and completion are made from too. */
#ifndef MUSTER_CTL_OPTIONS_H
#define MUSTER_CTL_OPTIONS_H

#include "base/buf.h"
#include "broker/access.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum options_action { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_MANUAL };

/* Strings are those of argv and of the environment; NULL where not given. */
struct options {
    enum options_action action;
    const char *command;
    const char *operand;
    /* of every command */
    struct access access;
    const char *client;
    int64_t timeout_ms;
    bool json;
    /* of some; numbers are 0 where not given */
    bool force;
    bool drain;
    const char *reason;
    bool follow;
    const char *worker;
    const char *type;
    const char *from;
    const char *status;
    const char *health;
    const char *tags;
    const char *capabilities;
    const char *zone;
    const char *name_prefix;
    int64_t minimum_free;
    const char *sort;
    int64_t limit;
};

enum options_kind {
    OPTIONS_FLAG,   /* sets a bool */
    OPTIONS_ACTION, /* sets the action */
    OPTIONS_TEXT,
    OPTIONS_FILE,   /* a text that names a file */
    OPTIONS_CHOICE, /* a text that is one of the choices */
    OPTIONS_NUMBER, /* from min to max */
};

/* One row of the table. */
struct options_row {
    const char *name;
    const char *argument;    /* "URI"; NULL: it takes none */
    size_t offset;           /* in struct options, of what it sets */
    const char *environment; /* where its value comes from when it is not given; NULL: from nowhere */
    const char *standard;    /* its value when it is not given at all; NULL: none */
    const char *commands;    /* those that have it, a blank between two; NULL: all */
    const char *choices;     /* of OPTIONS_CHOICE, a blank between two */
    int64_t min;             /* of OPTIONS_NUMBER */
    int64_t max;
    const char *unit; /* of OPTIONS_NUMBER: " ms"; NULL: none */
    const char *help;
    enum options_kind kind;
    enum options_action action; /* of OPTIONS_ACTION */
};

/* options_rows returns the table and its length. */
const struct options_row *options_rows(size_t *out_count);

/* options_row_is_of says whether it is one of the command's own; command NULL: whether all have it. */
bool options_row_is_of(const struct options_row *row, const char *command);

/*
 * options_parse reads the environment, then the command line; out_wrong says in a line what is wrong where it returns
 * false. Whether the command exists and what it needs is not looked at, but for options that are not its own.
 */
bool options_parse(int argc, char **argv, struct options *out_options, struct buf *out_wrong) MUST_USE;

/* options_append_help appends a line for each option of the command; NULL: for each that all commands have. */
void options_append_help(struct buf *out, const char *command);

/* options_append_row_help appends what the row's option does: the sentence, the choices, where else it comes from. */
void options_append_row_help(struct buf *out, const struct options_row *row);

/* options_append_synopsis appends the command's own options as a usage line shows them: " [--reason TEXT]". */
void options_append_synopsis(struct buf *out, const char *command);

#endif

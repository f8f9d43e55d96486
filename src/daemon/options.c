/* options.c -- the table of options, and getopt_long driven by it. */
#include "daemon/options.h"

#include <getopt.h>
#include <stdio.h>

static const struct options_row rows[] = {
    {"config", "FILE", "the configuration file", .letter = 'c'},
    {"option", "SECTION.KEY=VALUE", "a setting, which wins over file and environment; may be repeated", .letter = 'o'},
    {"check-config", NULL, "check the configuration, show it with the origin of each value, and end",
     .action = OPTIONS_CHECK},
    {"help", NULL, "show this and end", .action = OPTIONS_HELP, .letter = 'h'},
    {"version", NULL, "show the version and end", .action = OPTIONS_VERSION},
    {"manual", NULL, "show the page of the manual, as roff, and end", .action = OPTIONS_MANUAL},
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0], LONG_BASE = 256, LETTERS_MAX = 2 * ROW_COUNT + 1 };

const struct options_row *options_rows(size_t *out_count)
{
    *out_count = ROW_COUNT;
    return rows;
}

static void add_setting(struct options *options, const char *setting)
{
    if (options->setting_count == OPTIONS_SETTINGS_MAX) {
        (void)fprintf(stderr, "musterd: more than %d -o options\n", OPTIONS_SETTINGS_MAX);
        options->action = OPTIONS_WRONG;
        return;
    }
    options->settings[options->setting_count++] = setting;
}

static void fill_getopt(struct option out_long[ROW_COUNT + 1], char out_letters[LETTERS_MAX])
{
    size_t at = 0;
    for (int i = 0; i < ROW_COUNT; i++) {
        bool valued = rows[i].argument != NULL;
        out_long[i] = (struct option){rows[i].name, valued ? required_argument : no_argument, NULL, LONG_BASE + i};
        if (rows[i].letter != 0) {
            out_letters[at++] = rows[i].letter;
        }
        if (rows[i].letter != 0 && valued) {
            out_letters[at++] = ':';
        }
    }
    out_long[ROW_COUNT] = (struct option){NULL, 0, NULL, 0};
    out_letters[at] = '\0';
}

/* found: a letter, or the place of a long option. */
static const struct options_row *row_of(int found)
{
    for (int i = 0; i < ROW_COUNT; i++) {
        if (found == LONG_BASE + i || found == rows[i].letter) {
            return &rows[i];
        }
    }
    return NULL;
}

static void take(struct options *options, const struct options_row *row, const char *argument)
{
    if (row == NULL) {
        options->action = OPTIONS_WRONG;
    } else if (row->argument == NULL) {
        options->action = row->action;
    } else if (row->letter == 'c') {
        options->file = argument;
    } else {
        add_setting(options, argument);
    }
}

void options_parse(int argc, char **argv, struct options *out_options)
{
    struct option long_options[ROW_COUNT + 1];
    char letters[LETTERS_MAX];
    *out_options = (struct options){.action = OPTIONS_RUN};
    fill_getopt(long_options, letters);
    int found = 0;
    while (out_options->action != OPTIONS_WRONG &&
           (found = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
        take(out_options, row_of(found), optarg);
    }
    if (out_options->action != OPTIONS_WRONG && optind < argc) {
        (void)fprintf(stderr, "musterd: \"%s\" is no option\n", argv[optind]);
        out_options->action = OPTIONS_WRONG;
    }
}

void options_append_help(struct buf *out)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        char letter[] = {'-', rows[i].letter, ',', '\0'};
        char name[64];
        (void)snprintf(name, sizeof name, "--%s%s%s", rows[i].name, rows[i].argument != NULL ? " " : "",
                       rows[i].argument != NULL ? rows[i].argument : "");
        buf_printf(out, "  %-3s %-28s %s\n", rows[i].letter != 0 ? letter : "", name, rows[i].help);
    }
}

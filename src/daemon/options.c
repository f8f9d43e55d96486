/* options.c -- reads the command line of musterd with getopt. */
#include "daemon/options.h"

#include <getopt.h>
#include <stdio.h>

enum { LONG_CHECK = 256, LONG_VERSION };

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},        {"option", required_argument, NULL, 'o'},
    {"check-config", no_argument, NULL, LONG_CHECK}, {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, LONG_VERSION},    {NULL, 0, NULL, 0},
};

static void add_setting(struct options *options, const char *setting)
{
    if (options->setting_count == OPTIONS_SETTINGS_MAX) {
        (void)fprintf(stderr, "musterd: more than %d -o options\n", OPTIONS_SETTINGS_MAX);
        options->action = OPTIONS_WRONG;
        return;
    }
    options->settings[options->setting_count++] = setting;
}

static void take(struct options *options, int letter, const char *argument)
{
    switch (letter) {
    case 'c':
        options->file = argument;
        break;
    case 'o':
        add_setting(options, argument);
        break;
    case LONG_CHECK:
        options->action = OPTIONS_CHECK;
        break;
    case 'h':
        options->action = OPTIONS_HELP;
        break;
    case LONG_VERSION:
        options->action = OPTIONS_VERSION;
        break;
    default:
        options->action = OPTIONS_WRONG;
        break;
    }
}

void options_parse(int argc, char **argv, struct options *out_options)
{
    *out_options = (struct options){.action = OPTIONS_RUN};
    int letter = 0;
    while (out_options->action != OPTIONS_WRONG &&
           (letter = getopt_long(argc, argv, "c:o:h", long_options, NULL)) != -1) {
        take(out_options, letter, optarg);
    }
    if (out_options->action != OPTIONS_WRONG && optind < argc) {
        (void)fprintf(stderr, "musterd: \"%s\" is no option\n", argv[optind]);
        out_options->action = OPTIONS_WRONG;
    }
}

/* main.c -- musterd: reads its command line and configuration, and runs. */
#include "daemon/app.h"
#include "daemon/manual.h"
#include "daemon/options.h"

#include <stdio.h>
#include <unistd.h>

enum { EXIT_RUN_FAILED = 1, EXIT_WRONG_USAGE = 2 };

static const char usage[] =
    "Usage: musterd [-c FILE] [-o section.key=value]... [--check-config] [--help] [--version] [--manual]\n";

static void print(const struct buf *text, FILE *out)
{
    (void)fprintf(out, "%.*s", TEXT_ARG(buf_text(text)));
}

static int show_help(void)
{
    struct buf help = {0};
    (void)fputs(usage, stdout);
    (void)fputs(
        "\nThe registry daemon. Settings, as in the file, as -o, or as MUSTER_SECTION_KEY in the environment:\n\n",
        stdout);
    config_append_help(&help);
    print(&help, stdout);
    buf_fini(&help);
    return 0;
}

static int show_manual(void)
{
    struct buf page = {0};
    manual_append(&page, MUSTER_VERSION, MUSTER_DATE);
    (void)fwrite(page.data, 1, page.len, stdout);
    buf_fini(&page);
    return 0;
}

/* A file that loads the same. */
static int show_configuration(const struct config *config, const struct config_sources *sources)
{
    struct buf listing = {0};
    config_append_listing(&listing, config, sources);
    buf_append_string(&listing, "\n; the configuration is good\n");
    print(&listing, stdout);
    buf_fini(&listing);
    return 0;
}

static int run(const struct options *options)
{
    static struct config config;
    static struct config_sources sources;
    struct buf errors = {0};
    enum err err =
        config_load(options->file, environ, options->settings, options->setting_count, &config, &sources, &errors);
    print(&errors, stderr);
    buf_fini(&errors);
    if (err != ERR_OK) {
        return EXIT_WRONG_USAGE;
    }
    if (options->action == OPTIONS_CHECK) {
        return show_configuration(&config, &sources);
    }
    return app_run(options, &config, &sources);
}

int main(int argc, char **argv)
{
    struct options options;
    options_parse(argc, argv, &options);
    switch (options.action) {
    case OPTIONS_HELP:
        return show_help();
    case OPTIONS_MANUAL:
        return show_manual();
    case OPTIONS_VERSION:
        (void)puts("musterd " MUSTER_VERSION);
        return 0;
    case OPTIONS_WRONG:
        (void)fputs(usage, stderr);
        return EXIT_WRONG_USAGE;
    default:
        return run(&options);
    }
}

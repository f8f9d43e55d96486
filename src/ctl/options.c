/* options.c -- the table of options, and getopt_long driven by it. */
#include "ctl/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MIN_MS = 1, TIMEOUT_MAX_MS = 600000, LONG_BASE = 256 };

struct row {
    const char *name;
    const char *argument;    /* NULL: a flag */
    const char *environment; /* where its value comes from when it is not given */
    const char *standard;    /* its value when it is not given at all */
    const char *command;     /* the only one that has it; NULL: all have */
    size_t offset;           /* in struct options: of a bool for a flag, else of a string */
    const char *help;
};

#define MEMBER(name) offsetof(struct options, name)
static const struct row rows[] = {
    {"uri", "URI", "MUSTER_MQTT_URI", "tcp://127.0.0.1:1883", NULL, MEMBER(uri), "the broker"},
    {"client", "ID", NULL, NULL, NULL, MEMBER(client),
     "who asks, in the request topic; else the --username, else the user and the process id"},
    {"username", "NAME", "MUSTER_MQTT_USERNAME", NULL, NULL, MEMBER(username), "user name at the broker"},
    {"password-file", "FILE", "MUSTER_MQTT_PASSWORD_FILE", NULL, NULL, MEMBER(password_file),
     "file whose first line is the password"},
    {"ca-file", "FILE", "MUSTER_MQTT_CA_FILE", NULL, NULL, MEMBER(ca_file),
     "PEM file of the authorities that the broker's certificate is checked by"},
    {"certificate-file", "FILE", "MUSTER_MQTT_CERTIFICATE_FILE", NULL, NULL, MEMBER(certificate_file),
     "PEM file of the own certificate"},
    {"key-file", "FILE", "MUSTER_MQTT_KEY_FILE", NULL, NULL, MEMBER(key_file), "PEM file of the key to it"},
    {"topic-root", "TOPIC", "MUSTER_MQTT_TOPIC_ROOT", "muster/v1", NULL, MEMBER(topic_root),
     "what all topics begin with"},
    {"timeout", "MS", NULL, "5000", NULL, MEMBER(timeout), "how long to wait for a connection, and for each reply"},
    {"json", NULL, NULL, NULL, NULL, MEMBER(json), "for programs: JSON, one document (with --follow, one a line)"},
    {"force", NULL, NULL, NULL, "deregister", MEMBER(force), "even where it has active jobs, which are orphaned"},
    {"drain", NULL, NULL, NULL, "deregister", MEMBER(drain), "give it no new jobs, and let it go when it has none"},
    {"reason", "TEXT", NULL, NULL, "deregister", MEMBER(reason), "why, for the record"},
    {"follow", NULL, NULL, NULL, "events", MEMBER(follow), "go on with what happens from now on"},
    {"worker", "ID", NULL, NULL, "events", MEMBER(worker), "only those of this worker"},
    {"type", "TYPE", NULL, NULL, "events", MEMBER(type), "only those of this type"},
    {"from", "ID", NULL, NULL, "events", MEMBER(from),
     "those after this event (0: all that are kept, as without --follow)"},
};
#undef MEMBER
enum { ROW_COUNT = sizeof rows / sizeof rows[0], LONG_HELP = LONG_BASE + ROW_COUNT, LONG_VERSION };

static void set_string(struct options *options, const struct row *row, const char *value)
{
    memcpy((char *)options + row->offset, &value, sizeof value);
}

static void set_flag(struct options *options, const struct row *row)
{
    bool set = true;
    memcpy((char *)options + row->offset, &set, sizeof set);
}

static void take_environment(struct options *options)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const char *value = rows[i].environment != NULL ? getenv(rows[i].environment) : NULL;
        value = value != NULL && value[0] != '\0' ? value : rows[i].standard;
        if (rows[i].argument != NULL && value != NULL) {
            set_string(options, &rows[i], value);
        }
    }
}

static void fill_long_options(struct option out[ROW_COUNT + 3])
{
    for (int i = 0; i < ROW_COUNT; i++) {
        out[i] = (struct option){rows[i].name, rows[i].argument != NULL ? required_argument : no_argument, NULL,
                                 LONG_BASE + i};
    }
    out[ROW_COUNT] = (struct option){"help", no_argument, NULL, LONG_HELP};
    out[ROW_COUNT + 1] = (struct option){"version", no_argument, NULL, LONG_VERSION};
    out[ROW_COUNT + 2] = (struct option){NULL, 0, NULL, 0};
}

static bool parse_timeout(struct options *options, struct buf *out_wrong)
{
    char *end = NULL;
    long timeout_ms = strtol(options->timeout, &end, 10);
    if (end == options->timeout || *end != '\0' || timeout_ms < TIMEOUT_MIN_MS || timeout_ms > TIMEOUT_MAX_MS) {
        buf_printf(out_wrong, "--timeout must be from %d to %d ms (is \"%s\")\n", TIMEOUT_MIN_MS, TIMEOUT_MAX_MS,
                   options->timeout);
        return false;
    }
    options->timeout_ms = timeout_ms;
    return true;
}

static bool take_operands(struct options *options, int count, char **operands, struct buf *out_wrong)
{
    options->command = count > 0 ? operands[0] : NULL;
    options->operand = count > 1 ? operands[1] : NULL;
    if (count > 2) {
        buf_printf(out_wrong, "\"%s\" is one argument too many\n", operands[2]);
    }
    return count <= 2;
}

/* given has a true for each row that was on the command line. */
static bool check_owners(const struct options *options, const bool given[ROW_COUNT], struct buf *out_wrong)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const char *owner = rows[i].command;
        if (given[i] && owner != NULL && options->command != NULL && strcmp(owner, options->command) != 0) {
            buf_printf(out_wrong, "--%s is an option of %s, not of %s\n", rows[i].name, owner, options->command);
            return false;
        }
    }
    return true;
}

bool options_parse(int argc, char **argv, struct options *out_options, struct buf *out_wrong)
{
    struct options options = {.action = OPTIONS_RUN};
    struct option long_options[ROW_COUNT + 3];
    bool given[ROW_COUNT] = {false};
    int letter = 0;
    take_environment(&options);
    fill_long_options(long_options);
    opterr = 0;
    while ((letter = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        if (letter == 'h' || letter == LONG_HELP) {
            options.action = OPTIONS_HELP;
        } else if (letter == LONG_VERSION) {
            options.action = OPTIONS_VERSION;
        } else if (letter < LONG_BASE) {
            buf_printf(out_wrong, "\"%s\" is no option, or lacks its value\n", argv[optind - 1]);
            return false;
        } else {
            const struct row *row = &rows[letter - LONG_BASE];
            given[letter - LONG_BASE] = true;
            if (row->argument != NULL) {
                set_string(&options, row, optarg);
            } else {
                set_flag(&options, row);
            }
        }
    }
    if (!take_operands(&options, argc - optind, argv + optind, out_wrong) || !parse_timeout(&options, out_wrong) ||
        !check_owners(&options, given, out_wrong)) {
        return false;
    }
    *out_options = options;
    return true;
}

static bool belongs(const struct row *row, const char *command)
{
    if (row->command == NULL || command == NULL) {
        return row->command == command;
    }
    return strcmp(row->command, command) == 0;
}

void options_append_help(struct buf *out, const char *command)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        if (!belongs(row, command)) {
            continue;
        }
        char name[64];
        (void)snprintf(name, sizeof name, "--%s%s%s", row->name, row->argument != NULL ? " " : "",
                       row->argument != NULL ? row->argument : "");
        buf_printf(out, "  %-24s %s", name, row->help);
        if (row->standard != NULL) {
            buf_printf(out, " (%s)", row->standard);
        }
        buf_printf(out, "%s%s\n", row->environment != NULL ? "; or " : "",
                   row->environment != NULL ? row->environment : "");
    }
}

void options_append_synopsis(struct buf *out, const char *command)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        if (belongs(row, command)) {
            buf_printf(out, " [--%s%s%s]", row->name, row->argument != NULL ? " " : "",
                       row->argument != NULL ? row->argument : "");
        }
    }
}

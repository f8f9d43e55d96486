/* options.c -- the table of options, and getopt_long driven by it. */
#include "ctl/options.h"

#include "ctl/words.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_BASE = 256, LIMIT_MAX = 1000000, CAPACITY_MAX = 1000000, TIMEOUT_MAX_MS = 600000 };

#define AT(member) offsetof(struct options, member)
static const struct options_row rows[] = {
    {"uri", "URI", AT(access.uri), .kind = OPTIONS_TEXT, .environment = "MUSTER_MQTT_URI",
     .standard = "tcp://127.0.0.1:1883", .help = "the broker"},
    {"client", "ID", AT(client), .kind = OPTIONS_TEXT,
     .help = "who asks, in the request topic; else the --username, else the user and the process id"},
    {"username", "NAME", AT(access.username), .kind = OPTIONS_TEXT, .environment = "MUSTER_MQTT_USERNAME",
     .help = "user name at the broker"},
    {"password-file", "FILE", AT(access.password_file), .kind = OPTIONS_FILE,
     .environment = "MUSTER_MQTT_PASSWORD_FILE", .help = "file whose first line is the password"},
    {"ca-file", "FILE", AT(access.ca_file), .kind = OPTIONS_FILE, .environment = "MUSTER_MQTT_CA_FILE",
     .help = "PEM file of the authorities that the broker's certificate is checked by"},
    {"certificate-file", "FILE", AT(access.certificate_file), .kind = OPTIONS_FILE,
     .environment = "MUSTER_MQTT_CERTIFICATE_FILE", .help = "PEM file of the own certificate"},
    {"key-file", "FILE", AT(access.key_file), .kind = OPTIONS_FILE, .environment = "MUSTER_MQTT_KEY_FILE",
     .help = "PEM file of the key to it"},
    {"topic-root", "TOPIC", AT(access.topic_root), .kind = OPTIONS_TEXT, .environment = "MUSTER_MQTT_TOPIC_ROOT",
     .standard = "muster/v1", .help = "what all topics begin with"},
    {"timeout", "MS", AT(timeout_ms), .kind = OPTIONS_NUMBER, .standard = "5000", .min = 1, .max = TIMEOUT_MAX_MS,
     .unit = " ms", .help = "how long to wait for a connection, and for each reply"},
    {"json", NULL, AT(json), .kind = OPTIONS_FLAG,
     .help = "for programs: JSON, one document (where it lasts, one a line)"},
    {"help", NULL, AT(action), .kind = OPTIONS_ACTION, .action = OPTIONS_HELP,
     .help = "show what there is, or what the command does"},
    {"version", NULL, AT(action), .kind = OPTIONS_ACTION, .action = OPTIONS_VERSION, .help = "show the version"},
    {"manual", NULL, AT(action), .kind = OPTIONS_ACTION, .action = OPTIONS_MANUAL,
     .help = "show the page of the manual, as roff"},
    {"status", "STATUS", AT(status), .kind = OPTIONS_CHOICE, .commands = "list find",
     .choices = "ACTIVE IDLE BUSY MAINTENANCE ERROR DRAINING", .help = "only those of this status"},
    {"health", "HEALTH", AT(health), .kind = OPTIONS_CHOICE, .commands = "list find",
     .choices = "HEALTHY RECOVERED UNHEALTHY FAILED", .help = "only those of this health"},
    {"tags", "LIST", AT(tags), .kind = OPTIONS_TEXT, .commands = "list find",
     .help = "only those that have all of these, separated by commas"},
    {"capabilities", "LIST", AT(capabilities), .kind = OPTIONS_TEXT, .commands = "list find",
     .help = "only those that can do all of these, separated by commas"},
    {"zone", "ZONE", AT(zone), .kind = OPTIONS_TEXT, .commands = "list find", .help = "only those that are there"},
    {"name-prefix", "TEXT", AT(name_prefix), .kind = OPTIONS_TEXT, .commands = "list find",
     .help = "only those whose name begins so"},
    {"minimum-free", "N", AT(minimum_free), .kind = OPTIONS_NUMBER, .commands = "list find", .min = 1,
     .max = CAPACITY_MAX, .help = "only those that can take so many more jobs"},
    {"sort", "ORDER", AT(sort), .kind = OPTIONS_CHOICE, .commands = "find", .choices = "free",
     .help = "the most free capacity first, and only the best of them"},
    {"limit", "N", AT(limit), .kind = OPTIONS_NUMBER, .commands = "list find", .min = 1, .max = LIMIT_MAX,
     .help = "at most so many"},
    {"force", NULL, AT(force), .kind = OPTIONS_FLAG, .commands = "deregister import",
     .help = "even where jobs are orphaned by it"},
    {"drain", NULL, AT(drain), .kind = OPTIONS_FLAG, .commands = "deregister",
     .help = "give it no new jobs, and let it go when it has none"},
    {"reason", "TEXT", AT(reason), .kind = OPTIONS_TEXT,
     .commands = "deregister drain recover maintain resume forget check cleanup brake-release",
     .help = "why, for the record"},
    {"follow", NULL, AT(follow), .kind = OPTIONS_FLAG, .commands = "events",
     .help = "go on with what happens from now on"},
    {"worker", "ID", AT(worker), .kind = OPTIONS_TEXT, .commands = "events", .help = "only those of this worker"},
    {"type", "TYPE", AT(type), .kind = OPTIONS_TEXT, .commands = "events", .help = "only those of this type"},
    {"from", "ID", AT(from), .kind = OPTIONS_TEXT, .commands = "events",
     .help = "those after this event (0: all that are kept, as without --follow)"},
};
#undef AT
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

const struct options_row *options_rows(size_t *out_count)
{
    *out_count = ROW_COUNT;
    return rows;
}

bool options_row_is_of(const struct options_row *row, const char *command)
{
    if (row->commands == NULL || command == NULL) {
        return row->commands == NULL && command == NULL;
    }
    return words_have(row->commands, command);
}

/* Appends "a", "a and b", "a, b and c" for words "a b c". */
static void append_words(struct buf *out, const char *words, const char *last)
{
    for (const char *at = words; *at != '\0'; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        bool ends = at[len] == '\0';
        if (at != words) {
            buf_append_string(out, ends ? last : ", ");
        }
        buf_append(out, at, len);
        at += len;
    }
}

/* ---- reading */

static bool parse_number(const struct options_row *row, const char *text, int64_t *out_number)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || number < row->min || number > row->max) {
        return false;
    }
    *out_number = number;
    return true;
}

/* Sets what the row is for; false, and why, where the value is none for it. */
static bool set(struct options *options, const struct options_row *row, const char *value, struct buf *out_wrong)
{
    void *place = (char *)options + row->offset;
    switch (row->kind) {
    case OPTIONS_FLAG:
        *(bool *)place = true;
        return true;
    case OPTIONS_ACTION:
        *(enum options_action *)place = row->action;
        return true;
    case OPTIONS_NUMBER:
        if (!parse_number(row, value, place)) {
            buf_printf(out_wrong, "--%s must be from %" PRId64 " to %" PRId64 "%s (is \"%s\")\n", row->name, row->min,
                       row->max, row->unit != NULL ? row->unit : "", value);
            return false;
        }
        return true;
    case OPTIONS_CHOICE:
        if (!words_have(row->choices, value)) {
            buf_printf(out_wrong, "--%s must be ", row->name);
            append_words(out_wrong, row->choices, " or ");
            buf_printf(out_wrong, " (is \"%s\")\n", value);
            return false;
        }
        break;
    case OPTIONS_TEXT:
    case OPTIONS_FILE:
        break;
    }
    *(const char **)place = value;
    return true;
}

static bool take_environment(struct options *options, struct buf *out_wrong)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const char *value = rows[i].environment != NULL ? getenv(rows[i].environment) : NULL;
        value = value != NULL && value[0] != '\0' ? value : rows[i].standard;
        if (value != NULL && !set(options, &rows[i], value, out_wrong)) {
            return false;
        }
    }
    return true;
}

static void fill_long_options(struct option out[ROW_COUNT + 1])
{
    for (int i = 0; i < ROW_COUNT; i++) {
        out[i] = (struct option){rows[i].name, rows[i].argument != NULL ? required_argument : no_argument, NULL,
                                 LONG_BASE + i};
    }
    out[ROW_COUNT] = (struct option){NULL, 0, NULL, 0};
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
        const char *owners = rows[i].commands;
        if (given[i] && owners != NULL && options->command != NULL && !words_have(owners, options->command)) {
            buf_printf(out_wrong, "--%s is an option of ", rows[i].name);
            append_words(out_wrong, owners, " and ");
            buf_printf(out_wrong, ", not of %s\n", options->command);
            return false;
        }
    }
    return true;
}

static bool take_options(struct options *options, int argc, char **argv, bool given[ROW_COUNT], struct buf *out_wrong)
{
    struct option long_options[ROW_COUNT + 1];
    int letter = 0;
    fill_long_options(long_options);
    opterr = 0;
    while ((letter = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        if (letter == 'h') {
            options->action = OPTIONS_HELP;
        } else if (letter < LONG_BASE) {
            buf_printf(out_wrong, "\"%s\" is no option, or lacks its value\n", argv[optind - 1]);
            return false;
        } else {
            given[letter - LONG_BASE] = true;
            if (!set(options, &rows[letter - LONG_BASE], optarg, out_wrong)) {
                return false;
            }
        }
    }
    return true;
}

bool options_parse(int argc, char **argv, struct options *out_options, struct buf *out_wrong)
{
    struct options options = {.action = OPTIONS_RUN};
    bool given[ROW_COUNT] = {false};
    if (!take_environment(&options, out_wrong) || !take_options(&options, argc, argv, given, out_wrong) ||
        !take_operands(&options, argc - optind, argv + optind, out_wrong) ||
        !check_owners(&options, given, out_wrong)) {
        return false;
    }
    *out_options = options;
    return true;
}

/* ---- showing */

void options_append_row_help(struct buf *out, const struct options_row *row)
{
    buf_append_string(out, row->help);
    if (row->kind == OPTIONS_CHOICE) {
        buf_append_string(out, ": ");
        append_words(out, row->choices, " or ");
    }
    if (row->standard != NULL) {
        buf_printf(out, " (%s)", row->standard);
    }
    if (row->environment != NULL) {
        buf_printf(out, "; or %s", row->environment);
    }
}

void options_append_help(struct buf *out, const char *command)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct options_row *row = &rows[i];
        if (!options_row_is_of(row, command)) {
            continue;
        }
        char name[64];
        (void)snprintf(name, sizeof name, "--%s%s%s", row->name, row->argument != NULL ? " " : "",
                       row->argument != NULL ? row->argument : "");
        buf_printf(out, "  %-24s ", name);
        options_append_row_help(out, row);
        buf_append_string(out, "\n");
    }
}

void options_append_synopsis(struct buf *out, const char *command)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct options_row *row = &rows[i];
        if (options_row_is_of(row, command)) {
            buf_printf(out, " [--%s%s%s]", row->name, row->argument != NULL ? " " : "",
                       row->argument != NULL ? row->argument : "");
        }
    }
}

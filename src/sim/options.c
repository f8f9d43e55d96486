/* options.c -- the table, and getopt_long driven by it. */
#include "sim/options.h"

#include "base/manual.h"
#include "domain/worker.h"
#include "sim/names.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum row_kind { ROW_TEXT, ROW_INT, ROW_REAL, ROW_CHOICE, ROW_SET };

struct row {
    const char *name;
    const char *argument;
    enum row_kind kind;
    size_t offset; /* in struct options */
    const char *environment;
    const char *standard; /* NULL: 0, or none */
    const char *choices;  /* of ROW_CHOICE: the value is the index of the word; a blank between two */
    double min;           /* of numbers */
    double max;
    const char *help;
};

#define AT(member) offsetof(struct options, member)

static const struct row rows[] = {
    {"workers", "N", ROW_INT, AT(workers), .standard = "1000", .min = 1, .max = OPTIONS_WORKERS_MAX,
     .help = "how many workers"},
    {"connections", "N", ROW_INT, AT(connections), .standard = "4", .min = 1, .max = OPTIONS_CONNECTIONS_MAX,
     .help = "how many connections they share"},
    {"duration", "SECONDS", ROW_REAL, AT(duration_s), .standard = "10", .min = 0.1, .max = 86400,
     .help = "how long the run is, once all have registered"},
    {"at", "SECONDS", ROW_REAL, AT(at_s), .min = 0, .max = 86400,
     .help = "when in the run the workers of the share fall silent"},
    {"pause", "SECONDS", ROW_REAL, AT(pause_s), .standard = "5", .min = 0.01, .max = 86400,
     .help = "how long they stay silent, and between two flaps speak"},
    {"share", "X", ROW_REAL, AT(share), .standard = "0.1", .min = 0, .max = 1,
     .help = "how many of all fall silent or are cloned, from 0 to 1"},
    {"together", NULL, ROW_SET, AT(together), .help = "all heartbeat at the same instant, as in burst"},
    {"heartbeat-interval-ms", "MS", ROW_INT, AT(heartbeat_interval_ms), .standard = "3000", .min = 1, .max = 86400000,
     .help = "time between a worker's heartbeats that it asks for; what the registry assigns is kept to"},
    {"heartbeat-timeout-ms", "MS", ROW_INT, AT(heartbeat_timeout_ms), .min = 1, .max = 2592000000.0,
     .help = "silence that makes a worker unhealthy; else three intervals"},
    {"jitter", "KIND", ROW_CHOICE, AT(jitter), .standard = "none", .choices = JITTER_NAMES,
     .help = "how far heartbeats are behind their even times"},
    {"jitter-ms", "MS", ROW_INT, AT(jitter_ms), .standard = "100", .min = 0, .max = 86400000,
     .help = "the most that they are"},
    {"qos", "N", ROW_CHOICE, AT(qos), .standard = "0", .choices = "0 1", .help = "of heartbeats"},
    {"encoding", "NAME", ROW_CHOICE, AT(encoding), .standard = "msgpack", .choices = "json msgpack",
     .help = "of all messages"},
    {"vary", NULL, ROW_SET, AT(vary), .help = "each heartbeat tells another load of the processor"},
    {"ask", "X", ROW_REAL, AT(ask), .min = 0, .max = 1,
     .help = "share of the heartbeats that ask for a reply, which measures them from end to end, from 0 to 1"},
    {"window", "N", ROW_INT, AT(window), .standard = "500", .min = 1, .max = OPTIONS_WORKERS_MAX,
     .help = "registrations that may be unanswered; in a storm all may"},
    {"timeout-ms", "MS", ROW_INT, AT(timeout_ms), .standard = "5000", .min = 1, .max = 600000,
     .help =
         "how long to wait for connections, and for a reply before asking again; each further wait is twice as long"},
    {"register-max", "SECONDS", ROW_INT, AT(register_max_s), .standard = "120", .min = 1, .max = 86400,
     .help = "how long registering may take before the run"},
    {"unregistered", NULL, ROW_SET, AT(unregistered),
     .help = "heartbeat without registering, for whatever else listens"},
    {"until-registered", NULL, ROW_SET, AT(until_registered),
     .help = "the run ends as soon as all have registered or been refused; --duration is the most that it takes"},
    {"epoch", "N", ROW_INT, AT(epoch), .min = 1, .max = 9e15,
     .help = "epoch that unregistered workers say they have been given; else the time"},
    {"wait", NULL, ROW_SET, AT(wait), .help = "nobody heartbeats before all have registered and the run begins"},
    {"boot-id", "TEXT", ROW_TEXT, AT(boot_id),
     .help = "the boot that the workers say they are, so that they come back as the same; else a new one"},
    {"prefix", "TEXT", ROW_TEXT, AT(prefix), .standard = "sim",
     .help = "what the workers' ids begin with; a number follows"},
    {"capacity", "N", ROW_INT, AT(capacity), .standard = "10", .min = 1, .max = INT32_MAX,
     .help = "jobs each can do at once"},
    {"jobs", "N", ROW_INT, AT(jobs), .min = 0, .max = INT32_MAX, .help = "jobs each says that it does"},
    {"tags", "LIST", ROW_TEXT, AT(tags), .help = "their tags, separated by commas"},
    {"capabilities", "LIST", ROW_TEXT, AT(capabilities), .help = "their capabilities, separated by commas"},
    {"zone", "TEXT", ROW_TEXT, AT(zone), .help = "where they are"},
    {"gateway", "ID", ROW_TEXT, AT(gateway), .standard = "sim-gateway",
     .help = "the gateway that speaks in the gateway scenario; the registry's [gateways] has to know it"},
    {"batch", "N", ROW_INT, AT(batch), .standard = "100", .min = 1, .max = BATCH_ITEMS_MAX,
     .help = "workers in one message of the gateway"},
    {"seed", "N", ROW_INT, AT(seed), .standard = "1", .min = 0, .max = INT32_MAX,
     .help = "of all that is drawn by lot"},
    {"uri", "URI", ROW_TEXT, AT(access.uri), "MUSTER_MQTT_URI", "tcp://127.0.0.1:1883", .help = "the broker"},
    {"username", "NAME", ROW_TEXT, AT(access.username), "MUSTER_MQTT_USERNAME", .help = "user name at the broker"},
    {"password-file", "FILE", ROW_TEXT, AT(access.password_file), "MUSTER_MQTT_PASSWORD_FILE",
     .help = "file whose first line is the password"},
    {"ca-file", "FILE", ROW_TEXT, AT(access.ca_file), "MUSTER_MQTT_CA_FILE",
     .help = "PEM file of the authorities that may vouch for the broker, if not the system's"},
    {"certificate-file", "FILE", ROW_TEXT, AT(access.certificate_file), "MUSTER_MQTT_CERTIFICATE_FILE",
     .help = "PEM file of its own certificate"},
    {"key-file", "FILE", ROW_TEXT, AT(access.key_file), "MUSTER_MQTT_KEY_FILE", .help = "PEM file of the key to it"},
    {"topic-root", "TOPIC", ROW_TEXT, AT(access.topic_root), "MUSTER_MQTT_TOPIC_ROOT", "muster/v1",
     .help = "what every topic begins with"},
    {"json", NULL, ROW_SET, AT(json), .help = "the summary as one JSON document"},
    {"help", NULL, ROW_SET, AT(asked.help), .help = "show this and end"},
    {"version", NULL, ROW_SET, AT(asked.version), .help = "show the version and end"},
    {"manual", NULL, ROW_SET, AT(asked.manual), .help = "show the page of the manual, as roff, and end"},
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

/* A clone says that it is the same boot without its first letter. */
enum { BOOT_ID_MIN = 2 };

/* ---- reading */

static bool parse_int(const struct row *row, const char *text, int64_t *out)
{
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || (double)value < row->min || (double)value > row->max) {
        return false;
    }
    *out = value;
    return true;
}

static bool parse_real(const struct row *row, const char *text, double *out)
{
    char *end = NULL;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= row->min && value <= row->max)) {
        return false;
    }
    *out = value;
    return true;
}

static bool parse_choice(const struct row *row, const char *text, int64_t *out)
{
    int64_t index = 0;
    for (const char *at = row->choices; *at != '\0'; at += strspn(at, " "), index++) {
        size_t len = strcspn(at, " ");
        if (len == strlen(text) && memcmp(at, text, len) == 0) {
            *out = index;
            return true;
        }
        at += len;
    }
    return false;
}

static void set(struct options *options, const struct row *row, const char *value, struct buf *errors)
{
    void *place = (char *)options + row->offset;
    switch (row->kind) {
    case ROW_TEXT:
        *(const char **)place = value;
        break;
    case ROW_INT:
        if (!parse_int(row, value, place)) {
            buf_printf(errors, "--%s %s: must be a whole number from %.0f to %.0f\n", row->name, value, row->min,
                       row->max);
        }
        break;
    case ROW_REAL:
        if (!parse_real(row, value, place)) {
            buf_printf(errors, "--%s %s: must be a number from %g to %g\n", row->name, value, row->min, row->max);
        }
        break;
    case ROW_CHOICE:
        if (!parse_choice(row, value, place)) {
            buf_printf(errors, "--%s %s: must be one of: %s\n", row->name, value, row->choices);
        }
        break;
    case ROW_SET:
        *(bool *)place = true;
        break;
    }
}

static void take_environment(struct options *options, struct buf *errors)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const char *value = rows[i].environment != NULL ? getenv(rows[i].environment) : NULL;
        value = value != NULL && value[0] != '\0' ? value : rows[i].standard;
        if (value != NULL) {
            set(options, &rows[i], value, errors);
        }
    }
}

static void take_operands(struct options *options, int count, char **operands, struct buf *errors)
{
    options->scenario = count > 0 ? scenario_find(text_of(operands[0])) : SCENARIO_STEADY;
    if (options->scenario == SCENARIO_COUNT) {
        buf_printf(errors, "%s: no such scenario\n", operands[0]);
    }
    for (int i = 1; i < count; i++) {
        buf_printf(errors, "%s: unexpected argument\n", operands[i]);
    }
}

static void take_arguments(struct options *options, int argc, char **argv, struct buf *errors)
{
    struct option known[ROW_COUNT + 1] = {{0}};
    int found = 0;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        known[i].name = rows[i].name;
        known[i].has_arg = rows[i].argument != NULL ? required_argument : no_argument;
    }
    opterr = 0;
    optind = 0;
    while (found != -1) {
        int index = -1;
        found = getopt_long(argc, argv, ":", known, &index);
        if (found == 0) {
            set(options, &rows[index], optarg, errors);
        } else if (found == ':') {
            buf_printf(errors, "%s: needs a value\n", argv[optind - 1]);
        } else if (found == '?') {
            buf_printf(errors, "%s: unknown option\n", argv[optind - 1]);
        }
    }
    take_operands(options, argc - optind, argv + optind, errors);
}

static void check_identity(const struct options *options, struct buf *errors)
{
    size_t boot_len = options->boot_id != NULL ? strlen(options->boot_id) : BOOT_ID_MIN;
    const struct scenario scenario = {.kind = options->scenario};
    if (boot_len < BOOT_ID_MIN || boot_len > WORKER_BOOT_ID_MAX) {
        buf_printf(errors, "--boot-id %s: must be %d-%d bytes long\n", options->boot_id, BOOT_ID_MIN,
                   WORKER_BOOT_ID_MAX);
    }
    if (options->unregistered && scenario_joins_late(&scenario)) {
        buf_printf(errors, "--unregistered: %s is about registering\n", scenario_row(options->scenario)->name);
    }
    if (options->epoch > 0 && !options->unregistered) {
        buf_printf(errors, "--epoch: needs --unregistered, for who registers is given another\n");
    }
}

/* What no single row can know. */
static void check_together(const struct options *options, struct buf *errors)
{
    if (!worker_id_valid(text_of(options->prefix)) || strlen(options->prefix) > NAMES_PREFIX_MAX) {
        buf_printf(errors, "--prefix %s: must be 1-%d of A-Z a-z 0-9 . _ - and begin with a letter or digit\n",
                   options->prefix, NAMES_PREFIX_MAX);
    }
    if (!worker_id_valid(text_of(options->gateway))) {
        buf_printf(errors, "--gateway %s: must be 1-%d of A-Z a-z 0-9 . _ - and begin with a letter or digit\n",
                   options->gateway, WORKER_ID_MAX);
    }
    if (options->access.topic_root[0] == '\0' || strlen(options->access.topic_root) > NAMES_ROOT_MAX) {
        buf_printf(errors, "--topic-root %s: must be 1-%d bytes long\n", options->access.topic_root, NAMES_ROOT_MAX);
    }
    if (options->jobs > options->capacity) {
        buf_printf(errors, "--jobs %lld: must be at most the --capacity (%lld)\n", (long long)options->jobs,
                   (long long)options->capacity);
    }
}

static void choose_password(struct options *options, struct buf *errors)
{
    struct fault fault = {0};
    if (access_read_password(&options->access, options->password, &fault) != ERR_OK) {
        buf_printf(errors, "--password-file: %s\n", fault.text);
    }
}

bool options_parse(struct options *options, int argc, char **argv, struct buf *out_errors)
{
    size_t before = out_errors->len;
    *options = (struct options){.scenario = SCENARIO_STEADY};
    take_environment(options, out_errors);
    take_arguments(options, argc, argv, out_errors);
    if (!self_is_asked(&options->asked)) {
        check_together(options, out_errors);
        check_identity(options, out_errors);
        choose_password(options, out_errors);
    }
    return out_errors->len == before && !out_errors->failed;
}

/* ---- showing */

static void append_sentence(struct buf *out, const struct row *row)
{
    buf_append_string(out, row->help);
    if (row->choices != NULL) {
        buf_printf(out, ": %s", row->choices);
    }
    if (row->standard != NULL) {
        buf_printf(out, " (%s)", row->standard);
    }
    if (row->environment != NULL) {
        buf_printf(out, "; else $%s", row->environment);
    }
}

void options_append_help(struct buf *out)
{
    enum { COLUMN = 32 };
    buf_append_string(out, "Usage: muster-sim [SCENARIO] [OPTION]...\n"
                           "A simulated fleet for a Muster registry: registers its workers, lets them heartbeat at\n"
                           "times that are fixed in advance, and tells what became of it.\n\n"
                           "Scenarios (steady, if none is named):\n");
    for (int kind = 0; kind < SCENARIO_COUNT; kind++) {
        const struct scenario_row *row = scenario_row((enum scenario_kind)kind);
        buf_printf(out, "  %-14s %s\n", row->name, row->help);
    }
    buf_append_string(out, "\nOptions:\n");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        size_t begin = out->len;
        buf_printf(out, "  --%s %s", rows[i].name, rows[i].argument != NULL ? rows[i].argument : "");
        size_t width = out->len - begin;
        buf_printf(out, "%*s ", width < COLUMN ? (int)(COLUMN - width) : 0, "");
        append_sentence(out, &rows[i]);
        buf_append_string(out, "\n");
    }
    buf_append_string(out,
                      "\nExit status: 0 done; 1 registrations refused or unanswered, or a connection lost for good;\n"
                      "2 wrong usage; 3 no answer at all.\n");
}

static void append_entries(struct buf *out)
{
    manual_section(out, "SCENARIOS");
    for (int kind = 0; kind < SCENARIO_COUNT; kind++) {
        const struct scenario_row *row = scenario_row((enum scenario_kind)kind);
        char sentence[128];
        (void)snprintf(sentence, sizeof sentence, "%s.", row->help);
        manual_entry(out, row->name, NULL, sentence);
    }
    manual_section(out, "OPTIONS");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        char name[64];
        struct buf sentence = {0};
        (void)snprintf(name, sizeof name, "--%s", rows[i].name);
        append_sentence(&sentence, &rows[i]);
        buf_append_string(&sentence, ".");
        manual_entry(out, name, rows[i].argument, buf_terminated(&sentence));
        buf_fini(&sentence);
    }
}

void options_append_manual(struct buf *out, const char *version, const char *date)
{
    manual_begin(out, &(struct manual_title){.name = "muster-sim",
                                             .section = "1",
                                             .version = version,
                                             .date = date,
                                             .summary = "a simulated fleet for a Muster worker registry"});
    manual_section(out, "SYNOPSIS");
    manual_paragraph(out, "muster-sim [SCENARIO] [OPTION]...");
    manual_section(out, "DESCRIPTION");
    manual_paragraph(out,
                     "Registers many workers over few connections and lets them heartbeat. It is an open loop: the "
                     "times of heartbeats are fixed in advance, whether or not those before have been sent or "
                     "answered, and latency counts from the time that was intended, so that no stall is hidden. It "
                     "always ends by itself. Without a scenario the fleet is steady.");
    manual_paragraph(out,
                     "The workers are not deregistered in the end: what a registry does about that is part of what "
                     "one wants to see.");
    append_entries(out);
    manual_section(out, "EXIT STATUS");
    manual_entry(out, "0", NULL, "Done.");
    manual_entry(out, "1", NULL, "Registrations were refused or not answered, or a connection was lost for good.");
    manual_entry(out, "2", NULL, "Wrong usage.");
    manual_entry(out, "3", NULL, "No answer at all: no broker, or no registry.");
    manual_section(out, "EXAMPLES");
    manual_paragraph(out, "A hundred thousand workers, of which a thousand die after five seconds:");
    manual_line(out, "muster-sim mass-death --workers 100000 --share 0.01 --at 5 --duration 30");
    manual_paragraph(out, "How long a heartbeat takes to be in the registry's store, with one in a hundred asking:");
    manual_line(out, "muster-sim --workers 10000 --heartbeat-interval-ms 1000 --ask 0.01 --json");
    manual_section(out, "SEE ALSO");
    manual_paragraph(out, "musterd(8), muster-agent(1), musterctl(1)");
}

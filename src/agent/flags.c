/* flags.c -- the table of flags, and getopt_long driven by it. */
#include "agent/flags.h"

#include "base/manual.h"
#include "base/secret.h"
#include "domain/worker.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum flag_kind { FLAG_STRING, FLAG_INT, FLAG_REAL, FLAG_LEVEL, FLAG_SET };

struct flag {
    const char *name;
    enum flag_kind kind;
    size_t offset; /* in struct flags */
    const char *argument;
    const char *environment;
    int64_t min; /* of FLAG_INT */
    int64_t max;
    const char *help;
};

#define AT(member) offsetof(struct flags, member)
#define MILLISECONDS_MAX INT64_C(2592000000)

static const struct flag table[] = {
    {"uri", FLAG_STRING, AT(options.broker_uri), "URI", "MUSTER_MQTT_URI", 0, 0, "the broker (tcp://127.0.0.1:1883)"},
    {"id", FLAG_STRING, AT(options.worker_id), "ID", NULL, 0, 0, "the worker's id (this host's name)"},
    {"name", FLAG_STRING, AT(options.name), "TEXT", NULL, 0, 0, "its name for people (the id)"},
    {"capacity", FLAG_INT, AT(options.max_concurrent_jobs), "N", NULL, 1, INT32_MAX, "jobs it can do at once (1)"},
    {"tags", FLAG_STRING, AT(options.tags), "LIST", NULL, 0, 0, "tags, separated by commas"},
    {"capabilities", FLAG_STRING, AT(options.capabilities), "LIST", NULL, 0, 0,
     "capabilities, separated by commas, or a JSON object or list"},
    {"zone", FLAG_STRING, AT(options.zone), "TEXT", NULL, 0, 0, "where it is"},
    {"worker-version", FLAG_STRING, AT(options.version), "TEXT", NULL, 0, 0, "the version of the worker's software"},
    {"host-name", FLAG_STRING, AT(options.host_name), "TEXT", NULL, 0, 0, "the host it is on (this host's name)"},
    {"host-address", FLAG_STRING, AT(options.host_address), "TEXT", NULL, 0, 0, "the address it is reached at"},
    {"port", FLAG_INT, AT(options.port), "N", NULL, 1, 65535, "the port it is reached at"},
    {"load-factor", FLAG_REAL, AT(options.load_factor), "X", NULL, 0, 0, "its share of the load against others"},
    {"priority-threshold", FLAG_INT, AT(options.priority_threshold), "N", NULL, INT32_MIN, INT32_MAX,
     "the priority of jobs from which on it takes them"},
    {"heartbeat-interval-ms", FLAG_INT, AT(options.heartbeat_interval_ms), "MS", NULL, 1, MILLISECONDS_MAX,
     "time between heartbeats (the registry's choice)"},
    {"heartbeat-timeout-ms", FLAG_INT, AT(options.heartbeat_timeout_ms), "MS", NULL, 1, MILLISECONDS_MAX,
     "silence that makes it unhealthy (three intervals)"},
    {"jobs", FLAG_INT, AT(jobs), "N", NULL, 0, FLAGS_JOBS_MAX, "report that many jobs, for demonstrations (0)"},
    {"username", FLAG_STRING, AT(options.username), "NAME", "MUSTER_MQTT_USERNAME", 0, 0, "user name at the broker"},
    {"password-file", FLAG_STRING, AT(password_file), "FILE", "MUSTER_MQTT_PASSWORD_FILE", 0, 0,
     "file whose first line is the password"},
    {"ca-file", FLAG_STRING, AT(options.ca_file), "FILE", "MUSTER_MQTT_CA_FILE", 0, 0,
     "PEM file of the authorities that may vouch for the broker (the system's)"},
    {"certificate-file", FLAG_STRING, AT(options.certificate_file), "FILE", "MUSTER_MQTT_CERTIFICATE_FILE", 0, 0,
     "PEM file of its own certificate"},
    {"key-file", FLAG_STRING, AT(options.key_file), "FILE", "MUSTER_MQTT_KEY_FILE", 0, 0,
     "PEM file of the key to that certificate"},
    {"client-id", FLAG_STRING, AT(options.client_id), "ID", NULL, 0, 0, "MQTT client id (the id and a random rest)"},
    {"topic-root", FLAG_STRING, AT(options.topic_root), "TOPIC", "MUSTER_MQTT_TOPIC_ROOT", 0, 0,
     "what every topic begins with (muster/v1)"},
    {"log-level", FLAG_LEVEL, AT(log_level), "LEVEL", NULL, 0, 0, "debug, info, warn or error (info)"},
    {"help", FLAG_SET, AT(asked.help), NULL, NULL, 0, 0, "show this and end"},
    {"version", FLAG_SET, AT(asked.version), NULL, NULL, 0, 0, "show the version and end"},
    {"manual", FLAG_SET, AT(asked.manual), NULL, NULL, 0, 0, "show the page of the manual, as roff, and end"},
};
enum { FLAG_COUNT = sizeof table / sizeof table[0] };

static bool parse_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < min || value > max) {
        return false;
    }
    *out = value;
    return true;
}

static bool parse_real(const char *text, double *out)
{
    char *end = NULL;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value > 0 && value <= 1e6)) {
        return false;
    }
    *out = value;
    return true;
}

static bool parse_level(const char *text, int64_t *out)
{
    static const char *const levels[] = {
        [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strcmp(text, levels[i]) == 0) {
            *out = (int64_t)i;
            return true;
        }
    }
    return false;
}

static void set_flag(struct flags *flags, const struct flag *flag, const char *value, struct buf *errors)
{
    void *place = (char *)flags + flag->offset;
    switch (flag->kind) {
    case FLAG_STRING:
        *(const char **)place = value;
        break;
    case FLAG_INT:
        if (!parse_int(value, flag->min, flag->max, place)) {
            buf_printf(errors, "--%s %s: must be a whole number between %lld and %lld\n", flag->name, value,
                       (long long)flag->min, (long long)flag->max);
        }
        break;
    case FLAG_REAL:
        if (!parse_real(value, place)) {
            buf_printf(errors, "--%s %s: must be a number above 0\n", flag->name, value);
        }
        break;
    case FLAG_LEVEL:
        if (!parse_level(value, place)) {
            buf_printf(errors, "--%s %s: must be debug, info, warn or error\n", flag->name, value);
        }
        break;
    case FLAG_SET:
        *(bool *)place = true;
        break;
    }
}

static void take_environment(struct flags *flags, struct buf *errors)
{
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        const char *value = table[i].environment != NULL ? getenv(table[i].environment) : NULL;
        if (value != NULL && value[0] != '\0') {
            set_flag(flags, &table[i], value, errors);
        }
    }
}

static void take_arguments(struct flags *flags, int argc, char **argv, struct buf *errors)
{
    struct option options[FLAG_COUNT + 1] = {{0}};
    int found = 0;
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        options[i].name = table[i].name;
        options[i].has_arg = table[i].argument != NULL ? required_argument : no_argument;
    }
    opterr = 0;
    optind = 0;
    while (found != -1) {
        int index = -1;
        found = getopt_long(argc, argv, ":", options, &index);
        if (found == 0) {
            set_flag(flags, &table[index], optarg, errors);
        } else if (found == ':') {
            buf_printf(errors, "%s: needs a value\n", argv[optind - 1]);
        } else if (found == '?') {
            buf_printf(errors, "%s: unknown flag\n", argv[optind - 1]);
        }
    }
    if (optind < argc) {
        buf_printf(errors, "%s: unexpected argument\n", argv[optind]);
    }
}

/* The host's name, where it can be an id. */
static void choose_id(struct flags *flags, struct buf *errors)
{
    if (flags->options.worker_id != NULL) {
        if (!worker_id_valid(text_of(flags->options.worker_id))) {
            buf_printf(errors, "--id %s: must be 1-%d of A-Z a-z 0-9 . _ - and begin with a letter or digit\n",
                       flags->options.worker_id, WORKER_ID_MAX);
        }
        return;
    }
    if (gethostname(flags->id, sizeof flags->id - 1) != 0 || !worker_id_valid(text_of(flags->id))) {
        buf_append_string(errors, "--id: this host's name cannot be an id, so one has to be given\n");
        return;
    }
    flags->options.worker_id = flags->id;
}

static void choose_password(struct flags *flags, struct buf *errors)
{
    struct fault fault = {0};
    if (flags->password_file == NULL) {
        return;
    }
    if (secret_read(flags->password_file, flags->password, sizeof flags->password, &fault) != ERR_OK) {
        buf_printf(errors, "--password-file: %s\n", fault.text);
        return;
    }
    flags->options.password = flags->password;
}

bool flags_parse(struct flags *flags, int argc, char **argv, struct buf *out_errors)
{
    size_t before = out_errors->len;
    *flags = (struct flags){.options = muster_agent_options(), .log_level = LOG_INFO};
    flags->options.broker_uri = "tcp://127.0.0.1:1883";
    flags->options.max_concurrent_jobs = 1;
    take_environment(flags, out_errors);
    take_arguments(flags, argc, argv, out_errors);
    if (!self_is_asked(&flags->asked)) {
        choose_id(flags, out_errors);
        choose_password(flags, out_errors);
    }
    return out_errors->len == before && !out_errors->failed;
}

void flags_append_help(struct buf *out)
{
    enum { COLUMN = 30 };
    buf_append_string(out, "Usage: muster-agent [FLAG]...\n"
                           "A worker of a Muster registry: registers, heartbeats with this host's load, and\n"
                           "deregisters on SIGTERM or SIGINT.\n\n");
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        size_t begin = out->len;
        buf_printf(out, "  --%s %s", table[i].name, table[i].argument != NULL ? table[i].argument : "");
        size_t width = out->len - begin;
        buf_printf(out, "%*s %s%s%s\n", width < COLUMN ? (int)(COLUMN - width) : 0, "", table[i].help,
                   table[i].environment != NULL ? "; else $" : "",
                   table[i].environment != NULL ? table[i].environment : "");
    }
    buf_append_string(out,
                      "\nExit status: 0 deregistered or drained; 1 superseded, sent away, refused, or the goodbye\n"
                      "unanswered; 2 wrong usage.\n");
}

void flags_append_manual(struct buf *out, const char *version, const char *date)
{
    manual_begin(out, &(struct manual_title){.name = "muster-agent",
                                             .section = "1",
                                             .version = version,
                                             .date = date,
                                             .summary = "a ready worker of a Muster worker registry"});
    manual_section(out, "SYNOPSIS");
    manual_paragraph(out, "muster-agent [FLAG]...");
    manual_section(out, "DESCRIPTION");
    manual_paragraph(out,
                     "Registers with the registry through its MQTT broker, heartbeats with this host's real CPU and "
                     "memory, and deregisters on SIGTERM or SIGINT. It honours the registry's commands to ping, to "
                     "drain and to register again.");
    manual_section(out, "FLAGS");
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        char name[64];
        char sentence[256];
        (void)snprintf(name, sizeof name, "--%s", table[i].name);
        (void)snprintf(sentence, sizeof sentence, "%s.%s%s", table[i].help,
                       table[i].environment != NULL ? " Else from the environment: " : "",
                       table[i].environment != NULL ? table[i].environment : "");
        manual_entry(out, name, table[i].argument, sentence);
    }
    manual_section(out, "EXIT STATUS");
    manual_entry(out, "0", NULL, "Deregistered or drained.");
    manual_entry(out, "1", NULL, "Superseded, sent away, refused, or the goodbye unanswered.");
    manual_entry(out, "2", NULL, "Wrong usage.");
    manual_section(out, "SEE ALSO");
    manual_paragraph(out, "musterd(8), musterctl(1)");
}
